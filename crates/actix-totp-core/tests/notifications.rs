//! How events reach the application: with which context, and what becomes of a slow or a panicking function.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering::SeqCst},
    mpsc,
};

use actix_totp_core::{
    Device, DeviceStore, Event, EventContext, FakeClock, MemoryStore, Operation, Rejection,
    Sleeper, StoreError, TotpService, UserId, Version,
};
use support::{Fixture, NOON, accepted, keys, rejected, user};

const WRONG: &str = "ABCD-EFGH-JKLM-NPQR";

/// Loses some swaps.
struct Losing(MemoryStore, Arc<AtomicU32>);

impl DeviceStore for Losing {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.0.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let less = |left: u32| left.checked_sub(1);
        if self.1.fetch_update(SeqCst, SeqCst, less).is_ok() {
            return Ok(false);
        }
        self.0.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.0.page(after, limit)
    }
}

struct NoSleep;

impl Sleeper for NoSleep {
    fn sleep(&self, _: std::time::Duration) {}
}

#[test]
fn however_often_a_swap_is_lost_its_events_are_delivered_once() {
    let (notified, losses) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let counter = Arc::clone(&notified);
    let store = Losing(MemoryStore::new(), Arc::clone(&losses));
    let totp = TotpService::builder(store, keys(&[1]))
        .clock(FakeClock::at(NOON))
        .sleeper(NoSleep)
        .on_event(move |_, _| {
            counter.fetch_add(1, SeqCst);
        })
        .build()
        .unwrap();
    let alice = user("alice");
    let expect = |events| {
        totp.flush_events();
        assert_eq!(losses.swap(5, SeqCst), 0, "all were lost");
        assert_eq!(notified.swap(0, SeqCst), events);
    };
    expect(0);
    accepted(totp.enroll(&alice, "", None));
    expect(0);
    let code = totp.code_for(&alice).unwrap().unwrap();
    accepted(totp.confirm(&alice, &code));
    expect(1);
    assert!(
        totp.authenticate(&alice, WRONG)
            .unwrap()
            .rejected()
            .is_some()
    );
    expect(1);
    assert!(totp.unlock(&alice).unwrap());
    expect(1);
    assert!(totp.reset(&alice).unwrap());
    expect(1);
}

#[test]
fn events_carry_the_context_of_the_service_or_of_the_operation() {
    let contexts: Arc<Mutex<Vec<EventContext>>> = Arc::default();
    let seen = Arc::clone(&contexts);
    let fixture = Fixture::with(|builder| {
        builder.on_event(move |_, context| seen.lock().unwrap().push(context.clone()))
    });
    fixture.enroll();
    let operator = EventContext::new().actor("support: jane");
    let by_operator = fixture.totp.with_context(operator.clone());
    by_operator.unlock(&fixture.alice).unwrap();
    let request = Arc::new(EventContext::new().request_id("17").user_agent("curl/8"));
    let sign_in =
        Operation::authenticate(&fixture.alice, WRONG).with_context(Some(Arc::clone(&request)));
    assert_eq!(
        rejected(by_operator.apply(&sign_in)),
        Rejection::InvalidToken
    );
    fixture.totp.flush_events();
    let contexts = contexts.lock().unwrap();
    assert_eq!(
        *contexts,
        [EventContext::new(), operator, (*request).clone()]
    );
}

#[test]
fn a_user_agent_is_cut_at_a_character() {
    let long = "é".repeat(200);
    let kept = EventContext::new().user_agent(&long).user_agent.unwrap();
    assert_eq!(kept, "é".repeat(128));
}

