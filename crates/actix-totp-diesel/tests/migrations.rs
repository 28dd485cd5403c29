//! The table is made and dropped, by any number of processes, beside the application's own migrations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod support;

use std::{
    env,
    process::{Command, Stdio},
};

use actix_totp_core::DeviceStore;
use actix_totp_diesel::{
    DieselStore,
    diesel::{Connection, migration::MigrationSource},
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use support::{TestBackend, device, insert, user};

/// Set for a child process that only migrates this database.
const MIGRATE: &str = "TOTP_TEST_MIGRATE";

support::on_every_database!(
    migrates_if_told,
    migrations_go_up_down_and_up,
    eight_processes_migrate_one_database_at_once,
    the_applications_own_migrations_can_still_be_redone,
);

fn migrations_go_up_down_and_up<C: TestBackend>() {
    let database = C::database();
    let store = DieselStore::<C>::open(database.url()).unwrap();
    let alice = user("alice");
    let without_table = store.load(&alice);
    assert!(without_table.is_err());
    for _ in 0..2 {
        store.migrate().unwrap();
        store.migrate().unwrap(); // nothing to do
        insert(&store, &device("alice"));
        store.revert_migrations().unwrap();
        assert!(store.load(&alice).is_err());
        store.revert_migrations().unwrap();
    }
}

/// Does nothing but migrate, in a process of its own, when told so.
fn migrates_if_told<C: TestBackend>() {
    if let Ok(url) = env::var(MIGRATE) {
        DieselStore::<C>::open(&url).unwrap().migrate().unwrap();
    }
}

fn eight_processes_migrate_one_database_at_once<C: TestBackend>() {
    let database = C::database();
    let this_test = std::thread::current().name().unwrap().to_owned();
    let (backend, _) = this_test.split_once("::").unwrap();
    let migrate = || {
        Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("{backend}::migrates_if_told"),
                "--nocapture",
            ])
            .env(MIGRATE, database.url())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..8).map(|_| migrate()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let shown = format!("{output:?}");
        assert!(output.status.success(), "{shown}");
        assert!(shown.contains("1 passed"), "{shown}");
    }
    let store = DieselStore::<C>::open(database.url()).unwrap();
    assert_eq!(store.load(&user("alice")).unwrap(), None);
}

fn the_applications_own_migrations_can_still_be_redone<C>()
where
    C: TestBackend + MigrationHarness<<C as Connection>::Backend>,
    FileBasedMigrations: MigrationSource<<C as Connection>::Backend>,
{
    let database = C::database();
    let folder = application_migrations();
    let own = || FileBasedMigrations::find_migrations_directory_in_path(folder.path()).unwrap();
    let mut connection = C::establish(database.url()).unwrap();
    let store = DieselStore::<C>::open(database.url()).unwrap();

    connection.run_pending_migrations(own()).unwrap();
    store.migrate().unwrap();
    connection.revert_last_migration(own()).unwrap(); // `diesel migration redo`
    connection.run_pending_migrations(own()).unwrap();
    assert!(store.load(&user("alice")).is_ok());
    store.revert_migrations().unwrap();
    let left = connection.applied_migrations().unwrap();
    assert_eq!(left.len(), 1, "the application's own stays");
}

/// An application's own migration, dated as diesel's tool dates them.
fn application_migrations() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let notes = "migrations/2024-01-02-030405_create_notes";
    let migration = folder.path().join(notes);
    std::fs::create_dir_all(&migration).unwrap();
    let up = "CREATE TABLE notes (id INTEGER PRIMARY KEY);";
    std::fs::write(migration.join("up.sql"), up).unwrap();
    std::fs::write(migration.join("down.sql"), "DROP TABLE notes;").unwrap();
    folder
}
