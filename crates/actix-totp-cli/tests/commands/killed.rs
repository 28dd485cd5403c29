//! A sweep that is killed in the middle: nothing is lost, and the next one goes on.

use std::time::{Duration, Instant};

use actix_totp_cli::actix_totp_core::{Device, Epoch, TotpService};

use crate::support::{self, Database, NEW_AND_OLD, Users, assert_answers, key_ring};

const USERS: usize = 60;

support::on_every_database!(
    a_reseal_that_is_killed_loses_nothing_and_is_finished_by_the_next,
    an_end_of_all_proofs_that_is_killed_goes_on_where_it_was,
);

fn a_reseal_that_is_killed_loses_nothing_and_is_finished_by_the_next(database: &Database) {
    Users::in_database(database).enroll_many(USERS);
    let before = database.rows();
    let has_moved = |(old, new): (&Device, &Device)| old.sealed != new.sealed;
    let moved = kill_in_the_middle(database, "reseal --per-second 10", &before, has_moved);
    for (old, new) in before.iter().zip(&database.rows()) {
        assert_eq!(old.updated_at, new.updated_at);
        assert_eq!(old.epoch, new.epoch, "reseal ends no proof");
    }
    assert_all_open(database);
    let mut command = database.command("reseal --json");
    let done = command.env("TOTP_KEY", NEW_AND_OLD).assert().success();
    let swept = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let swept = &assert_answers("sweep", &swept)[0];
    assert_eq!(swept["changed"], USERS - moved);
    assert_eq!(swept["unchanged"], moved);
    assert_all_open(database);
}

fn an_end_of_all_proofs_that_is_killed_goes_on_where_it_was(database: &Database) {
    Users::in_database(database).enroll_many(USERS);
    let before = database.rows();
    let has_ended = |(old, new): (&Device, &Device)| old.epoch != new.epoch;
    let line = "end-proofs --everybody --yes --resume proofs.resume";
    let slowly = format!("{line} --per-second 10");
    let ended = kill_in_the_middle(database, &slowly, &before, has_ended);
    let middle: Vec<Epoch> = database.rows().iter().map(|it| it.epoch).collect();
    assert!(database.path("proofs.resume").exists());
    let mut command = database.command(&format!("{line} --json"));
    let done = command.env("TOTP_KEY", NEW_AND_OLD).assert().success();
    let swept = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let changed = assert_answers("sweep", &swept)[0]["changed"]
        .as_u64()
        .unwrap();
    let after = database.rows();
    assert_eq!(after.len(), USERS);
    assert!(
        before.iter().zip(&after).all(has_ended),
        "a proof still counts"
    );
    // The one whose end was written and not noted, at a pace of one a page, may be done twice.
    let done = u64::try_from(USERS - ended).unwrap();
    assert!((done..=done + 1).contains(&changed), "{changed} of {done}");
    let kept = middle
        .iter()
        .zip(&after)
        .filter(|(epoch, it)| **epoch == it.epoch);
    assert_eq!(u64::try_from(kept.count()).unwrap(), 60 - changed);
    assert!(!database.path("proofs.resume").exists());
    assert_all_open(database);
}

/// Runs a command until it has changed five users, and kills it. Gives how many it has changed.
fn kill_in_the_middle(
    database: &Database,
    line: &str,
    before: &[Device],
    is_changed: impl Fn((&Device, &Device)) -> bool,
) -> usize {
    let count = || {
        before
            .iter()
            .zip(&database.rows())
            .filter(|it| is_changed(*it))
            .count()
    };
    let mut child = database
        .process(line)
        .env("TOTP_KEY", NEW_AND_OLD)
        .spawn()
        .unwrap();
    let started = Instant::now();
    while count() < 5 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "it does nothing"
        );
        std::thread::yield_now();
    }
    child.kill().unwrap(); // SIGKILL
    assert!(!child.wait().unwrap().success());
    let changed = count();
    assert!(changed < USERS, "it was killed too late");
    changed
}

fn assert_all_open(database: &Database) {
    let totp = TotpService::builder(database.store(), key_ring(NEW_AND_OLD))
        .build()
        .unwrap();
    let rows = totp.survey(None, 1_000).unwrap();
    assert_eq!(rows.len(), USERS);
    for row in rows {
        totp.try_open(&row).unwrap();
    }
}