#[test]
fn whoever_is_too_slow_misses_events_and_holds_up_nobody() {
    let (release, gate) = mpsc::channel::<()>();
    let notified = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&notified);
    let fixture = Fixture::with(|builder| {
        builder.max_queued_events(2).on_event(move |_, _| {
            let _ = gate.recv();
            counter.fetch_add(1, SeqCst);
        })
    });
    let (totp, alice) = (&fixture.totp, &fixture.alice);
    accepted(totp.enroll(alice, "", None));
    accepted(totp.confirm(alice, &fixture.code()));
    for _ in 0..20 {
        assert!(totp.unlock(alice).unwrap(), "nobody waits for the function");
    }
    drop(release);
    totp.flush_events();
    let (notified, missed) = (notified.load(SeqCst), totp.missed_events());
    assert_eq!(u64::from(notified) + missed, 21);
    assert!(
        (2..=3).contains(&notified),
        "one under way, two queued: {notified}"
    );
}

#[test]
fn what_was_queued_is_delivered_after_the_last_handle_is_gone() {
    let (told, events) = mpsc::channel();
    let fixture = Fixture::with(|builder| {
        builder.on_event(move |event, _| told.send(event.clone()).unwrap())
    });
    fixture.enroll();
    drop(fixture);
    assert!(matches!(events.recv(), Ok(Event::Enrolled { .. })));
    assert!(events.recv().is_err(), "the thread has ended");
}

#[test]
fn a_function_that_panics_costs_the_others_nothing() {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let log = Arc::clone(&events);
    let fixture = Fixture::with(|builder| {
        builder
            .on_event(|_, _| panic!("this test panics on purpose"))
            .on_event(move |event, _| log.lock().unwrap().push(event.clone()))
    });
    fixture.enroll();
    fixture.totp.unlock(&fixture.alice).unwrap();
    fixture.totp.flush_events();
    assert_eq!(events.lock().unwrap().len(), 2);
    assert_eq!(
        fixture.totp.missed_events(),
        2,
        "those of the one that panics"
    );
}

/// Somebody makes as many events as they like on an account of their own.
#[test]
fn a_flood_of_events_of_one_user_leaves_room_for_the_others() {
    let (release, gate) = mpsc::channel::<()>();
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let log = Arc::clone(&events);
    let fixture = Fixture::with(|builder| {
        builder.max_queued_events(256).on_event(move |event, _| {
            let _ = gate.recv();
            log.lock().unwrap().push(event.clone());
        })
    });
    let (totp, alice, mallory) = (&fixture.totp, &fixture.alice, user("mallory"));
    accepted(totp.enroll(&mallory, "", None));
    accepted(totp.enroll(alice, "", None));
    for _ in 0..1_000 {
        assert!(totp.unlock(&mallory).unwrap());
    }
    assert!(totp.reset(alice).unwrap());
    drop(release);
    totp.flush_events();
    let events = events.lock().unwrap();
    let user = alice.clone();
    assert_eq!(events.last(), Some(&Event::Reset { user }));
    assert_eq!(events.len(), 17, "sixteen of mallory's");
    assert_eq!(totp.missed_events(), 1_000 - 16);
}

#[test]
fn delivered_events_make_room_for_more_of_the_same_user() {
    let fixture = Fixture::with(|builder| builder.max_queued_events(16));
    fixture.enroll();
    for _ in 0..20 {
        assert!(fixture.totp.unlock(&fixture.alice).unwrap());
        fixture.totp.flush_events();
    }
    assert_eq!(fixture.totp.missed_events(), 0);
}

#[test]
fn a_function_that_asks_for_a_flush_does_not_wait_for_itself() {
    let totp: Arc<Mutex<Option<actix_totp_core::TotpService>>> = Arc::default();
    let of_handler = Arc::clone(&totp);
    let flushed = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&flushed);
    let fixture = Fixture::with(|builder| {
        builder.on_event(move |_, _| {
            if let Some(totp) = of_handler.lock().unwrap().take() {
                totp.flush_events();
                counter.fetch_add(1, SeqCst);
            }
        })
    });
    *totp.lock().unwrap() = Some(fixture.totp.clone());
    fixture.enroll();
    assert_eq!(flushed.load(SeqCst), 1);
}
