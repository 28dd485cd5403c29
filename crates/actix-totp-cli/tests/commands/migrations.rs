//! `migrate`.

use crate::support::{self, Database, assert_answers};

support::on_every_database!(
    the_table_is_made_once,
    a_dry_run_says_which_migrations_are_pending_and_makes_nothing,
);

fn the_table_is_made_once(database: &Database) {
    let first = assert_answers("migrate", &database.answer("migrate --json"));
    assert!(!first[0]["migrations"].as_array().unwrap().is_empty());
    assert_eq!(database.rows(), []);
    let second = assert_answers("migrate", &database.answer("migrate --json"));
    assert!(second[0]["migrations"].as_array().unwrap().is_empty());
}

fn a_dry_run_says_which_migrations_are_pending_and_makes_nothing(database: &Database) {
    let answer = assert_answers("migrate", &database.answer("migrate --dry-run --json"));
    assert!(!answer[0]["migrations"].as_array().unwrap().is_empty());
    database.command("list").assert().code(2);
}

#[test]
fn a_file_that_is_made_is_its_owners_alone() {
    let database = Database::sqlite();
    database.answer("migrate --dry-run");
    assert!(!database.path("app.db").exists());
    database.answer("migrate");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = database
            .path("app.db")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
