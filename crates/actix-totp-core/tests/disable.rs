//! Turning the second factor off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Method, Rejection};
use support::{Scene, accepted, rejected};

#[test]
fn a_proof_from_before_is_no_proof_of_the_next_enrollment() {
    let scene = Scene::new();
    let old_backup = scene.enroll();
    let proof = accepted(scene.totp.authenticate(&scene.alice, &scene.code())).proof;
    let old_codes: Vec<String> = (1..10)
        .map(|n| {
            scene.clock.advance_secs(30 * n);
            let code = scene.code();
            scene.clock.set(scene.clock.now_secs() - 30 * n);
            code
        })
        .collect();
    scene.clock.advance_secs(30);
    accepted(scene.totp.disable(&scene.alice, Some(&old_codes[0])));
    assert!(!scene.totp.status(&scene.alice).unwrap().accepts(&proof));
    scene.enroll();
    assert!(!scene.totp.status(&scene.alice).unwrap().accepts(&proof));
    for token in [&old_codes[3], &old_backup[1].reveal()] {
        assert_eq!(scene.sign_in(token), Err(Rejection::InvalidToken));
    }
}

#[test]
fn a_spent_code_a_malformed_one_and_none_turn_nothing_off_and_are_not_counted() {
    let scene = Scene::new();
    scene.enroll();
    let code = scene.code();
    scene.sign_in(&code).unwrap();
    let before = scene.device();
    for (token, why) in [
        (Some(code.as_str()), Rejection::InvalidToken),
        (Some("12345"), Rejection::MalformedToken),
        (Some("\t"), Rejection::TokenNeeded),
        (None, Rejection::TokenNeeded),
    ] {
        assert_eq!(rejected(scene.totp.disable(&scene.alice, token)), why);
    }
    assert_eq!(scene.device(), before);
}

#[test]
fn while_codes_wait_only_a_backup_code_turns_it_off() {
    let scene = Scene::new();
    let backup = scene.enroll();
    scene.fail(5);
    let code = scene.code();
    assert!(matches!(
        rejected(scene.totp.disable(&scene.alice, Some(&code))),
        Rejection::Throttled { .. }
    ));
    scene.fail(95);
    let code = scene.code();
    let refused = rejected(scene.totp.disable(&scene.alice, Some(&code)));
    assert_eq!(refused, Rejection::Locked);
    accepted(scene.totp.disable(&scene.alice, Some(&backup[0].reveal())));
}

#[test]
fn a_pending_replacement_opens_no_way_to_turn_it_off_without_the_live_secret() {
    let scene = Scene::new();
    let backup = scene.enroll();
    accepted(
        scene
            .totp
            .enroll(&scene.alice, "", Some(&backup[0].reveal())),
    );
    let pending_code = scene.code();
    let disable = |token: Option<&str>| rejected(scene.totp.disable(&scene.alice, token));
    assert_eq!(disable(None), Rejection::TokenNeeded);
    assert_eq!(disable(Some(&pending_code)), Rejection::InvalidToken);
    scene.clock.advance_secs(901);
    assert_eq!(disable(None), Rejection::TokenNeeded, "expired or not");
    assert!(scene.totp.status(&scene.alice).unwrap().enabled);
}

#[test]
fn the_code_that_turned_it_off_is_of_no_use_to_a_rival() {
    let scene = Scene::new();
    scene.enroll();
    let code = scene.code();
    accepted(scene.totp.disable(&scene.alice, Some(&code)));
    assert_eq!(scene.sign_in(&code), Err(Rejection::NotEnabled));
    assert_eq!(
        rejected(scene.totp.disable(&scene.alice, Some(&code))),
        Rejection::NotEnabled
    );
}

#[test]
fn disabling_needs_a_good_token_and_deletes_the_device() {
    let scene = Scene::new();
    let backup = scene.enroll();
    for none in [None, Some(""), Some("  ")] {
        assert_eq!(
            rejected(scene.totp.disable(&scene.alice, none)),
            Rejection::TokenNeeded
        );
    }
    let wrong = scene.wrong_code();
    assert_eq!(
        rejected(scene.totp.disable(&scene.alice, Some(&wrong))),
        Rejection::InvalidToken
    );
    assert_eq!(scene.device().failures, 1);
    scene.events();
    accepted(scene.totp.disable(&scene.alice, Some(&scene.code())));
    assert_eq!(
        scene.totp.status(&scene.alice).unwrap(),
        actix_totp_core::Status::default()
    );
    assert_eq!(
        scene.events(),
        [Event::Disabled {
            user: scene.alice.clone(),
            method: Method::Totp
        }]
    );
    assert_eq!(
        scene.sign_in(&backup[0].reveal()),
        Err(Rejection::NotEnabled)
    );

    let backup = scene.enroll();
    accepted(scene.totp.disable(&scene.alice, Some(&backup[0].reveal())));
}

#[test]
fn a_pending_device_is_disabled_without_a_token() {
    let scene = Scene::new();
    accepted(scene.totp.enroll(&scene.alice, "", None));
    accepted(scene.totp.disable(&scene.alice, None));
    assert_eq!(scene.totp.code_for(&scene.alice).unwrap(), None);
}
