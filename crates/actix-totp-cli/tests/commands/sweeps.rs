//! `reseal` and `end-proofs --everybody`.

use actix_totp_cli::actix_totp_core::{Proof, Version};

use crate::support::{self, Database, NEW, NEW_AND_OLD, OLD, Users, assert_answers, user};

support::on_every_database!(
    after_reseal_the_old_key_is_not_needed,
    everybodys_proofs_end_and_who_has_none_is_left_alone,
    a_dry_run_of_a_sweep_counts_and_writes_nothing,
    a_box_that_does_not_open_is_named_and_does_not_stop_the_others,
);

fn after_reseal_the_old_key_is_not_needed(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_many(130);
    let mut reseal = database.command("reseal --json");
    let done = reseal.env("TOTP_KEY", NEW_AND_OLD).assert().success();
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let swept = &assert_answers("sweep", &text)[0];
    assert_eq!(
        (&swept["changed"], &swept["unchanged"]),
        (&130.into(), &0.into())
    );
    let mut keys = database.command("keys status --json");
    let done = keys.env("TOTP_KEY", NEW).assert().success();
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let keys = &assert_answers("keys", &text)[0]["keys"];
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(keys[0]["boxes"], 130);
    let mut again = database.command("reseal --json");
    let done = again.env("TOTP_KEY", NEW_AND_OLD).assert().success();
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    assert_eq!(assert_answers("sweep", &text)[0]["changed"], 0);
}

fn everybodys_proofs_end_and_who_has_none_is_left_alone(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_many(3);
    users.begin("waiting");
    let ids = ["user-000", "user-001", "user-002"].map(user);
    let proofs: Vec<Proof> = ids
        .iter()
        .map(|id| users.totp.proof_for(id).unwrap().unwrap())
        .collect();
    let answer = database.answer("end-proofs --everybody --yes --json");
    let swept = &assert_answers("sweep", &answer)[0];
    assert_eq!(
        (&swept["changed"], &swept["unchanged"]),
        (&3.into(), &1.into())
    );
    for (id, proof) in ids.iter().zip(&proofs) {
        assert!(!users.totp.status(id).unwrap().accepts(proof));
    }
}

fn a_dry_run_of_a_sweep_counts_and_writes_nothing(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_many(3);
    users.begin("waiting");
    let before = database.rows();
    for (line, changed) in [("reseal", 4), ("end-proofs --everybody", 3)] {
        let mut command = database.command(&format!("{line} --dry-run --json"));
        let done = command.env("TOTP_KEY", NEW_AND_OLD).assert().success();
        let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
        assert_eq!(
            assert_answers("sweep", &text)[0]["changed"],
            changed,
            "{line}"
        );
        assert!(database.rows() == before, "{line} wrote");
    }
}

fn a_box_that_does_not_open_is_named_and_does_not_stop_the_others(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_many(3);
    break_box(database, "user-001");
    for (line, changed) in [("reseal", 2), ("end-proofs --everybody --yes", 2)] {
        let mut command = database.command(&format!("{line} --json"));
        let done = command.env("TOTP_KEY", NEW_AND_OLD).assert().code(1);
        let output = done.get_output();
        let swept = &assert_answers("sweep", std::str::from_utf8(&output.stdout).unwrap())[0];
        assert_eq!(
            (&swept["changed"], &swept["failures"]),
            (&changed.into(), &1.into())
        );
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("user-001: the secrets of user"), "{text}");
        assert!(!text.contains(OLD), "{text}");
    }
}

/// As if the row was put back from elsewhere.
pub(crate) fn break_box(database: &Database, id: &str) {
    let (store, user) = (database.store(), user(id));
    let mut device = store.load(&user).unwrap().unwrap();
    let expected = device.version;
    *device.sealed.last_mut().unwrap() ^= 1;
    device.version = Version::from_i64(expected.to_i64() ^ 1);
    assert!(store.swap(&user, Some(expected), Some(&device)).unwrap());
}
