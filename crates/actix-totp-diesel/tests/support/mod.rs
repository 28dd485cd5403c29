//! Databases that live as long as a test, and the suite that every kind of database runs.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each backend uses a part of it"
)]

use std::{env, fmt::Write as _, marker::PhantomData, process::Command, sync::Arc};

use actix_totp_core::{
    BatchStore, Device, DeviceStore, Epoch, FakeClock, KeyRing, RecentFailures, StoreError,
    TotpService, UserId, Version,
};
use actix_totp_diesel::{Backend, DieselStore, diesel::Connection};

pub(crate) const NOON: u64 = 1_700_000_000;
/// Set for a child process that only migrates this database.
const MIGRATE: &str = "TOTP_TEST_MIGRATE";

/// A database of a test's own: a URL, and what drops it.
pub(crate) trait TestDatabase: Send + Sync + 'static {
    fn url(&self) -> &str;
}

/// A store with the database that it is in; both end together.
pub(crate) struct Owned<C: Backend, D> {
    store: DieselStore<C>,
    _database: D,
}

pub(crate) fn migrated<C: Backend, D: TestDatabase>(database: D) -> Arc<Owned<C, D>>
where
    DieselStore<C>: DeviceStore,
{
    let store = DieselStore::open(database.url()).unwrap();
    store.migrate().unwrap();
    Arc::new(Owned {
        store,
        _database: database,
    })
}

impl<C: Backend, D: Send + Sync + 'static> DeviceStore for Owned<C, D> {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.store.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.store.batch()
    }
}

/// A database on a server, made for one test.
pub(crate) struct ServerDatabase<C: Connection> {
    url: String,
    server: String,
    drop: String,
    connection: PhantomData<fn() -> C>,
}

impl<C: Connection> ServerDatabase<C> {
    /// At the server that `variable` names, or else `default`. `create` and `drop` are what this kind of server wants
    /// behind the name.
    pub(crate) fn new(variable: &str, default: &str, create: &str, drop: &str) -> Self {
        let server = env::var(variable).unwrap_or_else(|_| default.into());
        let name = random_name();
        let made = C::establish(&server)
            .unwrap_or_else(|error| {
                panic!("this is tested against a server, set {variable}: {error}")
            })
            .batch_execute(&format!("CREATE DATABASE {name} {create}"));
        made.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{base}/{name}"),
            drop: format!("DROP DATABASE IF EXISTS {name} {drop}"),
            server,
            connection: PhantomData,
        }
    }
}

impl<C: Connection> Drop for ServerDatabase<C> {
    fn drop(&mut self) {
        let dropped = C::establish(&self.server)
            .unwrap()
            .batch_execute(&self.drop);
        dropped.unwrap();
    }
}

impl<C: Connection + 'static> TestDatabase for ServerDatabase<C> {
    fn url(&self) -> &str {
        &self.url
    }
}

fn random_name() -> String {
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    random
        .iter()
        .fold("totp_test_".to_owned(), |mut name, byte| {
            write!(name, "{byte:02x}").unwrap();
            name
        })
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn device(id: &str) -> Device {
    Device {
        user: user(id),
        version: Version::from_i64(NOON.cast_signed()),
        epoch: Epoch::from_i64(1),
        sealed: vec![1, 2, 3],
        confirmed_at: None,
        pending_at: Some(NOON),
        last_step: None,
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
        created_at: NOON,
        updated_at: NOON,
    }
}

/// Every way in which the dump of a table could hold `secret`.
fn forms(secret: &[u8], base32: &str) -> Vec<Vec<u8>> {
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
    };
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    vec![
        secret.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        base32.to_lowercase().into_bytes(),
        base32.as_bytes().to_vec(),
        STANDARD_NO_PAD.encode(secret).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
    ]
}

/// Enrolls somebody and asserts that `dump` of the table shows neither secret nor backup code.
pub(crate) fn assert_dump_holds_no_secret(
    store: Arc<dyn DeviceStore>,
    dump: impl FnOnce() -> Vec<Vec<u8>>,
) {
    let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
    let clock = FakeClock::at(NOON);
    let totp = TotpService::builder(store, keys)
        .clock(clock)
        .build()
        .unwrap();
    let alice = user("alice");
    let enrollment = totp.enroll(&alice, "", None).unwrap().accepted().unwrap();
    let code = totp.code_for(&alice).unwrap().unwrap();
    let confirmed = totp.confirm(&alice, &code).unwrap().accepted().unwrap();

    let base32 = enrollment.secret();
    let secret = base32_bytes(base32);
    assert_eq!(secret.len(), 20);
    let mut needles = forms(&secret, base32);
    for code in &confirmed.backup_codes {
        let shown = code.reveal();
        needles.push(shown.replace('-', "").into_bytes());
        needles.push(shown.into_bytes());
    }
    let cells = dump();
    assert!(
        cells.iter().any(|cell| cell == b"alice"),
        "the dump is of the right table"
    );
    assert!(
        cells.iter().any(|cell| cell.len() > 300),
        "and holds the sealed box"
    );
    for needle in needles {
        let found = cells
            .iter()
            .any(|cell| cell.windows(needle.len()).any(|it| it == needle));
        assert!(!found, "the table holds a secret");
    }
}

