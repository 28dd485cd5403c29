//! Backup codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Method, Rejection};
use support::{Scene, accepted, rejected};

const WRONG: &str = "ABCD-EFGH-JKLM-NPQR";

#[test]
fn each_signs_in_once_in_any_case_and_spacing() {
    let scene = Scene::new();
    let codes = scene.enroll();
    for (used, code) in codes.iter().enumerate() {
        let shown = code.reveal();
        let typed = match used % 4 {
            0 => shown.clone(),
            1 => shown.to_lowercase(),
            2 => shown.replace('-', ""),
            _ => format!(" {} ", shown.replace('-', " ")),
        };
        assert_eq!(scene.sign_in(&typed), Ok(()));
        assert_eq!(
            scene.sign_in(&shown),
            Err(Rejection::InvalidToken),
            "not twice"
        );
        let left = 9 - used as u32;
        assert_eq!(
            scene
                .totp
                .status(&scene.alice)
                .unwrap()
                .backup_codes_remaining,
            left
        );
        let (user, method) = (scene.alice.clone(), Method::BackupCode);
        let told = scene.events();
        assert_eq!(
            told[0],
            Event::BackupCodeUsed {
                user: user.clone(),
                remaining: left
            }
        );
        assert!(matches!(
            &told[1],
            Event::Verified {
                method: Method::BackupCode,
                ..
            }
        ));
        assert_eq!(
            told[2],
            Event::Rejected {
                user,
                method,
                failures: 1
            }
        );
    }
}

#[test]
fn wrong_ones_delay_nothing_and_are_told_at_5_20_and_100() {
    let scene = Scene::new();
    scene.enroll();
    let mut told_at = Vec::new();
    for failures in 1..=120 {
        assert_eq!(scene.sign_in(WRONG), Err(Rejection::InvalidToken));
        if scene
            .events()
            .iter()
            .any(|event| matches!(event, Event::BackupCodeGuessing { .. }))
        {
            told_at.push(failures);
        }
    }
    assert_eq!(told_at, [5, 20, 100]);
    assert_eq!(
        (scene.device().failures, scene.device().backup_failures),
        (0, 120)
    );
    assert_eq!(
        scene.sign_in(&scene.code()),
        Ok(()),
        "a code is looked at at once"
    );
    assert_eq!(scene.device().backup_failures, 0);
}

#[test]
fn with_the_dangerous_setting_they_wait_and_lock_like_codes() {
    let scene = Scene::with(actix_totp_core::TotpBuilder::danger_throttle_backup_codes);
    let codes = scene.enroll();
    for _ in 0..5 {
        assert_eq!(scene.sign_in(WRONG), Err(Rejection::InvalidToken));
    }
    assert!(matches!(
        scene.sign_in(&codes[0].reveal()),
        Err(Rejection::Throttled { .. })
    ));
    scene.fail(95);
    assert_eq!(scene.sign_in(&codes[0].reveal()), Err(Rejection::Locked));
    scene.totp.unlock(&scene.alice).unwrap();
    assert_eq!(scene.sign_in(&codes[0].reveal()), Ok(()));
}

#[test]
fn renewing_needs_a_code_of_the_authenticator_and_voids_the_old_ones() {
    let scene = Scene::new();
    let old = scene.enroll();
    let rejection = rejected(
        scene
            .totp
            .renew_backup_codes(&scene.alice, &old[0].reveal()),
    );
    assert_eq!(rejection, Rejection::TotpCodeNeeded);
    let epoch = scene.device().epoch;
    let renewed = accepted(scene.totp.renew_backup_codes(&scene.alice, &scene.code()));
    assert_eq!(renewed.backup_codes.len(), 10);
    assert_eq!(scene.device().epoch, epoch, "proofs stay good");
    assert!(scene.events().contains(&Event::BackupCodesRenewed {
        user: scene.alice.clone()
    }));
    for code in &old {
        assert_eq!(scene.sign_in(&code.reveal()), Err(Rejection::InvalidToken));
    }
    for code in &renewed.backup_codes {
        assert_eq!(scene.sign_in(&code.reveal()), Ok(()));
    }
}

#[test]
fn the_code_that_renewed_is_spent() {
    let scene = Scene::new();
    scene.enroll();
    let code = scene.code();
    accepted(scene.totp.renew_backup_codes(&scene.alice, &code));
    assert_eq!(scene.sign_in(&code), Err(Rejection::InvalidToken));
    assert_eq!(
        rejected(scene.totp.renew_backup_codes(&scene.alice, &code)),
        Rejection::InvalidToken
    );
}

#[test]
fn another_users_backup_code_is_wrong() {
    let scene = Scene::new();
    let codes = scene.enroll();
    let bob = support::user("bob");
    accepted(scene.totp.enroll(&bob, "", None));
    let code = scene.totp.code_for(&bob).unwrap().unwrap();
    accepted(scene.totp.confirm(&bob, &code));
    assert_eq!(
        rejected(scene.totp.authenticate(&bob, &codes[0].reveal())),
        Rejection::InvalidToken
    );
}
