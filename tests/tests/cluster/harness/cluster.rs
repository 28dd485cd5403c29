//! Instances, the database that they share, and the Redis that keeps their sessions.

use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

use crate::support::Driver;

use super::{
    client::{Client, User},
    load::run_users,
    record::Record,
    servers::{self, Server},
    service::{Instance, Service},
};

pub struct Cluster {
    pub service: Service,
    pub database: Server,
    pub redis: Server,
}

impl Cluster {
    /// So many instances over this database.
    pub fn over(database: Server, driver: Driver, instances: usize) -> Self {
        Self::with(database, (0..instances).map(|_| Instance::of(driver)))
    }

    pub fn with(database: Server, instances: impl IntoIterator<Item = Instance>) -> Self {
        let redis = servers::redis();
        let complete = |instance: Instance| {
            instance
                .with("DATABASE_URL", &database.url)
                .with("REDIS_URL", &redis.url)
        };
        Self {
            service: Service::start(instances.into_iter().map(complete)),
            database,
            redis,
        }
    }

    /// Somebody who is signed in, to see whether the service is there.
    pub fn watcher(&self) -> Client {
        let address = self.service.addresses()[0];
        let user = User::register(address, &Record::default()).expect("registered");
        user.sign_in(address).expect("signed in")
    }

    /// Does something to it while users are active, and waits each time until it serves them again.
    pub fn under_load(
        &mut self,
        threads: usize,
        mut change: impl FnMut(&mut Self, &Record) -> bool,
    ) -> Record {
        let (record, watcher, addresses) =
            (Record::default(), self.watcher(), self.service.addresses());
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let (recording, stop_here) = (&record, &stop);
            scope.spawn(move || run_users(&addresses, threads, recording, stop_here));
            let _stop = StopWhenDropped(&stop);
            while change(self, &record) {
                self.service.wait_until_it_serves(&watcher.browser);
            }
        });
        self.service.assert_no_panic();
        record
    }
}

/// Also where a test fails: else it would never end.
struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