/// Kills every connection of the store's pool before each operation: no operation fails for it.
pub(crate) fn assert_survives_dead_connections<C: Backend>(
    store: &DieselStore<C>,
    end_all_connections: impl Fn(),
) {
    store.migrate().unwrap();
    let alice = device("alice");
    // Several connections, so that the second try may meet a dead one, too.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.load(&alice.user).unwrap());
        }
    });
    end_all_connections();
    assert_eq!(store.load(&alice.user).unwrap(), None);
    end_all_connections();
    assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
    end_all_connections();
    let mut next = alice.clone();
    next.version = Version::from_i64(2);
    let swapped = store.swap(&alice.user, Some(alice.version), Some(&next));
    assert!(swapped.unwrap());
    end_all_connections();
    let lost = store.swap(&alice.user, Some(alice.version), Some(&alice));
    assert!(
        !matches!(lost, Ok(true)),
        "somebody else's version is not taken for this swap's"
    );
    end_all_connections();
    assert_eq!(store.page(None, 9).unwrap(), [next]);
}

fn base32_bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|it| *it == letter)
            .unwrap();
        buffer = buffer << 5 | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    bytes
}

/// The body of a test that does nothing but migrate, in a process of its own, when told so.
pub(crate) fn migrate_if_told<C: Backend>() {
    if let Ok(url) = env::var(MIGRATE) {
        DieselStore::<C>::open(&url).unwrap().migrate().unwrap();
    }
}

