//! The deadline by which a user must have set up the second factor: it begins once, and nothing renews it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier},
    time::{Duration, SystemTime},
};

use actix_totp_core::{
    Device, DeviceStore, Error, Event, Grace, MemoryStore, Operation, Outcome, Rejection,
    SeededRandomness, TotpService, UserId,
};
use support::{Fixture, NOON, accepted, keys, rejected};

const DAY: u64 = 86_400;
const FORTNIGHT: Grace = Grace::per_user(Duration::from_secs(14 * DAY));
const DEADLINE: u64 = NOON + 14 * DAY;

fn note(totp: &TotpService, user: &UserId, grace: Grace) -> Result<Outcome<u64>, Error> {
    totp.apply(&Operation::note_setup_deadline(user, grace))
}

/// alice, whose time has begun at noon.
fn due() -> Fixture {
    let fixture = Fixture::new();
    let required_by = accepted(note(&fixture.totp, &fixture.alice, FORTNIGHT));
    assert_eq!(required_by, DEADLINE);
    fixture
}

/// Whether all that is left is the deadline, in a row that is no device to its user.
#[track_caller]
fn assert_only_the_deadline_is_left(fixture: &Fixture) {
    let device = fixture.device();
    let bare = Device {
        setup_required_by: Some(DEADLINE),
        ..device.clone()
    };
    assert_eq!(device, bare);
    assert_eq!((device.confirmed_at, device.pending_at), (None, None));
    assert_eq!((device.failures, device.backup_codes_remaining), (0, 0));
    assert!(device.authenticators.is_empty() && device.last_used_at.is_none());
    let status = fixture.totp.status(&fixture.alice).unwrap();
    assert!(!status.enabled && !status.pending && status.epoch.is_none());
    assert_eq!(status.setup_required_by, Some(DEADLINE));
}

#[test]
fn a_row_that_holds_a_deadline_alone_is_no_device_to_its_user() {
    let fixture = due();
    let (totp, alice) = (&fixture.totp, &fixture.alice);
    assert_only_the_deadline_is_left(&fixture);
    assert_eq!(totp.code_for(alice).unwrap(), None);
    let before = fixture.device();
    assert_eq!(fixture.sign_in("123456"), Err(Rejection::NoDevice));
    assert_eq!(fixture.confirm("123456"), Err(Rejection::NotGenerated));
    assert_eq!(rejected(totp.disable(alice, None)), Rejection::NoDevice);
    for done in [
        totp.unlock(alice),
        totp.reset(alice),
        totp.end_all_proofs(alice),
    ] {
        assert!(!done.unwrap(), "there is no device");
    }
    assert_eq!(fixture.device(), before);
    assert_eq!(fixture.events(), []);
    totp.check().unwrap();
    assert!(totp.reseal_all(None).unwrap().failures.is_empty());

    fixture.enroll();
    assert!(totp.status(alice).unwrap().enabled);
    assert_eq!(fixture.device().setup_required_by, Some(DEADLINE));
}

#[test]
fn nothing_that_a_user_or_an_operator_does_renews_it() {
    let fixture = due();
    let (totp, alice) = (&fixture.totp, &fixture.alice);
    let still = |fixture: &Fixture| {
        assert_only_the_deadline_is_left(fixture);
        fixture.clock.advance_secs(60);
        assert_eq!(
            accepted(note(&fixture.totp, &fixture.alice, FORTNIGHT)),
            DEADLINE
        );
    };

    accepted(totp.enroll(alice, "", None));
    accepted(totp.disable(alice, None)); // while pending
    still(&fixture);

    let backup = fixture.enroll();
    let proof = fixture.proof();
    accepted(totp.disable(alice, Some(&backup[0].reveal())));
    assert!(!totp.status(alice).unwrap().accepts(&proof));
    still(&fixture);

    fixture.enroll();
    fixture.fail(3);
    assert!(totp.reset(alice).unwrap());
    still(&fixture);

    accepted(totp.enroll(alice, "", None));
    let wrong = fixture.wrong_code();
    for n in 1..=10 {
        let why = fixture.confirm(&wrong).unwrap_err();
        assert_eq!(why == Rejection::EnrollmentDiscarded, n == 10, "{why:?}");
    }
    still(&fixture);

    // Over, and still the same: other graces change nothing about it.
    fixture.clock.set(DEADLINE + DAY);
    let year = Grace::per_user(Duration::from_secs(365 * DAY));
    for grace in [FORTNIGHT, year] {
        assert_eq!(accepted(note(totp, alice, grace)), DEADLINE);
    }
    assert_only_the_deadline_is_left(&fixture);
}

#[test]
fn a_reset_keeps_it_though_the_box_does_not_open() {
    let fixture = due();
    fixture.enroll();
    let lost = TotpService::builder(Arc::clone(&fixture.store), keys(&[9]))
        .clock(fixture.clock.clone())
        .build()
        .unwrap();
    assert!(lost.authenticate(&fixture.alice, "123456").is_err());
    assert!(lost.reset(&fixture.alice).unwrap());
    assert_only_the_deadline_is_left(&fixture);
    let _ = lost.enroll(&fixture.alice, "", None).unwrap();
}

