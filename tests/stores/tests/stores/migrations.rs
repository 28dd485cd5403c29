//! The table is made and dropped, by any number of processes, beside the application's own migrations.

use std::{
    env,
    process::{Command, Stdio},
};

use actix_totp_diesel::diesel::{Connection, migration::MigrationSource};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::support::{self, TestConnection, TestStore, device, insert, user};

/// Set for a child process that only migrates this database.
const MIGRATE: &str = "TOTP_TEST_MIGRATE";

support::on_every_database!(
    migrates_if_told,
    migrations_go_up_down_and_up,
    eight_processes_migrate_one_database_at_once,
    the_applications_own_migrations_can_still_be_redone,
);

fn migrations_go_up_down_and_up<S: TestStore>() {
    let database = S::Connection::database();
    let store = S::open(database.url());
    let alice = user("alice");
    let without_table = store.load(&alice);
    assert!(without_table.is_err());
    for _ in 0..2 {
        store.migrate();
        store.migrate(); // nothing to do
        insert(&store, &device("alice"));
        store.revert_migrations();
        assert!(store.load(&alice).is_err());
        store.revert_migrations();
    }
}

/// Does nothing but migrate, in a process of its own, when told so.
fn migrates_if_told<S: TestStore>() {
    if let Ok(url) = env::var(MIGRATE) {
        S::open(&url).migrate();
    }
}

fn eight_processes_migrate_one_database_at_once<S: TestStore>() {
    let database = S::Connection::database();
    let this_test = std::thread::current().name().unwrap().to_owned();
    let (module, _) = this_test.rsplit_once("::").unwrap();
    let migrate = || {
        Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("{module}::migrates_if_told"),
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
    let store = S::open(database.url());
    assert_eq!(store.load(&user("alice")).unwrap(), None);
}

fn the_applications_own_migrations_can_still_be_redone<S: TestStore>()
where
    S::Connection: MigrationHarness<<S::Connection as Connection>::Backend>,
    FileBasedMigrations: MigrationSource<<S::Connection as Connection>::Backend>,
{
    let database = S::Connection::database();
    let folder = application_migrations();
    let own = || FileBasedMigrations::find_migrations_directory_in_path(folder.path()).unwrap();
    let mut connection = S::Connection::establish(database.url()).unwrap();
    let store = S::open(database.url());

    connection.run_pending_migrations(own()).unwrap();
    store.migrate();
    connection.revert_last_migration(own()).unwrap(); // `diesel migration redo`
    connection.run_pending_migrations(own()).unwrap();
    assert!(store.load(&user("alice")).is_ok());
    store.revert_migrations();
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

/// A database that a store made is the other driver's as it is, and back.
fn assert_goes_to<A: TestStore, B: TestStore<Connection = A::Connection>>() {
    let database = A::Connection::database();
    let (one, other) = (A::open(database.url()), B::open(database.url()));
    one.migrate();
    insert(&one, &device("alice"));
    other.migrate(); // nothing to do
    assert_eq!(other.load(&user("alice")).unwrap(), Some(device("alice")));
    insert(&other, &device("bob"));
    assert_eq!(one.load(&user("bob")).unwrap(), Some(device("bob")));
    other.revert_migrations();
    assert!(one.load(&user("bob")).is_err());
    one.migrate();
    other.migrate();
    assert_eq!(other.load(&user("bob")).unwrap(), None);
}

#[test]
fn a_database_goes_from_one_store_to_the_other_and_back() {
    assert_goes_to::<support::DieselSqlite, support::SqlxSqlite>();
    assert_goes_to::<support::SqlxSqlite, support::DieselSqlite>();
    #[cfg(feature = "postgres")]
    {
        assert_goes_to::<support::DieselPostgres, support::SqlxPostgres>();
        assert_goes_to::<support::SqlxPostgres, support::DieselPostgres>();
    }
    #[cfg(feature = "mysql")]
    {
        assert_goes_to::<support::DieselMysql, support::SqlxMysql>();
        assert_goes_to::<support::SqlxMysql, support::DieselMysql>();
    }
}