/// Starts this test binary eight times at once, to migrate one database.
pub(crate) fn migrate_in_eight_processes(url: &str) {
    let binary = env::current_exe().unwrap();
    let children: Vec<_> = (0..8)
        .map(|_| {
            Command::new(&binary)
                .args(["--exact", "migrates_if_told", "--nocapture"])
                .env(MIGRATE, url)
                .output_in_background()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

trait OutputInBackground {
    fn output_in_background(&mut self) -> std::process::Child;
}

impl OutputInBackground for Command {
    fn output_in_background(&mut self) -> std::process::Child {
        use std::process::Stdio;
        self.stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// An application's own migration, dated as diesel's tool dates them.
pub(crate) fn application_migrations() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let migration = folder
        .path()
        .join("migrations/2024-01-02-030405_create_notes");
    std::fs::create_dir_all(&migration).unwrap();
    std::fs::write(
        migration.join("up.sql"),
        "CREATE TABLE notes (id INTEGER PRIMARY KEY);",
    )
    .unwrap();
    std::fs::write(migration.join("down.sql"), "DROP TABLE notes;").unwrap();
    folder
}

/// The tests that are the same on every kind of database. `$new` makes a database of the test's own.
macro_rules! backend_tests {
    ($connection:ty, $new:expr) => {
        actix_totp_core::conformance_tests!(support::migrated::<$connection, _>($new));

        fn connect(url: &str) -> $connection {
            diesel::Connection::establish(url).unwrap()
        }

        #[test]
        fn migrates_if_told() {
            support::migrate_if_told::<$connection>();
        }

        #[test]
        fn migrations_go_up_down_and_up() {
            let database = $new;
            let store = DieselStore::<$connection>::open(database.url()).unwrap();
            let alice = support::user("alice");
            assert!(
                store.load(&alice).is_err(),
                "without its table a store answers nothing"
            );
            for _ in 0..2 {
                store.migrate().unwrap();
                store.migrate().unwrap(); // nothing to do
                assert!(
                    store
                        .swap(&alice, None, Some(&support::device("alice")))
                        .unwrap()
                );
                store.revert_migrations().unwrap();
                assert!(store.load(&alice).is_err());
                store.revert_migrations().unwrap();
            }
        }

        #[test]
        fn eight_processes_migrate_one_database_at_once() {
            let database = $new;
            support::migrate_in_eight_processes(database.url());
            let store = DieselStore::<$connection>::open(database.url()).unwrap();
            assert_eq!(store.load(&support::user("alice")).unwrap(), None);
        }

        #[test]
        fn the_applications_own_migrations_can_still_be_redone() {
            use diesel_migrations::{FileBasedMigrations, MigrationHarness};
            let database = $new;
            let folder = support::application_migrations();
            let own =
                || FileBasedMigrations::find_migrations_directory_in_path(folder.path()).unwrap();
            let mut connection = connect(database.url());
            let store = DieselStore::<$connection>::open(database.url()).unwrap();

            connection.run_pending_migrations(own()).unwrap();
            store.migrate().unwrap();
            connection.revert_last_migration(own()).unwrap(); // `diesel migration redo`
            connection.run_pending_migrations(own()).unwrap();
            assert!(store.load(&support::user("alice")).is_ok());
            store.revert_migrations().unwrap();
            assert_eq!(
                connection.applied_migrations().unwrap().len(),
                1,
                "the application's own stays"
            );
        }

        #[test]
        fn an_applications_own_pool_will_do() {
            let database = $new;
            let pool = diesel::r2d2::Pool::builder()
                .max_size(2)
                .build(diesel::r2d2::ConnectionManager::<$connection>::new(
                    database.url(),
                ))
                .unwrap();
            let store = DieselStore::from_pool(pool);
            store.migrate().unwrap();
            let device = support::device("alice");
            assert!(store.swap(&device.user, None, Some(&device)).unwrap());
            assert_eq!(store.clone().load(&device.user).unwrap(), Some(device));
        }

        #[test]
        fn a_pool_of_one_connection_will_do_for_many_threads() {
            let database = $new;
            let pool = diesel::r2d2::Pool::builder()
                .max_size(1)
                .build(diesel::r2d2::ConnectionManager::<$connection>::new(
                    database.url(),
                ))
                .unwrap();
            let store = DieselStore::from_pool(pool);
            store.migrate().unwrap();
            std::thread::scope(|scope| {
                for n in 0..8 {
                    let store = &store;
                    scope.spawn(move || {
                        let mut device = support::device(&format!("user {n}"));
                        assert!(store.swap(&device.user, None, Some(&device)).unwrap());
                        for version in 1..20 {
                            let loaded = store.load(&device.user).unwrap();
                            let expected = loaded.unwrap().version;
                            device.version = actix_totp_core::Version::from_i64(version);
                            let swapped = store.swap(&device.user, Some(expected), Some(&device));
                            assert!(swapped.unwrap());
                        }
                    });
                }
            });
            assert_eq!(store.page(None, 99).unwrap().len(), 8);
        }

        #[test]
        fn load_and_swap_are_prepared_once_per_connection() {
            use diesel::connection::InstrumentationEvent;
            let database = $new;
            let pool = diesel::r2d2::Pool::builder()
                .max_size(1)
                .test_on_check_out(false)
                .build(diesel::r2d2::ConnectionManager::<$connection>::new(
                    database.url(),
                ))
                .unwrap();
            let store = DieselStore::from_pool(pool.clone());
            store.migrate().unwrap();
            let mut device = support::device("alice");
            assert!(store.swap(&device.user, None, Some(&device)).unwrap());

            let (tell, told) = std::sync::mpsc::channel();
            let watch = move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                    tell.send(sql.to_owned()).unwrap();
                }
            };
            diesel::Connection::set_instrumentation(&mut *pool.get().unwrap(), watch);
            for version in 2..5 {
                let expected = store.load(&device.user).unwrap().unwrap().version;
                device.version = actix_totp_core::Version::from_i64(version);
                assert!(
                    store
                        .swap(&device.user, Some(expected), Some(&device))
                        .unwrap()
                );
            }
            let prepared: Vec<String> = told.try_iter().collect();
            assert_eq!(prepared.len(), 2, "{prepared:?}");
            assert!(prepared[0].starts_with("SELECT") && prepared[1].starts_with("UPDATE"));
            // With a bound limit SQLite would parse a cached statement again at each call.
            assert!(!prepared[0].contains("LIMIT"), "{prepared:?}");
        }

        #[test]
        fn what_no_device_holds_is_a_fault() {
            let database = $new;
            let store = DieselStore::<$connection>::open(database.url()).unwrap();
            store.migrate().unwrap();
            let device = support::device("alice");
            assert!(store.swap(&device.user, None, Some(&device)).unwrap());
            for change in [
                "failures = -1",
                "failures = 4294967296",
                "created_at = -1",
                "recent_failures = 'odd'",
            ] {
                let sql = format!("UPDATE totp_devices SET {change}");
                diesel::connection::SimpleConnection::batch_execute(
                    &mut connect(database.url()),
                    &sql,
                )
                .unwrap();
                let loaded = store.load(&device.user);
                assert!(
                    matches!(loaded, Err(StoreError::Corrupt(_))),
                    "{change}: {loaded:?}"
                );
                let undo = "UPDATE totp_devices SET failures = 0, created_at = 0";
                diesel::connection::SimpleConnection::batch_execute(
                    &mut connect(database.url()),
                    undo,
                )
                .unwrap();
            }
        }

        #[test]
        fn debug_does_not_show_the_url() {
            let database = $new;
            let store = DieselStore::<$connection>::open(database.url()).unwrap();
            assert!(!format!("{store:?}").contains("totp_test"), "{store:?}");
        }
    };
}
pub(crate) use backend_tests;
