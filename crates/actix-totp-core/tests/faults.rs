//! A store that loses swaps or fails, and a listener that panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use actix_totp_core::{
    Device, DeviceStore, Error, FakeClock, MemoryStore, Operation, Sleeper, StoreError,
    TotpService, UserId, Version,
};
use support::{Fixture, NOON, accepted, keys};

/// Loses swaps, or fails at a call, as told.
#[derive(Clone)]
struct Troubled {
    store: Arc<MemoryStore>,
    losses: Arc<AtomicU32>,
    calls_until_failure: Arc<AtomicU32>,
    slow: Option<FakeClock>,
}

impl Troubled {
    fn around(store: Arc<MemoryStore>) -> Self {
        Self {
            store,
            losses: Arc::default(),
            calls_until_failure: Arc::new(u32::MAX.into()),
            slow: None,
        }
    }

    fn call(&self) -> Result<(), StoreError> {
        match self
            .calls_until_failure
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
        {
            Ok(1) | Err(_) => Err(StoreError::unavailable("a telling message")),
            Ok(_) => Ok(()),
        }
    }
}

impl DeviceStore for Troubled {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.call()?;
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.call()?;
        if let Some(clock) = &self.slow {
            clock.advance_secs(1);
        }
        if self
            .losses
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
            .is_ok()
        {
            return Ok(false);
        }
        self.store.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.call()?;
        self.store.page(after, limit)
    }
}

#[derive(Clone, Default)]
struct Naps(Arc<Mutex<Vec<Duration>>>);

impl Sleeper for Naps {
    fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}

/// A fixture with alice enrolled, whose store then loses `losses` swaps.
fn losing(losses: u32) -> (Fixture, Troubled, Naps) {
    let naps = Naps::default();
    let mut troubled = None;
    let fixture = Fixture::over(
        Arc::new(MemoryStore::new()),
        |store| troubled.insert(Troubled::around(store)).clone(),
        |builder| builder.sleeper(naps.clone()),
    );
    fixture.enroll();
    let troubled = troubled.unwrap();
    troubled.losses.store(losses, SeqCst);
    (fixture, troubled, naps)
}

#[test]
fn a_lost_swap_is_tried_again_with_growing_jitter() {
    let (fixture, _, naps) = losing(9);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Ok(()),
        "the tenth try wins"
    );
    let naps = naps.0.lock().unwrap();
    assert_eq!(naps.len(), 9);
    for (n, nap) in naps.iter().enumerate() {
        assert!(
            *nap < Duration::from_millis(2 << n.min(6)),
            "{nap:?} before try {}",
            n + 2
        );
    }
    assert!(naps.iter().any(|nap| *nap != naps[0]), "there is jitter");
}

#[test]
fn after_ten_lost_swaps_nothing_was_done_and_no_event_is_delivered() {
    let (fixture, troubled, _) = losing(10);
    let before = fixture.device();
    let code = fixture.code();
    assert!(matches!(
        fixture.totp.authenticate(&fixture.alice, &code),
        Err(Error::Contended)
    ));
    assert_eq!(troubled.losses.load(SeqCst), 0, "ten tries");
    assert_eq!((fixture.device(), fixture.events()), (before, vec![]));
    assert_eq!(fixture.sign_in(&code), Ok(()), "the code is still good");
}

#[test]
fn after_ten_conflicts_an_operation_of_a_batch_was_not_done_either() {
    let (fixture, troubled, _) = losing(10);
    let (code, before) = (fixture.code(), fixture.device());
    let (send, receive) = mpsc::channel();
    let operation = Operation::authenticate(&fixture.alice, &code);
    let mut waiting = vec![operation.answered_by(move |answer| send.send(answer).unwrap())];
    while !waiting.is_empty() {
        let result = fixture.totp.apply_batch(waiting);
        result.answered.into_iter().for_each(|it| it.answer());
        waiting = result.conflicts.into_iter().map(|(it, _)| it).collect();
    }
    assert!(matches!(receive.recv(), Ok(Err(Error::Contended))));
    assert_eq!(troubled.losses.load(SeqCst), 0, "ten tries");
    assert_eq!((fixture.device(), fixture.events()), (before, vec![]));
}

