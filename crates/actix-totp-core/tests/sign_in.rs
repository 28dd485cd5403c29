//! Codes: which are accepted, and that each is accepted once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Method, Rejection};
use support::{Fixture, NOON, accepted, rejected};

#[test]
fn codes_of_the_step_before_and_after_pass_and_no_others() {
    for (steps, good) in [
        (-2_i64, false),
        (-1, true),
        (0, true),
        (1, true),
        (2, false),
    ] {
        let fixture = Fixture::new();
        fixture.enroll();
        fixture.clock.advance_secs(600);
        let now = fixture.clock.now_secs();
        fixture
            .clock
            .set(now.checked_add_signed(30 * steps).unwrap());
        let code = fixture.code();
        fixture.clock.set(now);
        assert_eq!(fixture.sign_in(&code).is_ok(), good, "{steps} steps off");
    }
}

#[test]
fn a_code_is_refused_the_second_time_in_its_step_and_in_the_next() {
    let fixture = Fixture::new();
    fixture.enroll();
    let code = fixture.code();
    assert_eq!(fixture.sign_in(&code), Ok(()));
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    fixture.clock.advance_secs(30);
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    assert_eq!(fixture.device().failures, 0, "a replay is not counted");
}

#[test]
fn the_code_that_confirmed_does_not_sign_in() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let code = fixture.code();
    accepted(fixture.totp.confirm(&fixture.alice, &code));
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
}

#[test]
fn after_the_next_code_the_one_before_it_is_refused() {
    let fixture = Fixture::new();
    fixture.enroll();
    let n = fixture.code();
    fixture.clock.advance_secs(30);
    let next = fixture.code();
    fixture.clock.set(fixture.clock.now_secs() - 30);
    assert_eq!(fixture.sign_in(&next), Ok(()));
    assert_eq!(fixture.sign_in(&n), Err(Rejection::InvalidToken));
    assert_eq!(fixture.device().failures, 0);
}

#[test]
fn a_success_tells_how_many_attempts_failed_before_it() {
    let fixture = Fixture::new();
    fixture.enroll();
    fixture.fail(2);
    assert_eq!(
        fixture.sign_in("ABCD-EFGH-JKLM-NPQR"),
        Err(Rejection::InvalidToken)
    );
    fixture.events();
    let authenticated = accepted(fixture.totp.authenticate(&fixture.alice, &fixture.code()));
    assert_eq!(
        (authenticated.failed_attempts, authenticated.method),
        (3, Method::Totp)
    );
    assert_eq!(authenticated.authenticator, Some(fixture.first()));
    assert_eq!(authenticated.proof.at, fixture.clock.now_secs());
    let user = fixture.alice.clone();
    assert_eq!(
        fixture.events(),
        [Event::Verified {
            user,
            method: Method::Totp,
            authenticator: Some(fixture.first()),
            failed_attempts: 3
        }]
    );
    fixture.clock.advance_secs(30);
    assert_eq!(
        accepted(fixture.totp.authenticate(&fixture.alice, &fixture.code())).failed_attempts,
        0
    );
}

#[test]
fn malformed_tokens_are_refused_without_being_compared_or_counted() {
    let fixture = Fixture::new();
    fixture.enroll();
    let before = fixture.device();
    for token in [
        "",
        "   ",
        "12345",
        "1234567",
        "abcdef",
        "①②③④⑤⑥",
        "12345\n",
        "ABCD-EFGH-JKLM-NPQ",
        "\0",
    ] {
        assert_eq!(
            fixture.sign_in(token),
            Err(Rejection::MalformedToken),
            "{token:?}"
        );
    }
    assert_eq!(fixture.device(), before);
    assert_eq!(fixture.events(), []);
}

#[test]
fn blanks_and_dashes_in_a_code_are_ignored() {
    let fixture = Fixture::new();
    fixture.enroll();
    let code = fixture.code();
    assert_eq!(
        fixture.sign_in(&format!(" {}-{} ", &code[..3], &code[3..])),
        Ok(())
    );
}

#[test]
fn a_clock_that_goes_back_makes_no_code_good_twice() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    fixture.clock.advance_secs(3_600);
    let ahead = fixture.code();
    assert_eq!(fixture.sign_in(&ahead), Ok(()));
    fixture.clock.set(fixture.clock.now_secs() - 3_600);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Err(Rejection::InvalidToken)
    );
    assert_eq!(fixture.sign_in(&ahead), Err(Rejection::InvalidToken));
    assert_eq!(
        fixture.sign_in(&backup[0].reveal()),
        Ok(()),
        "the way out is open"
    );
    fixture.clock.advance_secs(3_600);
    assert_eq!(fixture.sign_in(&ahead), Err(Rejection::InvalidToken));
    fixture.clock.advance_secs(30);
    assert_eq!(fixture.sign_in(&fixture.code()), Ok(()));
}

#[test]
fn without_a_second_factor_there_is_nothing_to_sign_in_with() {
    let fixture = Fixture::new();
    assert_eq!(fixture.sign_in("123456"), Err(Rejection::NoDevice));
    assert_eq!(
        rejected(fixture.totp.renew_backup_codes(&fixture.alice, "123456")),
        Rejection::NoDevice
    );
    assert_eq!(
        rejected(fixture.totp.disable(&fixture.alice, None)),
        Rejection::NoDevice
    );
    assert!(fixture.clock.now_secs() == NOON);
}
