//! One instance over SQLite, whose file another process holds, loses or fills.

use std::time::{Duration, Instant};

use actix_totp::diesel::{Connection, SqliteConnection, connection::SimpleConnection};

use crate::{
    harness::{
        alone,
        client::{Client, User},
        record::{Record, Request, Token},
        service::{Instance, Service},
    },
    support::Driver,
};

/// What `operation_timeout` says.
const LIMIT: Duration = Duration::from_secs(4);

struct OnFile {
    service: Service,
    path: String,
    record: Record,
    alice: Client,
    backup: std::vec::IntoIter<String>,
}

impl OnFile {
    /// alice has a second factor, and a proof in her browser.
    fn in_folder(folder: &std::path::Path, driver: Driver) -> Self {
        let path = folder.join("test.db").to_str().unwrap().to_owned();
        let instance = Instance::of(driver)
            .with("DATABASE_URL", &path)
            .with("SESSIONS", "cookie");
        let service = Service::start([instance]);
        let (address, record) = (service.addresses()[0], Record::default());
        let user = User::register(address, &record).unwrap();
        let mut alice = user.sign_in(address).unwrap();
        let (_, backup) = alice.enroll().unwrap();
        Self {
            service,
            path,
            record,
            alice,
            backup: backup.into_iter(),
        }
    }

    fn sign_in(&mut self) -> crate::harness::record::Outcome {
        let code = self.backup.next().unwrap();
        self.alice.send(Request::Validate, Token::Backup(code))
    }

    fn sql(&self, sql: &str) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(&self.path).unwrap();
        connection.batch_execute(sql).unwrap();
        connection
    }

    #[cfg(all(feature = "postgres", feature = "mysql", feature = "redis"))]
    fn log(&self) -> String {
        self.service.instances[0].log()
    }
}

crate::support::on_each_driver!(
    while_another_process_holds_the_lock_sign_ins_are_answered_and_reads_go_on,
    on_a_full_disk_nothing_is_lost_and_with_room_it_goes_on,
);

/// Another process writes and does not come to an end.
fn while_another_process_holds_the_lock_sign_ins_are_answered_and_reads_go_on(driver: Driver) {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut file = OnFile::in_folder(folder.path(), driver);
    let mut other = file.sql("BEGIN IMMEDIATE");
    let started = Instant::now();
    let outcome = file.sign_in();
    assert_eq!(file.alice.last_status, Some(503), "{outcome:?}");
    assert!(started.elapsed() < 3 * LIMIT);
    assert!(file.alice.send(Request::Vault, Token::None).is_accepted());
    other.batch_execute("ROLLBACK").unwrap();
    assert!(file.sign_in().is_accepted());
    file.record.assert_holds();
    file.service.assert_no_panic();
}

/// A disk of four MiB that something else fills.
fn on_a_full_disk_nothing_is_lost_and_with_room_it_goes_on(driver: Driver) {
    let _alone = alone();
    let disk = SmallDisk::mount();
    let mut file = OnFile::in_folder(disk.0.path(), driver);
    let filler = disk.0.path().join("filler");
    for _ in 0..2 {
        std::fs::write(&filler, vec![7; 16 << 20]).unwrap_err();
        // The log of SQLite may have a page left; then it is full.
        let full =
            (0..4).any(|_| file.sign_in().is_unknown() && file.alice.last_status == Some(503));
        assert!(full, "{:?}", file.record.statuses());
        assert!(
            file.alice.send(Request::Vault, Token::None).is_accepted(),
            "reads go on"
        );
        std::fs::remove_file(&filler).unwrap();
        assert!(file.sign_in().is_accepted());
        assert!(file.alice.send(Request::Vault, Token::None).is_accepted());
    }
    assert!(file.log().contains("StoreFailed"), "{}", file.log());
    file.record.assert_holds();
}

struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]);
        crate::harness::daemon::run(mount.arg(folder.path())); // needs root
        Self(folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut unmount = std::process::Command::new("umount");
        let _ = unmount.arg("--lazy").arg(self.0.path()).status();
    }
}
