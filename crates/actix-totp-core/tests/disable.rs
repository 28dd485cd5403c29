//! Turning the second factor off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Method, Rejection};
use support::{Fixture, accepted, rejected};

#[test]
fn a_proof_from_before_is_no_proof_of_the_next_enrollment() {
    let fixture = Fixture::new();
    let old_backup = fixture.enroll();
    let proof = accepted(fixture.totp.authenticate(&fixture.alice, &fixture.code())).proof;
    let old_codes: Vec<String> = (1..10)
        .map(|n| {
            fixture.clock.advance_secs(30 * n);
            let code = fixture.code();
            fixture.clock.set(fixture.clock.now_secs() - 30 * n);
            code
        })
        .collect();
    fixture.clock.advance_secs(30);
    accepted(fixture.totp.disable(&fixture.alice, Some(&old_codes[0])));
    assert!(!fixture.totp.status(&fixture.alice).unwrap().accepts(&proof));
    fixture.enroll();
    assert!(!fixture.totp.status(&fixture.alice).unwrap().accepts(&proof));
    for token in [&old_codes[3], &old_backup[1].reveal()] {
        assert_eq!(fixture.sign_in(token), Err(Rejection::InvalidToken));
    }
}

#[test]
fn a_spent_code_a_malformed_one_and_none_turn_nothing_off_and_are_not_counted() {
    let fixture = Fixture::new();
    fixture.enroll();
    let code = fixture.code();
    fixture.sign_in(&code).unwrap();
    let before = fixture.device();
    for (token, why) in [
        (Some(code.as_str()), Rejection::InvalidToken),
        (Some("12345"), Rejection::MalformedToken),
        (Some("\t"), Rejection::TokenNeeded),
        (None, Rejection::TokenNeeded),
    ] {
        assert_eq!(rejected(fixture.totp.disable(&fixture.alice, token)), why);
    }
    assert_eq!(fixture.device(), before);
}

#[test]
fn while_codes_wait_only_a_backup_code_turns_it_off() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    fixture.fail(5);
    let code = fixture.code();
    assert!(matches!(
        rejected(fixture.totp.disable(&fixture.alice, Some(&code))),
        Rejection::Throttled { .. }
    ));
    fixture.fail(95);
    let code = fixture.code();
    let refused = rejected(fixture.totp.disable(&fixture.alice, Some(&code)));
    assert_eq!(refused, Rejection::Locked);
    accepted(
        fixture
            .totp
            .disable(&fixture.alice, Some(&backup[0].reveal())),
    );
}

#[test]
fn a_pending_replacement_opens_no_way_to_turn_it_off_without_the_live_secret() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    let pending_code = fixture.code();
    let disable = |token: Option<&str>| rejected(fixture.totp.disable(&fixture.alice, token));
    assert_eq!(disable(None), Rejection::TokenNeeded);
    assert_eq!(disable(Some(&pending_code)), Rejection::InvalidToken);
    fixture.clock.advance_secs(901);
    assert_eq!(disable(None), Rejection::TokenNeeded, "expired or not");
    assert!(fixture.totp.status(&fixture.alice).unwrap().enabled);
}

#[test]
fn the_code_that_turned_it_off_is_of_no_use_to_a_rival() {
    let fixture = Fixture::new();
    fixture.enroll();
    let code = fixture.code();
    accepted(fixture.totp.disable(&fixture.alice, Some(&code)));
    assert_eq!(fixture.sign_in(&code), Err(Rejection::NoDevice));
    assert_eq!(
        rejected(fixture.totp.disable(&fixture.alice, Some(&code))),
        Rejection::NoDevice
    );
}

#[test]
fn disabling_needs_a_good_token_and_deletes_the_device() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    for none in [None, Some(""), Some("  ")] {
        assert_eq!(
            rejected(fixture.totp.disable(&fixture.alice, none)),
            Rejection::TokenNeeded
        );
    }
    let wrong = fixture.wrong_code();
    assert_eq!(
        rejected(fixture.totp.disable(&fixture.alice, Some(&wrong))),
        Rejection::InvalidToken
    );
    assert_eq!(fixture.device().failures, 1);
    fixture.events();
    accepted(fixture.totp.disable(&fixture.alice, Some(&fixture.code())));
    assert_eq!(
        fixture.totp.status(&fixture.alice).unwrap(),
        actix_totp_core::Status::default()
    );
    assert_eq!(
        fixture.events(),
        [Event::Disabled {
            user: fixture.alice.clone(),
            method: Method::Totp
        }]
    );
    assert_eq!(
        fixture.sign_in(&backup[0].reveal()),
        Err(Rejection::NoDevice)
    );

    let backup = fixture.enroll();
    accepted(
        fixture
            .totp
            .disable(&fixture.alice, Some(&backup[0].reveal())),
    );
}

#[test]
fn a_pending_device_is_disabled_without_a_token() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    accepted(fixture.totp.disable(&fixture.alice, None));
    assert_eq!(fixture.totp.code_for(&fixture.alice).unwrap(), None);
}
