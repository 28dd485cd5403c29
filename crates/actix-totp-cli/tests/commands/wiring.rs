//! What the commands are wired to is wrong: one sentence, exit 2, and nothing is written.

use std::fs;

use crate::support::{self, Database, OLD, STRANGE, Users, assert_answers};

/// Every command that needs a store with its table.
const ON_STORE: [&str; 8] = [
    "status alice",
    "list",
    "unlock alice",
    "reset alice --yes",
    "end-proofs alice --yes",
    "end-proofs --everybody --yes",
    "keys status",
    "reseal",
];

support::on_every_database!(
    a_wrong_key_writes_nothing,
    a_database_without_the_table_is_left_as_it_is,
);

fn a_wrong_key_writes_nothing(database: &Database) {
    let users = Users::in_database(database);
    users.enroll("alice");
    let before = database.rows();
    for line in &ON_STORE[2..] {
        let said = sentence(database, line, STRANGE);
        assert!(
            said.contains("the keys open none of the first boxes"),
            "{said}"
        );
        assert!(database.rows() == before, "{line} wrote");
    }
}

fn a_database_without_the_table_is_left_as_it_is(database: &Database) {
    if database.url.ends_with("app.db") {
        fs::write(&database.url, "").unwrap();
    }
    for line in ON_STORE {
        let said = sentence(database, line, OLD);
        assert!(said.contains("there is no table totp_devices"), "{said}");
    }
    let pending = assert_answers("migrate", &database.answer("migrate --dry-run --json"));
    assert!(!pending[0]["migrations"].as_array().unwrap().is_empty());
    if database.url.ends_with("app.db") {
        assert_eq!(fs::read(&database.url).unwrap(), b"");
    }
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let database = Database::sqlite();
    for line in ON_STORE.into_iter().chain(["check"]) {
        assert!(sentence(&database, line, OLD).contains("there is no such file"));
    }
    assert!(!database.path("app.db").exists());
}

#[test]
fn a_file_of_another_program_is_left_as_it_is() {
    let database = Database::sqlite();
    fs::write(&database.url, "# a configuration").unwrap();
    for line in ON_STORE.into_iter().chain(["check", "migrate"]) {
        assert!(sentence(&database, line, OLD).contains("is no SQLite database"));
    }
    assert_eq!(fs::read(&database.url).unwrap(), b"# a configuration");
}

#[test]
fn a_server_that_does_not_answer_is_one_sentence_without_the_password() {
    let database = Database::sqlite();
    for kind in ["postgres", "mysql"] {
        let url = format!("{kind}://me:s3cret-word@127.0.0.1:1/app");
        let done = database
            .command("list")
            .env("DATABASE_URL", url)
            .assert()
            .code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn what_is_not_set_is_named() {
    let database = Database::sqlite();
    Users::in_database(&database).enroll("alice");
    let without = |variable: &str| {
        let mut command = database.command("unlock alice");
        let done = command.env_remove(variable).assert().code(2);
        String::from_utf8_lossy(&done.get_output().stderr).into_owned()
    };
    assert!(
        without("TOTP_KEY").contains("TOTP_KEY is not set: set it, or name a file with --key-file")
    );
    assert!(without("DATABASE_URL").contains("--database-url-file"));
}

#[test]
fn an_address_of_another_kind_is_refused_and_not_shown() {
    let database = Database::sqlite();
    for url in ["redis://:s3cret@127.0.0.1", "host=db password=s3cret"] {
        let done = database
            .command("list")
            .env("DATABASE_URL", url)
            .assert()
            .code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert!(
            said.contains("only a SQLite file") && !said.contains("s3cret"),
            "{said}"
        );
    }
}

#[test]
fn key_and_url_are_read_from_files_too() {
    let database = Database::sqlite();
    Users::in_database(&database).enroll("alice");
    fs::write(database.path("url"), format!("{}\n", database.url)).unwrap();
    fs::write(database.path("key"), format!("{OLD}\n")).unwrap();
    let mut command = database.command("unlock alice --database-url-file url --key-file key");
    command
        .env_remove("DATABASE_URL")
        .env_remove("TOTP_KEY")
        .assert()
        .success();
    fs::write(database.path("key"), "too short\n").unwrap();
    let done = database
        .command("unlock alice --key-file key")
        .assert()
        .code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(
        said.starts_with("actix-totp: key: ") && !said.contains("too short"),
        "{said}"
    );
}

#[test]
fn status_and_list_need_no_key() {
    let database = Database::sqlite();
    Users::in_database(&database).enroll("alice");
    for line in ["status alice", "list"] {
        database
            .command(line)
            .env_remove("TOTP_KEY")
            .assert()
            .success();
    }
}

#[track_caller]
fn sentence(database: &Database, line: &str, keys: &str) -> String {
    let done = database
        .command(line)
        .env("TOTP_KEY", keys)
        .assert()
        .code(2);
    let output = done.get_output();
    assert!(output.stdout.is_empty(), "{line} answers");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{line}: {said}");
    assert!(!said.contains(keys));
    said
}
