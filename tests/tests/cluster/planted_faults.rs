//! The harness must be able to fail: stores with a planted fault are caught by it, and a good one is not.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use actix_totp::{
    Device, DeviceStore, KeyRing, MemoryStore, StoreError, SystemClock, UserId, Version,
};
use actix_web::cookie::Key;
use quickstart::{Config, Driver, SessionPlace};

use crate::{
    harness::{
        alone,
        load::{Dice, one_user},
        race::Runner,
        record::Record,
        service::TOTP_KEY,
    },
    support::RunningServer,
};

/// How a store can be wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Reads, checks and writes, instead of all at once.
    ReadCheckWrite,
    /// Acknowledges some writes that it does not make.
    Forgets,
    /// Acknowledges the writes that count a failure, and makes none of them.
    ForgetsFailures,
    /// Answers one read from before a delete, as a replica does that is behind.
    ReadsOld,
}

#[derive(Clone)]
struct Planted {
    fault: Fault,
    store: Arc<MemoryStore>,
    writes: Arc<AtomicUsize>,
    before: Arc<Mutex<std::collections::HashMap<UserId, Option<Device>>>>,
}

impl Planted {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            store: Arc::new(MemoryStore::new()),
            writes: Arc::default(),
            before: Arc::default(),
        }
    }
}

impl DeviceStore for Planted {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        if self.fault == Fault::ReadsOld
            && let Some(before) = self.before.lock().unwrap().remove(user)
        {
            return Ok(before);
        }
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        match self.fault {
            Fault::None => self.store.swap(user, expected, next),
            Fault::ReadCheckWrite => {
                let found = self.store.load(user)?.map(|device| device.version);
                if found != expected {
                    return Ok(false);
                }
                for _ in 0..100 {
                    thread::yield_now(); // others read, too
                }
                let found = self.store.load(user)?.map(|device| device.version);
                self.store.swap(user, found, next)
            }
            Fault::Forgets => match self.writes.fetch_add(1, SeqCst) % 7 {
                6 => Ok(true),
                _ => self.store.swap(user, expected, next),
            },
            Fault::ForgetsFailures => {
                let before = self.store.load(user)?.map_or(0, |device| device.failures);
                match next {
                    Some(next) if next.failures > before => Ok(true),
                    _ => self.store.swap(user, expected, next),
                }
            }
            Fault::ReadsOld => {
                let before = self.store.load(user)?;
                let swapped = self.store.swap(user, expected, next)?;
                if swapped && next.is_none() {
                    self.before.lock().unwrap().insert(user.clone(), before);
                }
                Ok(swapped)
            }
        }
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }
}

/// Three instances in this process; they share nothing but the stores.
struct Service {
    _servers: Vec<RunningServer>,
    addresses: Vec<SocketAddr>,
    _folder: tempfile::TempDir,
}

impl Service {
    fn over(store: &Planted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("test.db").to_str().unwrap().to_owned();
        let servers: Vec<RunningServer> = (0..3)
            .map(|_| {
                let config = Config {
                    database_url: database.clone(),
                    store: Driver::Diesel,
                    issuer: "Example Inc".into(),
                    totp_keys: KeyRing::parse(TOTP_KEY).unwrap(),
                    session_key: Key::from(&[7; 64]),
                    sessions: SessionPlace::Database,
                    recheck_every: None,
                    workers: 1,
                };
                let store = store.clone();
                RunningServer::start(async move |listener| {
                    quickstart::app(config, listener, SystemClock, store).await
                })
            })
            .collect();
        Self {
            addresses: servers.iter().map(|it| it.address).collect(),
            _servers: servers,
            _folder: folder,
        }
    }
}

/// Runs races and users on a store with this fault, until one of them is against the rules or enough were not.
fn found_with(fault: Fault) -> Vec<String> {
    let (service, record) = (Service::over(&Planted::new(fault)), Record::default());
    let addresses = &service.addresses;
    let races = matches!(fault, Fault::None | Fault::ReadCheckWrite);
    let mut runner = races.then(|| Runner::new(addresses, &record));
    for round in 0..20 {
        match &mut runner {
            Some(runner) => drop(runner.one_code()),
            None => one_user(addresses, &record, &mut Dice(round)),
        }
        let found = record.violations();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn assert_found(fault: Fault, sentence: &str) {
    let _alone = alone();
    let found = found_with(fault);
    assert!(
        found.iter().any(|it| it.contains(sentence)),
        "{sentence}: {found:#?}"
    );
}

#[test]
fn a_store_that_reads_checks_and_writes_is_caught() {
    assert_found(Fault::ReadCheckWrite, "was accepted after step");
}

#[test]
fn free_guesses_are_caught() {
    let _alone = alone();
    let (service, record) = (
        Service::over(&Planted::new(Fault::ReadCheckWrite)),
        Record::default(),
    );
    for _ in 0..20 {
        let mut runner = Runner::new(&service.addresses, &record);
        let wrong = runner.phone.wrong();
        runner.all_at_once(&wrong, 64);
        let found = record.violations();
        if found.iter().any(|it| it.contains("was compared")) {
            return;
        }
    }
    panic!("{} requests, and no free guess", record.entries().len());
}

#[test]
fn a_store_that_forgets_a_write_is_caught() {
    let _alone = alone();
    assert_ne!(found_with(Fault::Forgets), Vec::<String>::new());
}

#[test]
fn a_store_that_forgets_failures_is_caught() {
    assert_found(Fault::ForgetsFailures, "was compared");
}

#[test]
fn a_store_that_reads_what_is_old_is_caught() {
    assert_found(Fault::ReadsOld, "had ended");
}

#[test]
fn a_good_store_is_not_accused() {
    let _alone = alone();
    assert_eq!(found_with(Fault::None), Vec::<String>::new());
    let (service, record) = (Service::over(&Planted::new(Fault::None)), Record::default());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (addresses, record, stop) = (&service.addresses, &record, &stop);
        scope.spawn(move || crate::harness::load::run_users(addresses, 4, record, stop));
        while record.entries().len() < 600 {
            thread::yield_now();
        }
        stop.store(true, SeqCst);
    });
    record.assert_holds();
    record.assert_no_fault();
    assert!(
        record.count(crate::harness::record::Request::Vault, |it| it
            .is_accepted())
            > 20
    );
}
