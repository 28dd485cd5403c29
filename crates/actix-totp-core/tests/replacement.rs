//! A new authenticator without a gap.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Rejection};
use support::{Scene, accepted, rejected};

#[test]
fn the_live_secret_works_until_the_new_one_is_confirmed() {
    let scene = Scene::new();
    let old_backup = scene.enroll();
    let before = scene.device();
    let live = |at: u64| {
        // `code_for` shows the pending secret's code once there is one, so these are computed before.
        scene.clock.set(at);
        scene.code()
    };
    let now = scene.clock.now_secs();
    let old: Vec<String> = (0..4).map(|n| live(now + 30 * n)).collect();
    scene.clock.set(now);

    accepted(scene.totp.enroll(&scene.alice, "", Some(&old[0])));
    assert!(scene.totp.status(&scene.alice).unwrap().replacement_pending);
    assert_eq!(scene.device().epoch, before.epoch, "proofs stay good");
    scene.clock.set(now + 30);
    assert_eq!(
        scene.sign_in(&scene.code()),
        Err(Rejection::InvalidToken),
        "the new one does not sign in yet"
    );
    assert_eq!(scene.sign_in(&old[1]), Ok(()));

    scene.clock.set(now + 60);
    assert_eq!(
        rejected(scene.totp.confirm(&scene.alice, &old[2])),
        Rejection::InvalidToken,
        "nor does the old one confirm"
    );
    scene.events();
    let confirmed = accepted(scene.totp.confirm(&scene.alice, &scene.code()));
    assert_eq!(
        scene.events(),
        [Event::Replaced {
            user: scene.alice.clone()
        }]
    );
    let status = scene.totp.status(&scene.alice).unwrap();
    assert!(status.accepts(&confirmed.proof) && !status.replacement_pending);
    assert_ne!(
        scene.device().epoch,
        before.epoch,
        "every other proof is over"
    );
    assert_eq!(scene.device().failures, 0);

    scene.clock.set(now + 90);
    assert_eq!(scene.sign_in(&old[3]), Err(Rejection::InvalidToken));
    assert_eq!(
        scene.sign_in(&old_backup[0].reveal()),
        Err(Rejection::InvalidToken)
    );
    assert_eq!(scene.sign_in(&confirmed.backup_codes[0].reveal()), Ok(()));
    assert_eq!(scene.sign_in(&scene.code()), Ok(()));
}

#[test]
fn a_backup_code_begins_a_replacement_and_a_wrong_token_is_counted() {
    let scene = Scene::new();
    let backup = scene.enroll();
    let wrong = scene.wrong_code();
    assert_eq!(
        rejected(scene.totp.enroll(&scene.alice, "", Some(&wrong))),
        Rejection::InvalidToken
    );
    assert_eq!(scene.device().failures, 1);
    assert!(scene.device().pending_at.is_none());
    accepted(
        scene
            .totp
            .enroll(&scene.alice, "", Some(&backup[0].reveal())),
    );
    assert_eq!(scene.device().backup_codes_remaining, 9);
}

#[test]
fn an_expired_replacement_leaves_the_live_one() {
    let scene = Scene::new();
    let backup = scene.enroll();
    accepted(
        scene
            .totp
            .enroll(&scene.alice, "", Some(&backup[0].reveal())),
    );
    scene.clock.advance_secs(901);
    assert!(!scene.totp.status(&scene.alice).unwrap().replacement_pending);
    assert_eq!(
        rejected(scene.totp.confirm(&scene.alice, &scene.code())),
        Rejection::EnrollmentExpired
    );
    assert_eq!(scene.sign_in(&backup[1].reveal()), Ok(()));
}

#[test]
fn a_skewed_clock_is_not_named_while_something_is_live() {
    let scene = Scene::new();
    let backup = scene.enroll();
    accepted(
        scene
            .totp
            .enroll(&scene.alice, "", Some(&backup[0].reveal())),
    );
    scene.clock.advance_secs(300);
    let code = scene.code();
    scene.clock.set(scene.clock.now_secs() - 300);
    assert_eq!(
        rejected(scene.totp.confirm(&scene.alice, &code)),
        Rejection::InvalidToken
    );
}
