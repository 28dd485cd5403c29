//! Instances of the quickstart: real processes that share a database, sessions and keys, and are one service.

use std::{net::SocketAddr, process::Command, time::Duration};

use super::daemon::{Daemon, free_port, until};
use crate::support::{Binary, Browser, Driver, told};

pub const TOTP_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SESSION_KEY: &str =
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ==";

/// Environment variables of one instance, or a program to run it with.
#[derive(Clone, Default)]
pub struct Instance {
    variables: Vec<(String, String)>,
}

impl Instance {
    /// With this driver for its store.
    pub fn of(driver: Driver) -> Self {
        let (name, value) = told(driver);
        Self::default().with(name, value)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }
}

pub struct Service {
    pub instances: Vec<Daemon>,
    _folder: tempfile::TempDir,
}

impl Service {
    pub fn start(instances: impl IntoIterator<Item = Instance>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = |(n, instance): (usize, Instance)| {
            let port = free_port();
            let path = folder.path().to_owned();
            let mut daemon =
                Daemon::new(&format!("instance {n}"), port, folder.path(), move || {
                    let mut command = Command::new(Binary::path());
                    command
                        .current_dir(&path)
                        .env_clear()
                        .env("BIND", format!("127.0.0.1:{port}"))
                        .env("TOTP_KEY", TOTP_KEY)
                        .env("SESSION_KEY", SESSION_KEY)
                        .env("NO_COLOR", "1")
                        .env("WORKERS", "2")
                        // A password's hash takes 19 MiB. glibc keeps such blocks, for each thread and in a heap with holes: without
                        // these two that hides what grows.
                        .env("MALLOC_ARENA_MAX", "1")
                        .env("MALLOC_MMAP_THRESHOLD_", "1048576")
                        .envs(instance.variables.iter().cloned());
                    command
                });
            daemon.start();
            daemon.wait_until_it_listens();
            daemon
        };
        let instances = instances.into_iter().enumerate().map(start).collect();
        Self {
            instances,
            _folder: folder,
        }
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.instances.iter().map(Daemon::address).collect()
    }

    /// A panic is answered with 503, as other faults are: it is in the log.
    #[track_caller]
    pub fn assert_no_panic(&self) {
        for instance in &self.instances {
            let log = instance.log();
            assert!(!log.contains("panicked at"), "{log}");
        }
    }

    /// SIGKILL, and the same instance again.
    pub fn crash(&mut self, n: usize) {
        self.instances[n].kill();
        self.instances[n].start();
        self.instances[n].wait_until_it_listens();
    }

    /// Waits until every instance signs users in again, within 5 seconds, as `browser` sees it.
    pub fn wait_until_it_serves(&mut self, browser: &Browser) {
        until(Duration::from_secs(5), "service is back", || {
            let mut serves = true;
            for daemon in &mut self.instances {
                daemon.listens(); // one that found no database when it started is started again
                let mut there = browser.at(daemon.address());
                let status = there.try_send("GET", "/auth/otp/status/", &[], b"");
                serves &= status.is_ok_and(|it| it.status == 200);
            }
            serves.then_some(())
        });
    }

    pub fn pids(&self) -> Vec<u32> {
        self.instances.iter().map(Daemon::pid).collect()
    }
}
