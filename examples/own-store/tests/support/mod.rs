//! A store of a test's own in a real Redis, at `TOTP_TEST_REDIS_URL`.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{env, fmt::Write as _};

use actix_totp_core::{Device, DeviceStore, Epoch, RecentFailures, StoreError, UserId, Version};
use own_store::{
    RedisStore,
    redis::{Client, Commands, Connection},
};

/// Keys that begin with a prefix of this test's own, and end with this value.
pub(crate) struct TestStore {
    store: RedisStore,
    pub(crate) prefix: String,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let mut prefix = "{totp_test_".to_owned();
        for byte in random {
            write!(prefix, "{byte:02x}").unwrap();
        }
        prefix.push_str("}:");
        drop(connect()); // says what is missing, where there is no server
        let store = RedisStore::with_prefix(&url(), &prefix).unwrap();
        Self { store, prefix }
    }

    /// What Redis holds of this test, by the names of the keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        let pattern = format!("{}*", self.prefix);
        let mut connection = connect();
        let mut keys: Vec<_> = connection.scan_match(pattern).unwrap().collect();
        keys.sort();
        keys
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        let keys = self.keys();
        if !keys.is_empty() {
            let () = connect().del(keys).unwrap();
        }
    }
}

impl DeviceStore for TestStore {
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
}

fn url() -> String {
    env::var("TOTP_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".into())
}

/// Redis without the store.
pub(crate) fn connect() -> Connection {
    Client::open(url())
        .and_then(|client| client.get_connection_with_timeout(std::time::Duration::from_secs(2)))
        .unwrap_or_else(|error| {
            panic!("this is tested against a Redis, set TOTP_TEST_REDIS_URL: {error}")
        })
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn device(id: &str, version: i64) -> Device {
    Device {
        user: user(id),
        version: Version::from_i64(version),
        epoch: Epoch::from_i64(1),
        sealed: vec![0, 255, 13, 10],
        confirmed_at: None,
        pending_at: Some(1_700_000_000),
        authenticators: Default::default(),
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
        setup_required_by: None,
        setup_reminded_at: None,
        created_at: 1_700_000_000,
        updated_at: 1_700_000_000,
    }
}
