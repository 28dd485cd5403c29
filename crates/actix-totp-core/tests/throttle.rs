//! What failures cost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::time::Duration;

use actix_totp_core::{Event, Rejection};
use support::{Scene, accepted, rejected};

fn throttled(secs: u64) -> Result<(), Rejection> {
    Err(Rejection::Throttled {
        retry_after: Duration::from_secs(secs),
    })
}

#[test]
fn the_whole_schedule_up_to_the_lock() {
    let scene = Scene::new();
    scene.enroll();
    let mut waits = Vec::new();
    for failures in 1..=100_u32 {
        scene.fail(1);
        assert_eq!(scene.device().failures, failures);
        let status = scene.totp.status(&scene.alice).unwrap();
        waits.push(status.retry_after.map_or(0, |wait| wait.as_secs()));
        assert_eq!(status.locked, failures == 100);
    }
    // 30 s doubling to an hour; from the twentieth in a day on, an hour; the hundredth locks.
    let mut expected = vec![0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920];
    expected.resize(99, 3600);
    expected.push(0);
    assert_eq!(waits, expected);

    assert_eq!(scene.sign_in(&scene.code()), Err(Rejection::Locked));
    scene.clock.advance_secs(365 * 86_400);
    assert_eq!(
        scene.sign_in(&scene.code()),
        Err(Rejection::Locked),
        "time does not unlock"
    );
}

#[test]
fn a_right_code_while_waiting_is_refused_and_still_good_afterwards() {
    let scene = Scene::new();
    scene.enroll();
    scene.fail(5);
    let before = scene.device();
    let code = {
        scene.clock.advance_secs(30);
        let code = scene.code();
        scene.clock.set(scene.clock.now_secs() - 30);
        code
    };
    assert_eq!(scene.sign_in(&code), throttled(30));
    assert_eq!(scene.sign_in(&scene.wrong_code()), throttled(30));
    assert_eq!(
        scene.device(),
        before,
        "while waiting nothing is compared and nothing counted"
    );
    scene.clock.advance_secs(30);
    assert_eq!(scene.sign_in(&code), Ok(()));
    assert_eq!(scene.device().failures, 0);
}

#[test]
fn throttled_is_told_once_per_wait_and_locked_once() {
    let scene = Scene::new();
    scene.enroll();
    scene.fail(5);
    for _ in 0..10 {
        assert_eq!(scene.sign_in(&scene.wrong_code()), throttled(30));
    }
    let told = scene.events();
    let throttles = told
        .iter()
        .filter(|event| matches!(event, Event::Throttled { .. }))
        .count();
    assert_eq!(
        (told.len(), throttles),
        (6, 1),
        "five rejections and one wait"
    );
    scene.fail(95);
    let told = scene.events();
    assert_eq!(
        told.iter()
            .filter(|event| matches!(event, Event::Locked { .. }))
            .count(),
        1
    );
}

#[test]
fn a_backup_code_opens_the_lock_and_so_does_an_operator() {
    let scene = Scene::new();
    let backup = scene.enroll();
    scene.fail(100);
    assert_eq!(scene.sign_in(&scene.code()), Err(Rejection::Locked));
    assert_eq!(scene.sign_in(&backup[0].reveal()), Ok(()));
    assert_eq!(scene.device().failures, 0);
    scene.clock.advance_secs(3_600); // twenty failures in 24 hours still leave one code an hour
    assert_eq!(scene.sign_in(&scene.code()), Ok(()));

    scene.fail(100);
    assert!(scene.totp.unlock(&scene.alice).unwrap());
    scene.clock.advance_secs(30);
    assert_eq!(
        scene.sign_in(&scene.code()),
        Ok(()),
        "an operator's unlock clears both counts"
    );
}

#[test]
fn twenty_failures_in_a_day_leave_one_code_an_hour_whatever_succeeds_in_between() {
    let scene = Scene::new();
    let backup = scene.enroll();
    for code in &backup[..4] {
        scene.fail(4);
        assert_eq!(scene.sign_in(&code.reveal()), Ok(()));
    }
    scene.fail(4);
    assert_eq!(
        scene.device().failures,
        4,
        "four in a row would cost nothing"
    );
    assert_eq!(scene.sign_in(&scene.code()), throttled(3_600));
    scene.clock.advance_secs(3_600);
    assert_eq!(scene.sign_in(&scene.code()), Ok(()));
    scene.fail(1);
    assert_eq!(
        scene.sign_in(&scene.code()),
        throttled(3_600),
        "the success has not refilled the allowance"
    );
    scene.clock.advance_secs(86_400);
    scene.fail(3);
    assert_eq!(
        scene.sign_in(&scene.code()),
        Ok(()),
        "a day later it is full again"
    );
}

#[test]
fn failures_of_a_pending_replacement_count_on_the_live_credential() {
    let scene = Scene::new();
    scene.enroll();
    let token = scene.code();
    accepted(scene.totp.enroll(&scene.alice, "", Some(&token)));
    let wrong = scene.wrong_code();
    for failures in 1..=5 {
        assert_eq!(
            rejected(scene.totp.confirm(&scene.alice, &wrong)),
            Rejection::InvalidToken
        );
        assert_eq!(scene.device().failures, failures);
    }
    assert_eq!(scene.sign_in("000000"), throttled(30));
    assert!(matches!(
        rejected(scene.totp.confirm(&scene.alice, &wrong)),
        Rejection::Throttled { .. }
    ));
    // Expiry does not clear it, nor does asking for another without a token.
    scene.clock.advance_secs(3_600);
    assert_eq!(
        rejected(scene.totp.confirm(&scene.alice, &scene.code())),
        Rejection::EnrollmentExpired
    );
    assert_eq!(
        rejected(scene.totp.enroll(&scene.alice, "", None)),
        Rejection::AlreadyConfirmed
    );
    assert_eq!(
        rejected(scene.totp.disable(&scene.alice, None)),
        Rejection::TokenNeeded
    );
    assert_eq!(scene.device().failures, 5);
}

#[test]
fn no_kind_of_success_refills_the_allowance_of_the_day() {
    let scene = Scene::new();
    let mut backup = scene.enroll();
    scene.fail(20);
    let recent = scene.device().recent_failures;
    let mut token = || backup.remove(0).reveal();
    scene.sign_in(&token()).unwrap();
    accepted(scene.totp.enroll(&scene.alice, "", Some(&token())));
    scene.totp.end_all_proofs(&scene.alice).unwrap();
    assert_eq!(scene.device().failures, 0);
    assert_eq!(scene.sign_in("000000"), throttled(3_600));
    assert_eq!(scene.device().recent_failures, recent);

    let live = Scene::new();
    live.enroll();
    live.fail(20);
    live.clock.advance_secs(3_600);
    let recent = live.device().recent_failures;
    accepted(live.totp.renew_backup_codes(&live.alice, &live.code()));
    assert_eq!(live.device().failures, 0);
    assert_eq!(live.device().recent_failures, recent);
}
