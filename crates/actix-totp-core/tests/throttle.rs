//! What failures cost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::time::Duration;

use actix_totp_core::{Event, Rejection};
use support::{Fixture, accepted};

fn throttled(secs: u64) -> Result<(), Rejection> {
    Err(Rejection::Throttled {
        retry_after: Duration::from_secs(secs),
    })
}

#[test]
fn the_whole_schedule_up_to_the_lock() {
    let fixture = Fixture::new();
    fixture.enroll();
    let mut waits = Vec::new();
    for failures in 1..=100_u32 {
        fixture.fail(1);
        assert_eq!(fixture.device().failures, failures);
        let status = fixture.totp.status(&fixture.alice).unwrap();
        waits.push(status.retry_after.map_or(0, |wait| wait.as_secs()));
        assert_eq!(status.locked, failures == 100);
    }
    // 30 s doubling to an hour; from the twentieth in a day on, an hour; the hundredth locks.
    let mut expected = vec![0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920];
    expected.resize(99, 3600);
    expected.push(0);
    assert_eq!(waits, expected);

    assert_eq!(fixture.sign_in(&fixture.code()), Err(Rejection::Locked));
    fixture.clock.advance_secs(365 * 86_400);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Err(Rejection::Locked),
        "time does not unlock"
    );
}

#[test]
fn a_right_code_while_waiting_is_refused_and_still_good_afterwards() {
    let fixture = Fixture::new();
    fixture.enroll();
    fixture.fail(5);
    let before = fixture.device();
    let code = {
        fixture.clock.advance_secs(30);
        let code = fixture.code();
        fixture.clock.set(fixture.clock.now_secs() - 30);
        code
    };
    assert_eq!(fixture.sign_in(&code), throttled(30));
    assert_eq!(fixture.sign_in(&fixture.wrong_code()), throttled(30));
    assert_eq!(
        fixture.device(),
        before,
        "while waiting nothing is compared and nothing counted"
    );
    fixture.clock.advance_secs(30);
    assert_eq!(fixture.sign_in(&code), Ok(()));
    assert_eq!(fixture.device().failures, 0);
}

#[test]
fn throttled_is_reported_once_per_wait_and_locked_once() {
    let fixture = Fixture::new();
    fixture.enroll();
    fixture.fail(5);
    for _ in 0..10 {
        assert_eq!(fixture.sign_in(&fixture.wrong_code()), throttled(30));
    }
    let events = fixture.events();
    let throttles = events
        .iter()
        .filter(|event| matches!(event, Event::Throttled { .. }))
        .count();
    assert_eq!(
        (events.len(), throttles),
        (6, 1),
        "five rejections and one wait"
    );
    fixture.fail(95);
    let events = fixture.events();
    assert_eq!(
        events
            .iter()
            .filter(|event| matches!(event, Event::Locked { .. }))
            .count(),
        1
    );
}

#[test]
fn a_backup_code_opens_the_lock_and_so_does_an_operator() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    fixture.fail(100);
    assert_eq!(fixture.sign_in(&fixture.code()), Err(Rejection::Locked));
    assert_eq!(fixture.sign_in(&backup[0].reveal()), Ok(()));
    assert_eq!(fixture.device().failures, 0);
    fixture.clock.advance_secs(3_600); // twenty failures in 24 hours still leave one code an hour
    assert_eq!(fixture.sign_in(&fixture.code()), Ok(()));

    fixture.fail(100);
    assert!(fixture.totp.unlock(&fixture.alice).unwrap());
    fixture.clock.advance_secs(30);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Ok(()),
        "an operator's unlock clears both counts"
    );
}

#[test]
fn twenty_failures_in_a_day_leave_one_code_an_hour_whatever_succeeds_in_between() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    for code in &backup[..4] {
        fixture.fail(4);
        assert_eq!(fixture.sign_in(&code.reveal()), Ok(()));
    }
    fixture.fail(4);
    assert_eq!(
        fixture.device().failures,
        4,
        "four in a row would cost nothing"
    );
    assert_eq!(fixture.sign_in(&fixture.code()), throttled(3_600));
    fixture.clock.advance_secs(3_600);
    assert_eq!(fixture.sign_in(&fixture.code()), Ok(()));
    fixture.fail(1);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        throttled(3_600),
        "the success has not refilled the allowance"
    );
    fixture.clock.advance_secs(86_400);
    fixture.fail(3);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Ok(()),
        "a day later it is full again"
    );
}

#[test]
fn no_kind_of_success_refills_the_allowance_of_the_day() {
    let fixture = Fixture::new();
    let mut backup = fixture.enroll();
    fixture.fail(20);
    let recent = fixture.device().recent_failures;
    let mut token = || backup.remove(0).reveal();
    fixture.sign_in(&token()).unwrap();
    accepted(fixture.totp.enroll(&fixture.alice, "", Some(&token())));
    fixture.totp.end_all_proofs(&fixture.alice).unwrap();
    assert_eq!(fixture.device().failures, 0);
    assert_eq!(fixture.sign_in("000000"), throttled(3_600));
    assert_eq!(fixture.device().recent_failures, recent);

    let live = Fixture::new();
    live.enroll();
    live.fail(20);
    live.clock.advance_secs(3_600);
    let recent = live.device().recent_failures;
    accepted(live.totp.renew_backup_codes(&live.alice, &live.code()));
    assert_eq!(live.device().failures, 0);
    assert_eq!(live.device().recent_failures, recent);
}
