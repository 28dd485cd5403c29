//! `check`.

use serde_json::Value;

use crate::{
    support::{self, Database, NEW, NEW_AND_OLD, Users, assert_answers},
    sweeps::break_box,
};

support::on_every_database!(
    where_all_is_well_it_says_so_and_writes_nothing,
    a_missing_key_is_found_with_its_boxes,
    a_rotation_that_is_not_finished_is_noted,
    a_box_that_does_not_open_is_found_with_its_user,
    a_missing_table_is_found,
);

fn where_all_is_well_it_says_so_and_writes_nothing(database: &Database) {
    Users::in_database(database).enroll("alice");
    let before = database.rows();
    let report = assert_answers("check", &database.answer("check --json"));
    assert_eq!(report[0]["well"], true);
    let findings = report[0]["findings"].as_array().unwrap();
    assert!(findings.len() > 4, "{findings:#?}");
    assert!(
        findings.iter().all(|it| it["level"] == "well"),
        "{findings:#?}"
    );
    assert!(database.rows() == before);
}

fn a_missing_key_is_found_with_its_boxes(database: &Database) {
    Users::in_database(database).enroll("alice");
    let found = problem(database, NEW, "keys");
    assert!(
        found["says"]
            .as_str()
            .unwrap()
            .contains("1 boxes do not open without it")
    );
}

fn a_rotation_that_is_not_finished_is_noted(database: &Database) {
    Users::in_database(database).enroll("alice");
    let mut command = database.command("check --json");
    let done = command.env("TOTP_KEY", NEW_AND_OLD).assert().success();
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let report = assert_answers("check", &text);
    let mut findings = report[0]["findings"].as_array().unwrap().iter();
    let note = findings.find(|it| it["level"] == "note").unwrap();
    assert!(
        note["remedy"]
            .as_str()
            .unwrap()
            .contains("actix-totp reseal")
    );
}

fn a_box_that_does_not_open_is_found_with_its_user(database: &Database) {
    let users = Users::in_database(database);
    users.enroll_many(3);
    break_box(database, "user-001");
    let found = problem(database, NEW_AND_OLD, "boxes");
    assert!(found["says"].as_str().unwrap().ends_with("user-001"));
}

fn a_missing_table_is_found(database: &Database) {
    database.answer("migrate"); // a file, on SQLite
    drop_table(database);
    let done = database.command("check --json").assert().failure();
    let text = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    let stdout = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(
        format!("{text}{stdout}").contains("there is no table totp_devices"),
        "{text}"
    );
}

#[cfg(feature = "postgres")]
#[test]
fn a_setting_that_forgets_what_was_acknowledged_is_found() {
    use actix_totp_cli::actix_totp_diesel::diesel::{
        Connection, PgConnection, connection::SimpleConnection,
    };
    let database = Database::postgres();
    Users::in_database(&database).enroll("alice");
    let name = database.url.rsplit('/').next().unwrap();
    let mut connection = PgConnection::establish(&database.url).unwrap();
    let sql = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    connection.batch_execute(&sql).unwrap();
    let found = problem(&database, NEW_AND_OLD, "synchronous_commit");
    assert!(
        found["remedy"]
            .as_str()
            .unwrap()
            .starts_with("set it to on")
    );
}

/// What is wrong with this subject. Each problem says what to do.
#[track_caller]
fn problem(database: &Database, keys: &str, subject: &str) -> Value {
    let done = database
        .command("check --json")
        .env("TOTP_KEY", keys)
        .assert()
        .code(1);
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let report = assert_answers("check", &text);
    assert_eq!(report[0]["well"], false);
    let findings = report[0]["findings"].as_array().unwrap();
    let mut problems = findings.iter().filter(|it| it["level"] == "problem");
    let found = problems.find(|it| it["subject"] == subject);
    let found = found.unwrap_or_else(|| panic!("no problem of {subject}: {findings:#?}"));
    assert!(found["remedy"].is_string());
    found.clone()
}

fn drop_table(database: &Database) {
    use actix_totp_cli::actix_totp_diesel::{
        Backend,
        diesel::{Connection, SqliteConnection},
    };
    fn drop_in<C: Backend + Connection>(url: &str) {
        C::establish(url)
            .unwrap()
            .batch_execute("DROP TABLE totp_devices")
            .unwrap();
    }
    match database.url.split(':').next().unwrap() {
        #[cfg(feature = "postgres")]
        "postgres" => {
            drop_in::<actix_totp_cli::actix_totp_diesel::diesel::PgConnection>(&database.url)
        }
        #[cfg(feature = "mysql")]
        "mysql" => {
            drop_in::<actix_totp_cli::actix_totp_diesel::diesel::MysqlConnection>(&database.url)
        }
        _ => drop_in::<SqliteConnection>(&database.url),
    }
}