#[test]
fn whose_key_is_lost_while_there_is_a_deadline_alone_enrolls_anew() {
    let fixture = due();
    let lost = TotpService::builder(Arc::clone(&fixture.store), keys(&[9]))
        .clock(fixture.clock.clone())
        .build()
        .unwrap();
    lost.check().unwrap();
    fixture.clock.set(DEADLINE - DAY);
    assert_eq!(accepted(note(&lost, &fixture.alice, FORTNIGHT)), DEADLINE);
    let _ = accepted(lost.enroll(&fixture.alice, "", None));
    let code = lost.code_for(&fixture.alice).unwrap().unwrap();
    let _ = accepted(lost.confirm(&fixture.alice, &code));
    assert_eq!(fixture.device().setup_required_by, Some(DEADLINE));
}

#[test]
fn deleting_a_user_leaves_nothing() {
    let fixture = due();
    fixture.enroll();
    assert!(fixture.totp.delete(&fixture.alice).unwrap());
    assert!(fixture.store.load(&fixture.alice).unwrap().is_none());
    let deleted = Event::Deleted {
        user: fixture.alice.clone(),
    };
    assert_eq!(fixture.events(), [deleted]);
    assert!(!fixture.totp.delete(&fixture.alice).unwrap());
}

#[test]
fn whoever_has_a_second_factor_is_given_no_deadline() {
    let fixture = Fixture::new();
    fixture.enroll();
    let before = fixture.device();
    let refused = rejected(note(&fixture.totp, &fixture.alice, FORTNIGHT));
    assert_eq!(refused, Rejection::AlreadyConfirmed);
    assert_eq!(fixture.device(), before);
}

#[test]
fn a_date_for_all_writes_nothing_before_its_first_reminder() {
    let fixture = Fixture::new();
    let until = |secs: u64| Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(secs));
    for (date, now) in [(DEADLINE, NOON), (NOON, NOON), (NOON - 1, NOON)] {
        fixture.clock.set(now);
        assert_eq!(
            accepted(note(&fixture.totp, &fixture.alice, until(date))),
            date
        );
        assert!(fixture.store.load(&fixture.alice).unwrap().is_none());
    }
    fixture.clock.set(DEADLINE - DAY);
    let noted = || accepted(note(&fixture.totp, &fixture.alice, until(DEADLINE)));
    assert_eq!(noted(), DEADLINE);
    assert_eq!(fixture.events().len(), 1);
    assert_eq!(fixture.device().setup_required_by, None);

    // Nothing that the user does forgets the reminder.
    fixture.enroll();
    assert!(fixture.totp.reset(&fixture.alice).unwrap());
    fixture.events();
    assert_eq!(noted(), DEADLINE);
    assert_eq!(fixture.events(), []);
}

#[test]
fn after_a_date_for_all_a_time_for_each_user_begins_when_the_user_is_seen() {
    let fixture = Fixture::new();
    let until = Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON + DAY));
    accepted(note(&fixture.totp, &fixture.alice, until));
    assert_eq!(fixture.events().len(), 1);
    let required_by = accepted(note(&fixture.totp, &fixture.alice, FORTNIGHT));
    assert_eq!(required_by, DEADLINE);
    assert_eq!(fixture.device().setup_required_by, Some(DEADLINE));
    fixture.clock.set(DEADLINE - DAY);
    accepted(note(&fixture.totp, &fixture.alice, FORTNIGHT));
    assert_eq!(fixture.events().len(), 1, "it has reminders of its own");
}

/// Two processes over one store, and what both deliver.
struct Two {
    services: [TotpService; 2],
    clock: actix_totp_core::FakeClock,
    events: std::sync::mpsc::Receiver<Event>,
    alice: UserId,
}

impl Two {
    fn new() -> Self {
        let (store, clock) = (
            Arc::new(MemoryStore::new()),
            actix_totp_core::FakeClock::at(NOON),
        );
        let (told, events) = std::sync::mpsc::channel();
        let services = [1, 2].map(|seed| {
            let told = told.clone();
            TotpService::builder(Arc::clone(&store), keys(&[1]))
                .clock(clock.clone())
                .randomness(SeededRandomness::new(seed))
                .conflict_retries(100, Duration::from_secs(30))
                .on_event(move |event, _| told.send(event.clone()).unwrap())
                .build()
                .unwrap()
        });
        Self {
            services,
            clock,
            events,
            alice: support::user("alice"),
        }
    }

    /// What 32 threads of both processes are answered at the same moment, and the events that follow.
    fn race(&self) -> (BTreeSet<u64>, Vec<Event>) {
        let ready = Barrier::new(32);
        let answers = std::thread::scope(|scope| {
            let noting: Vec<_> = (0..32)
                .map(|n| {
                    let (totp, alice, ready) = (&self.services[n % 2], &self.alice, &ready);
                    scope.spawn(move || {
                        ready.wait();
                        accepted(note(totp, alice, FORTNIGHT))
                    })
                })
                .collect();
            noting.into_iter().map(|it| it.join().unwrap()).collect()
        });
        self.services.iter().for_each(TotpService::flush_events);
        (answers, self.events.try_iter().collect())
    }
}

#[test]
fn of_32_at_once_in_two_processes_one_begins_the_time_and_each_reminder_is_delivered_once() {
    let two = Two::new();
    let reminder = Event::SetupDue {
        user: two.alice.clone(),
        required_by: DEADLINE,
    };
    for (left, reminders) in [
        (14 * DAY, 0),
        (7 * DAY + 1, 0),
        (7 * DAY, 1),
        (2 * DAY, 0),
        (DAY, 1),
        (1, 0),
        (0, 0),
    ] {
        two.clock.set(DEADLINE - left);
        let (answers, events) = two.race();
        assert_eq!(answers, BTreeSet::from([DEADLINE]));
        assert_eq!(
            events,
            vec![reminder.clone(); reminders],
            "{left} s are left"
        );
    }
}
