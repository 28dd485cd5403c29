//! A service over a store in memory, with a clock that a test moves.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::sync::{Arc, Mutex};

use actix_totp_core::{
    AuthenticatorId, BackupCode, Device, DeviceStore, Error, Event, FakeClock, KeyRing,
    MemoryStore, Outcome, Proof, Rejection, SeededRandomness, TotpBuilder, TotpService, UserId,
};

pub(crate) const NOON: u64 = 1_700_000_010; // ten seconds into a step

pub(crate) struct Fixture {
    pub(crate) totp: TotpService,
    pub(crate) clock: FakeClock,
    pub(crate) store: Arc<MemoryStore>,
    events: Arc<Mutex<Vec<Event>>>,
    pub(crate) alice: UserId,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> Self {
        Self::over(Arc::new(MemoryStore::new()), |store| store, set)
    }

    /// A service over a store that is wrapped around a store in memory.
    pub(crate) fn over<S: DeviceStore>(
        store: Arc<MemoryStore>,
        wrap: impl FnOnce(Arc<MemoryStore>) -> S,
        set: impl FnOnce(TotpBuilder) -> TotpBuilder,
    ) -> Self {
        let clock = FakeClock::at(NOON);
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&events);
        let builder = TotpService::builder(wrap(Arc::clone(&store)), keys(&[1]))
            .clock(clock.clone())
            .randomness(SeededRandomness::new(1))
            .on_event(move |event, _| log.lock().unwrap().push(event.clone()));
        Self {
            totp: set(builder).build().unwrap(),
            clock,
            store,
            events,
            alice: user("alice"),
        }
    }

    /// What alice's authenticator shows now: the pending secret's code if there is one.
    pub(crate) fn code(&self) -> String {
        self.totp.code_for(&self.alice).unwrap().expect("a device")
    }

    /// A code that is wrong now and was not right lately.
    pub(crate) fn wrong_code(&self) -> String {
        let now = self.clock.now_secs();
        let good: Vec<String> = (0..45)
            .map(|n| {
                self.clock.set(now - 660 + n * 30);
                self.code()
            })
            .collect();
        self.clock.set(now);
        (0..)
            .map(|n| format!("{n:06}"))
            .find(|code| !good.contains(code))
            .unwrap()
    }

    pub(crate) fn device(&self) -> Device {
        self.store.load(&self.alice).unwrap().expect("a device")
    }

    /// Enrolls alice and waits until the code that confirmed is out of every window.
    pub(crate) fn enroll(&self) -> Vec<BackupCode> {
        accepted(self.totp.enroll(&self.alice, "alice@example.com", None));
        let confirmed = accepted(self.totp.confirm(&self.alice, &self.code()));
        self.clock.advance_secs(90);
        self.events();
        confirmed.backup_codes
    }

    /// Signs alice in, and waits until its events are delivered.
    pub(crate) fn sign_in(&self, token: &str) -> Result<(), Rejection> {
        let outcome = self.totp.authenticate(&self.alice, token).unwrap();
        self.totp.flush_events();
        outcome.into_result().map(drop)
    }

    /// Sends a first code for alice's pending secret.
    pub(crate) fn confirm(&self, token: &str) -> Result<(), Rejection> {
        let outcome = self.totp.confirm(&self.alice, token).unwrap();
        self.totp.flush_events();
        outcome.into_result().map(drop)
    }

    /// Which authenticator alice had first.
    pub(crate) fn first(&self) -> AuthenticatorId {
        self.totp.authenticators(&self.alice).unwrap()[0].id
    }

    /// A proof as alice's session holds it after a good token.
    pub(crate) fn proof(&self) -> Proof {
        self.totp.proof_for(&self.alice).unwrap().expect("it is on")
    }

    /// Fails until the device waits or is locked; returns how often.
    pub(crate) fn fail(&self, times: u32) {
        for _ in 0..times {
            while let Some(wait) = self.totp.status(&self.alice).unwrap().retry_after {
                self.clock.advance_secs(wait.as_secs());
            }
            let code = self.wrong_code();
            assert_eq!(self.sign_in(&code), Err(Rejection::InvalidToken));
        }
    }

    /// The events since this was asked last.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.totp.flush_events();
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

pub(crate) fn keys(firsts: &[u8]) -> KeyRing {
    KeyRing::new(
        firsts
            .iter()
            .map(|first| std::array::from_fn(|n| first.wrapping_add(n as u8))),
    )
    .unwrap()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn accepted<T>(outcome: Result<Outcome<T>, Error>) -> T {
    outcome.unwrap().into_result().unwrap()
}

pub(crate) fn rejected<T>(outcome: Result<Outcome<T>, Error>) -> Rejection {
    outcome.unwrap().rejected().expect("a rejection")
}