#[test]
fn how_often_and_how_long_a_lost_swap_is_tried_can_be_set() {
    for (most_tries, longest, left) in [(3, 60, 7), (100, 4, 6), (1, 0, 9)] {
        let clock = FakeClock::at(NOON);
        let troubled = Troubled {
            losses: Arc::new(10.into()),
            slow: Some(clock.clone()),
            ..Troubled::around(Arc::new(MemoryStore::new()))
        };
        let totp = TotpService::builder(troubled.clone(), keys(&[1]))
            .clock(clock)
            .sleeper(Naps::default())
            .conflict_retries(most_tries, Duration::from_secs(longest))
            .build()
            .unwrap();
        let lost = totp.enroll(&support::user("alice"), "", None);
        assert!(matches!(lost, Err(Error::Contended)));
        assert_eq!(troubled.losses.load(SeqCst), left, "{most_tries} {longest}");
    }
}

#[test]
fn trying_again_ends_after_two_seconds() {
    let clock = FakeClock::at(NOON);
    let store = Arc::new(MemoryStore::new());
    let troubled = Troubled {
        losses: Arc::new(10.into()),
        slow: Some(clock.clone()),
        ..Troubled::around(store)
    };
    let totp = TotpService::builder(troubled.clone(), keys(&[1]))
        .clock(clock)
        .sleeper(Naps::default())
        .build()
        .unwrap();
    assert!(matches!(
        totp.enroll(&support::user("alice"), "", None),
        Err(Error::Contended)
    ));
    assert_eq!(
        troubled.losses.load(SeqCst),
        8,
        "two tries of a second each"
    );
}

#[test]
fn a_panic_in_the_function_that_receives_events_is_caught() {
    let fixture =
        Fixture::with(|builder| builder.on_event(|_, _| panic!("this test panics on purpose")));
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
    assert!(fixture.totp.status(&fixture.alice).unwrap().enabled);
    fixture.totp.flush_events();
    assert_eq!(fixture.totp.missed_events(), 1);
}

#[test]
fn a_clock_before_1970_is_a_fault() {
    struct Broken;
    impl actix_totp_core::Clock for Broken {
        fn now(&self) -> std::time::SystemTime {
            std::time::SystemTime::UNIX_EPOCH - Duration::from_secs(1)
        }
    }
    let totp = TotpService::builder(MemoryStore::new(), keys(&[1]))
        .clock(Broken)
        .build()
        .unwrap();
    assert!(matches!(
        totp.enroll(&support::user("alice"), "", None),
        Err(Error::Clock)
    ));
}

/// Whoever remembers a status must not take it for younger than it is.
#[test]
fn a_status_of_a_batch_is_for_the_time_before_it_was_read() {
    struct SlowReads(FakeClock);
    impl DeviceStore for SlowReads {
        fn load(&self, _: &UserId) -> Result<Option<Device>, StoreError> {
            self.0.advance_secs(1);
            Ok(None)
        }

        fn swap(
            &self,
            _: &UserId,
            _: Option<Version>,
            _: Option<&Device>,
        ) -> Result<bool, StoreError> {
            Ok(false)
        }

        fn page(&self, _: Option<&UserId>, _: usize) -> Result<Vec<Device>, StoreError> {
            Ok(Vec::new())
        }
    }
    let clock = FakeClock::at(NOON);
    let totp = TotpService::builder(SlowReads(clock.clone()), keys(&[1]))
        .clock(clock)
        .build()
        .unwrap();
    let statuses = totp.status_batch(&[&support::user("alice")]);
    assert!(matches!(statuses[..], [Ok((_, NOON))]));
}
