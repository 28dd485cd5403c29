//! Users in every state that an operator meets.

use std::time::{SystemTime, UNIX_EPOCH};

use actix_totp_cli::actix_totp_core::{FakeClock, KeyRing, Outcome, TotpService, UserId};

use super::Database;

pub(crate) const OLD: &str = "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=";
pub(crate) const NEW: &str = "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU=";
pub(crate) const NEW_AND_OLD: &str =
    "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU=,b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=";
/// That of another site.
pub(crate) const STRANGE: &str = "c3RyYW5nZXN0cmFuZ2VzdHJhbmdlc3RyYW5nZXN0cmE=";

pub(crate) fn key_ring(text: &str) -> KeyRing {
    KeyRing::parse(text).unwrap()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// What the application did before the operator came.
pub(crate) struct Users {
    pub(crate) totp: TotpService,
    pub(crate) clock: FakeClock,
}

impl Users {
    /// None, in a database with its table.
    pub(crate) fn in_database(database: &Database) -> Self {
        let store = database.store();
        store.migrate().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let clock = FakeClock::at(now.as_secs());
        let totp = TotpService::builder(store, key_ring(OLD)).clock(clock.clone());
        Self {
            totp: totp.build().unwrap(),
            clock,
        }
    }

    /// As many as that, `user-000` and so on.
    pub(crate) fn enroll_many(&self, count: usize) {
        (0..count).for_each(|n| drop(self.enroll(&format!("user-{n:03}"))));
    }

    /// With this many days gone since. Gives the backup codes.
    pub(crate) fn enroll_days_ago(&self, id: &str, days: u64) -> Vec<String> {
        let now = self.clock.now_secs();
        self.clock.set(now - days * 86_400);
        let codes = self.enroll(id);
        self.clock.set(now);
        codes
    }

    pub(crate) fn enroll(&self, id: &str) -> Vec<String> {
        let user = user(id);
        self.begin(id);
        let code = self.totp.code_for(&user).unwrap().unwrap();
        let confirmed = accepted(self.totp.confirm(&user, &code).unwrap());
        let codes = confirmed.backup_codes.iter();
        codes.map(|code| code.reveal()).collect()
    }

    /// A secret that waits for its first code.
    pub(crate) fn begin(&self, id: &str) {
        let _ = accepted(self.totp.enroll(&user(id), id, None::<&str>).unwrap());
    }

    /// Wrong codes until the account is locked, one an hour, up to now.
    pub(crate) fn lock(&self, id: &str) {
        let (user, now) = (user(id), self.clock.now_secs());
        for hours in (1..=110).rev() {
            self.clock.set(now - hours * 3_600);
            let right = self.totp.code_for(&user).unwrap().unwrap();
            let wrong = if right == "000000" {
                "111111"
            } else {
                "000000"
            };
            let _ = self.totp.authenticate(&user, wrong).unwrap();
        }
        self.clock.set(now);
        assert!(self.totp.status(&user).unwrap().locked);
    }

    /// Spends every backup code.
    pub(crate) fn spend(&self, id: &str, codes: &[String]) {
        for code in codes {
            let _ = accepted(self.totp.authenticate(&user(id), code).unwrap());
        }
    }
}

#[track_caller]
fn accepted<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    outcome.accepted().expect("it is accepted")
}
