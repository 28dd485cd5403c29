//! Codes: which are accepted, and that each is accepted once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Method, Rejection};
use support::{NOON, Scene, accepted, rejected};

#[test]
fn codes_of_the_step_before_and_after_pass_and_no_others() {
    for (steps, good) in [
        (-2_i64, false),
        (-1, true),
        (0, true),
        (1, true),
        (2, false),
    ] {
        let scene = Scene::new();
        scene.enroll();
        scene.clock.advance_secs(600);
        let now = scene.clock.now_secs();
        scene.clock.set(now.checked_add_signed(30 * steps).unwrap());
        let code = scene.code();
        scene.clock.set(now);
        assert_eq!(scene.sign_in(&code).is_ok(), good, "{steps} steps off");
    }
}

#[test]
fn a_code_is_refused_the_second_time_in_its_step_and_in_the_next() {
    let scene = Scene::new();
    scene.enroll();
    let code = scene.code();
    assert_eq!(scene.sign_in(&code), Ok(()));
    assert_eq!(scene.sign_in(&code), Err(Rejection::InvalidToken));
    scene.clock.advance_secs(30);
    assert_eq!(scene.sign_in(&code), Err(Rejection::InvalidToken));
    assert_eq!(scene.device().failures, 0, "a replay is not counted");
}

#[test]
fn the_code_that_confirmed_does_not_sign_in() {
    let scene = Scene::new();
    accepted(scene.totp.enroll(&scene.alice, "", None));
    let code = scene.code();
    accepted(scene.totp.confirm(&scene.alice, &code));
    assert_eq!(scene.sign_in(&code), Err(Rejection::InvalidToken));
}

#[test]
fn after_the_next_code_the_one_before_it_is_refused() {
    let scene = Scene::new();
    scene.enroll();
    let n = scene.code();
    scene.clock.advance_secs(30);
    let next = scene.code();
    scene.clock.set(scene.clock.now_secs() - 30);
    assert_eq!(scene.sign_in(&next), Ok(()));
    assert_eq!(scene.sign_in(&n), Err(Rejection::InvalidToken));
    assert_eq!(scene.device().failures, 0);
}

#[test]
fn a_success_tells_how_many_attempts_failed_before_it() {
    let scene = Scene::new();
    scene.enroll();
    scene.fail(2);
    assert_eq!(
        scene.sign_in("ABCD-EFGH-JKLM-NPQR"),
        Err(Rejection::InvalidToken)
    );
    scene.events();
    let authenticated = accepted(scene.totp.authenticate(&scene.alice, &scene.code()));
    assert_eq!(
        (authenticated.failed_attempts, authenticated.method),
        (3, Method::Totp)
    );
    assert_eq!(authenticated.proof.at, scene.clock.now_secs());
    let user = scene.alice.clone();
    assert_eq!(
        scene.events(),
        [Event::Verified {
            user,
            method: Method::Totp,
            failed_attempts: 3
        }]
    );
    scene.clock.advance_secs(30);
    assert_eq!(
        accepted(scene.totp.authenticate(&scene.alice, &scene.code())).failed_attempts,
        0
    );
}

#[test]
fn malformed_tokens_are_refused_without_being_compared_or_counted() {
    let scene = Scene::new();
    scene.enroll();
    let before = scene.device();
    for token in [
        "",
        "   ",
        "12345",
        "1234567",
        "abcdef",
        "１２３４５６",
        "123456\n",
        "ABCD-EFGH-JKLM-NPQ",
        "\0",
    ] {
        assert_eq!(
            scene.sign_in(token),
            Err(Rejection::MalformedToken),
            "{token:?}"
        );
    }
    assert_eq!(scene.device(), before);
    assert_eq!(scene.events(), []);
}

#[test]
fn blanks_and_dashes_in_a_code_are_ignored() {
    let scene = Scene::new();
    scene.enroll();
    let code = scene.code();
    assert_eq!(
        scene.sign_in(&format!(" {}-{} ", &code[..3], &code[3..])),
        Ok(())
    );
}

#[test]
fn a_clock_that_goes_back_makes_no_code_good_twice() {
    let scene = Scene::new();
    let backup = scene.enroll();
    scene.clock.advance_secs(3_600);
    let ahead = scene.code();
    assert_eq!(scene.sign_in(&ahead), Ok(()));
    scene.clock.set(scene.clock.now_secs() - 3_600);
    assert_eq!(scene.sign_in(&scene.code()), Err(Rejection::InvalidToken));
    assert_eq!(scene.sign_in(&ahead), Err(Rejection::InvalidToken));
    assert_eq!(
        scene.sign_in(&backup[0].reveal()),
        Ok(()),
        "the way out is open"
    );
    scene.clock.advance_secs(3_600);
    assert_eq!(scene.sign_in(&ahead), Err(Rejection::InvalidToken));
    scene.clock.advance_secs(30);
    assert_eq!(scene.sign_in(&scene.code()), Ok(()));
}

#[test]
fn without_a_second_factor_there_is_nothing_to_sign_in_with() {
    let scene = Scene::new();
    assert_eq!(scene.sign_in("123456"), Err(Rejection::NotEnabled));
    assert_eq!(
        rejected(scene.totp.renew_backup_codes(&scene.alice, "123456")),
        Rejection::NotEnabled
    );
    assert_eq!(
        rejected(scene.totp.disable(&scene.alice, None)),
        Rejection::NotEnabled
    );
    assert!(scene.clock.now_secs() == NOON);
}
