//! `unlock`, `reset`, and `end-proofs` of one user.

use crate::support::{self, Database, Users, assert_answers, user};

support::on_every_database!(
    unlock_clears_the_lock_and_keeps_the_authenticator,
    reset_deletes_the_second_factor_and_nobody_elses,
    end_proofs_ends_those_of_one_user,
    a_dry_run_writes_nothing,
    a_change_of_somebody_unknown_is_refused,
    what_cannot_be_undone_is_asked_first,
    a_lost_key_is_no_reason_not_to_reset,
);

fn unlock_clears_the_lock_and_keeps_the_authenticator(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_days_ago("alice", 400);
    users.lock("alice");
    let answers = assert_answers("change", &database.answer("unlock alice --json"));
    assert_eq!(answers[0]["changed"], true);
    let status = users.totp.status(&user("alice")).unwrap();
    assert!(status.enabled && !status.locked && status.failed_attempts == 0);
}

fn reset_deletes_the_second_factor_and_nobody_elses(database: &Database) {
    let users = Users::in_database(database);
    users.enroll("alice");
    users.enroll("bob");
    let answers = assert_answers("change", &database.answer("reset alice --yes --json"));
    assert_eq!(answers[0]["changed"], true);
    assert!(!users.totp.status(&user("alice")).unwrap().enabled);
    assert!(users.totp.status(&user("bob")).unwrap().enabled);
}

fn end_proofs_ends_those_of_one_user(database: &Database) {
    let users = Users::in_database(database);
    users.enroll("alice");
    users.enroll("bob");
    let proof = |id| users.totp.proof_for(&user(id)).unwrap().unwrap();
    let (alices, bobs) = (proof("alice"), proof("bob"));
    assert_answers("change", &database.answer("end-proofs alice --yes --json"));
    assert!(!users.totp.status(&user("alice")).unwrap().accepts(&alices));
    assert!(users.totp.status(&user("bob")).unwrap().accepts(&bobs));
}

fn a_dry_run_writes_nothing(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_days_ago("alice", 400);
    users.lock("alice");
    let before = database.rows();
    for line in ["unlock alice", "reset alice", "end-proofs alice"] {
        let answer = database.answer(&format!("{line} --dry-run --json"));
        let answer = &assert_answers("change", &answer)[0];
        assert_eq!(
            (&answer["changed"], &answer["dry_run"]),
            (&false.into(), &true.into())
        );
        assert!(database.rows() == before, "{line} wrote");
    }
}

fn a_change_of_somebody_unknown_is_refused(database: &Database) {
    Users::in_database(database).enroll("alice");
    for line in ["unlock bob", "reset bob --yes", "end-proofs bob --yes"] {
        let done = database.command(line).assert().code(1);
        let text = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert_eq!(text, "actix-totp: the user bob has no second factor here\n");
    }
}

fn what_cannot_be_undone_is_asked_first(database: &Database) {
    let users = Users::in_database(database);
    users.enroll("alice");
    let before = database.rows();
    for line in ["reset alice", "end-proofs alice", "end-proofs --everybody"] {
        for answer in ["", "n\n", "perhaps\n"] {
            database.command(line).write_stdin(answer).assert().code(1);
            assert!(database.rows() == before, "{line} wrote after {answer:?}");
        }
    }
    database
        .command("reset alice")
        .write_stdin("y\n")
        .assert()
        .success();
    assert!(!users.totp.status(&user("alice")).unwrap().enabled);
}

fn a_lost_key_is_no_reason_not_to_reset(database: &Database) {
    let users = Users::in_database(database);
    users.enroll("alice");
    let mut command = database.command("reset alice --yes --without-key");
    command.env_remove("TOTP_KEY").assert().success();
    assert!(!users.totp.status(&user("alice")).unwrap().enabled);
}
