//! The quickstart, in process, with a clock that tests move.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_totp::{Device, DeviceStore, FakeClock, KeyRing};
use actix_web::cookie::Key;
use quickstart::{Config, Driver, SessionPlace};
use serde_json::{Value, json};

use super::{Answer, Browser, FaultyStore, RunningServer, code_at};

pub const NOON: u64 = 1_700_000_010; // ten seconds into a step

pub fn keys() -> KeyRing {
    KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap()
}

pub struct TestApp {
    pub clock: FakeClock,
    pub store: FaultyStore,
    server: RunningServer,
    database_url: String,
    _folder: tempfile::TempDir,
}

impl TestApp {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db").to_str().unwrap().to_owned();
        Self::start_on(path, folder)
    }

    pub fn start_on(database_url: String, folder: tempfile::TempDir) -> Self {
        Self::start_with(Self::config(database_url), FakeClock::at(NOON), folder)
    }

    /// Guards believe for so long what they have seen.
    pub fn that_rechecks_every(secs: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db").to_str().unwrap().to_owned();
        let config = Config {
            recheck_every: Some(Duration::from_secs(secs)),
            ..Self::config(path)
        };
        Self::start_with(config, FakeClock::at(NOON), folder)
    }

    /// Sessions are kept somewhere else than in the database.
    pub fn with_sessions_in(sessions: SessionPlace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db").to_str().unwrap().to_owned();
        let config = Config {
            sessions,
            ..Self::config(path)
        };
        Self::start_with(config, FakeClock::at(NOON), folder)
    }

    fn config(database_url: String) -> Config {
        Config {
            database_url,
            store: Driver::Diesel,
            issuer: "Example Inc".into(),
            totp_keys: keys(),
            session_key: Key::from(&[7; 64]),
            sessions: SessionPlace::Database,
            recheck_every: None,
            workers: 1,
        }
    }

    fn start_with(config: Config, clock: FakeClock, folder: tempfile::TempDir) -> Self {
        let database_url = config.database_url.clone();
        let store = FaultyStore::around(config.open_store().unwrap());
        let (given_clock, given_store) = (clock.clone(), store.clone());
        let server = RunningServer::start(async move |listener| {
            quickstart::app(config, listener, given_clock, given_store).await
        });
        Self {
            clock,
            store,
            server,
            database_url,
            _folder: folder,
        }
    }

    /// The devices of a database, as another process has them.
    pub fn open_store(database_url: &str) -> Arc<dyn DeviceStore> {
        Self::config(database_url.to_owned()).open_store().unwrap()
    }

    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub fn browser(&self) -> Browser {
        self.server.browser()
    }

    /// A browser that is signed in with a password.
    pub fn signed_in(&self, username: &str) -> Browser {
        let mut browser = self.browser();
        let email = format!("{username}@example.com");
        let form = json!({ "username": username, "password": "correct horse", "email": email });
        let registered = browser.post("/register", &form);
        assert!(matches!(registered.status, 201 | 409), "{registered:?}");
        let form = json!({ "username": username, "password": "correct horse" });
        assert_eq!(browser.post("/login", &form).status, 200);
        browser
    }

    /// A browser that has just enrolled and so has a proof; its authenticator and backup codes. The clock has moved on, so
    /// that the next code is good.
    pub fn enrolled(&self, username: &str) -> (Browser, Authenticator, Vec<String>) {
        let mut browser = self.signed_in(username);
        let generated = browser.post("/auth/otp/generate/", &json!({})).json();
        let authenticator = self.authenticator(&generated);
        let verified = browser
            .token("/auth/otp/verify/", &authenticator.code())
            .json();
        let backup = verified["backup_codes"].as_array().unwrap();
        let backup = backup
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect();
        self.clock.advance_secs(90);
        (browser, authenticator, backup)
    }

    pub fn authenticator(&self, generated: &Value) -> Authenticator {
        Authenticator::new(generated["secret"].as_str().unwrap(), &self.clock)
    }

    /// The only device in the store.
    pub fn device(&self) -> Option<Device> {
        let mut page = self.store.page(None, 2).unwrap();
        assert!(page.len() < 2, "one user at most");
        page.pop()
    }
}

/// A phone that shows the time of the test's clock.
pub struct Authenticator {
    pub secret: String,
    clock: FakeClock,
}

impl Authenticator {
    pub fn new(secret: &str, clock: &FakeClock) -> Self {
        Self {
            secret: secret.to_owned(),
            clock: clock.clone(),
        }
    }

    pub fn code(&self) -> String {
        self.code_in(0)
    }

    /// What it shows so many seconds from now.
    pub fn code_in(&self, secs: i64) -> String {
        code_at(
            &self.secret,
            self.clock.now_secs().checked_add_signed(secs).unwrap(),
        )
    }

    /// A code that it does not show for eleven minutes around now.
    pub fn wrong_code(&self) -> String {
        let shown: Vec<String> = (-22..=22).map(|step| self.code_in(step * 30)).collect();
        (0..)
            .map(|n| format!("{n:06}"))
            .find(|code| !shown.contains(code))
            .unwrap()
    }
}

impl Answer {
    /// The members of a JSON object, in order.
    pub fn members(&self) -> Vec<String> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body.as_object().unwrap().keys().cloned().collect()
    }
}
