//! `keys new` and `keys status`.

use std::fs;

use actix_totp_cli::actix_totp_core::KeyRing;

use crate::support::{self, Database, NEW, NEW_AND_OLD, OLD, Users, assert_answers, key_ring};

support::on_every_database!(each_key_is_shown_with_the_boxes_that_it_sealed);

fn each_key_is_shown_with_the_boxes_that_it_sealed(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_many(2);
    let mut command = database.command("keys status --json");
    let done = command.env("TOTP_KEY", NEW_AND_OLD).assert().success();
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    assert!(!text.contains(NEW) && !text.contains(OLD));
    let keys = &assert_answers("keys", &text)[0]["keys"];
    let ids: Vec<String> = key_ring(NEW_AND_OLD)
        .ids()
        .map(|id| id.to_string())
        .collect();
    for (at, (boxes, seals)) in [(0, true), (2, false)].into_iter().enumerate() {
        assert_eq!(keys[at]["id"], ids[at]);
        assert_eq!(keys[at]["boxes"], boxes);
        assert_eq!(keys[at]["seals"], seals);
    }
}

#[test]
fn a_new_key_is_in_a_file_of_its_owner_and_nowhere_else() {
    let database = Database::sqlite();
    let answer = database.answer("keys new --out totp.key --json");
    let file = database.path("totp.key");
    let key = fs::read_to_string(&file).unwrap();
    let ring = KeyRing::parse(&key).unwrap();
    let made = &assert_answers("new_key", &answer)[0];
    assert_eq!(made["id"], ring.ids().next().unwrap().to_string());
    assert!(!answer.contains(key.trim()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_key_that_is_there_is_not_written_over() {
    let database = Database::sqlite();
    fs::write(database.path("totp.key"), OLD).unwrap();
    let done = database.command("keys new --out totp.key").assert().code(1);
    let text = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(text.contains("it is there already"), "{text}");
    assert!(!text.contains(OLD));
    assert_eq!(fs::read_to_string(database.path("totp.key")).unwrap(), OLD);
}

#[test]
fn a_key_goes_to_a_pipe_if_it_is_asked_for_alone() {
    let database = Database::sqlite();
    database.command("keys new").assert().code(2);
    let one = database.answer("keys new --stdout");
    assert!(KeyRing::parse(&one).is_ok());
    assert_ne!(one, database.answer("keys new --stdout"));
}

#[test]
fn a_dry_run_makes_no_key() {
    let database = Database::sqlite();
    let answer = database.answer("keys new --out totp.key --dry-run --json");
    assert!(assert_answers("new_key", &answer)[0]["id"].is_null());
    assert!(!database.path("totp.key").exists());
}
