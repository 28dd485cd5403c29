//! Backup codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::Arc;

use actix_totp_core::{
    BackupCode, BackupCodeLength, BuildError, Event, MemoryStore, Method, Rejection, TotpService,
};
use support::{Fixture, accepted, rejected};

const WRONG: &str = "ABCD-EFGH-JKLM-NPQR";

#[test]
fn each_signs_in_once_in_any_case_and_spacing() {
    let fixture = Fixture::new();
    let codes = fixture.enroll();
    for (used, code) in codes.iter().enumerate() {
        let shown = code.reveal();
        let typed = match used % 4 {
            0 => shown.clone(),
            1 => shown.to_lowercase(),
            2 => shown.replace('-', ""),
            _ => format!(" {} ", shown.replace('-', " ")),
        };
        assert_eq!(fixture.sign_in(&typed), Ok(()));
        assert_eq!(
            fixture.sign_in(&shown),
            Err(Rejection::InvalidToken),
            "not twice"
        );
        let left = 9 - used as u32;
        assert_eq!(
            fixture
                .totp
                .status(&fixture.alice)
                .unwrap()
                .backup_codes_remaining,
            left
        );
        let (user, method) = (fixture.alice.clone(), Method::BackupCode);
        let events = fixture.events();
        assert_eq!(
            events[0],
            Event::BackupCodeUsed {
                user: user.clone(),
                remaining: left
            }
        );
        assert!(matches!(
            &events[1],
            Event::Verified {
                method: Method::BackupCode,
                ..
            }
        ));
        assert_eq!(
            events[2],
            Event::Rejected {
                user,
                method,
                failures: 1
            }
        );
    }
}

#[test]
fn wrong_ones_delay_nothing_are_reported_at_5_20_and_100_and_then_not_written() {
    let fixture = Fixture::new();
    fixture.enroll();
    let (mut told_at, mut at_the_hundredth) = (Vec::new(), None);
    for failures in 1..=120 {
        assert_eq!(fixture.sign_in(WRONG), Err(Rejection::InvalidToken));
        if fixture
            .events()
            .iter()
            .any(|event| matches!(event, Event::BackupCodeGuessing { .. }))
        {
            told_at.push(failures);
        }
        if failures > 100 {
            assert_eq!(fixture.device().version, at_the_hundredth.unwrap());
        }
        at_the_hundredth = Some(fixture.device().version);
    }
    assert_eq!(told_at, [5, 20, 100]);
    assert_eq!(
        (fixture.device().failures, fixture.device().backup_failures),
        (0, 100)
    );
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Ok(()),
        "a code is looked at at once"
    );
    assert_eq!(fixture.device().backup_failures, 0);
}

#[test]
fn with_the_dangerous_setting_they_wait_and_lock_like_codes() {
    let fixture = Fixture::with(actix_totp_core::TotpBuilder::danger_throttle_backup_codes);
    let codes = fixture.enroll();
    for _ in 0..5 {
        assert_eq!(fixture.sign_in(WRONG), Err(Rejection::InvalidToken));
    }
    assert!(matches!(
        fixture.sign_in(&codes[0].reveal()),
        Err(Rejection::Throttled { .. })
    ));
    fixture.fail(95);
    assert_eq!(fixture.sign_in(&codes[0].reveal()), Err(Rejection::Locked));
    fixture.totp.unlock(&fixture.alice).unwrap();
    assert_eq!(fixture.sign_in(&codes[0].reveal()), Ok(()));
}

#[test]
fn renewing_needs_a_code_of_the_authenticator_and_voids_the_old_ones() {
    let fixture = Fixture::new();
    let old = fixture.enroll();
    let rejection = rejected(
        fixture
            .totp
            .renew_backup_codes(&fixture.alice, &old[0].reveal()),
    );
    assert_eq!(rejection, Rejection::TotpCodeNeeded);
    let epoch = fixture.device().epoch;
    let renewed = accepted(
        fixture
            .totp
            .renew_backup_codes(&fixture.alice, &fixture.code()),
    );
    assert_eq!(renewed.backup_codes.len(), 10);
    assert_eq!(fixture.device().epoch, epoch, "proofs stay good");
    assert!(fixture.events().contains(&Event::BackupCodesRenewed {
        user: fixture.alice.clone()
    }));
    for code in &old {
        assert_eq!(
            fixture.sign_in(&code.reveal()),
            Err(Rejection::InvalidToken)
        );
    }
    for code in &renewed.backup_codes {
        assert_eq!(fixture.sign_in(&code.reveal()), Ok(()));
    }
}

#[test]
fn the_code_that_renewed_is_spent() {
    let fixture = Fixture::new();
    fixture.enroll();
    let code = fixture.code();
    accepted(fixture.totp.renew_backup_codes(&fixture.alice, &code));
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    assert_eq!(
        rejected(fixture.totp.renew_backup_codes(&fixture.alice, &code)),
        Rejection::InvalidToken
    );
}

#[test]
fn another_users_backup_code_is_wrong() {
    let fixture = Fixture::new();
    let codes = fixture.enroll();
    let bob = support::user("bob");
    accepted(fixture.totp.enroll(&bob, "", None));
    let code = fixture.totp.code_for(&bob).unwrap().unwrap();
    accepted(fixture.totp.confirm(&bob, &code));
    assert_eq!(
        rejected(fixture.totp.authenticate(&bob, &codes[0].reveal())),
        Rejection::InvalidToken
    );
}

fn shapes(codes: &[BackupCode]) -> Vec<usize> {
    let mut letters: Vec<usize> = codes.iter().map(|code| code.reveal().len()).collect();
    letters.dedup();
    letters
}

#[test]
fn a_set_has_as_many_codes_and_as_long_ones_as_is_set() {
    for (count, length, letters) in [
        (5, BackupCodeLength::FourGroups, 19),
        (20, BackupCodeLength::SixGroups, 29),
    ] {
        let fixture = Fixture::with(|builder| builder.backup_codes(count, length));
        let codes = fixture.enroll();
        assert_eq!((codes.len(), shapes(&codes)), (count.into(), vec![letters]));
        assert_eq!(fixture.device().backup_codes_remaining, u32::from(count));
        for code in &codes {
            assert_eq!(fixture.sign_in(&code.reveal().to_lowercase()), Ok(()));
            assert_eq!(
                fixture.sign_in(&code.reveal()),
                Err(Rejection::InvalidToken)
            );
        }
        assert_eq!(fixture.device().backup_codes_remaining, 0);
    }
}

#[test]
fn after_another_length_is_set_old_and_new_sets_are_read_side_by_side() {
    let store = Arc::new(MemoryStore::new());
    let with = |length| {
        let set = |builder: actix_totp_core::TotpBuilder| builder.backup_codes(10, length);
        Fixture::over(Arc::clone(&store), |store| store, set)
    };
    let (before, after) = (
        with(BackupCodeLength::FourGroups),
        with(BackupCodeLength::SixGroups),
    );
    let old = before.enroll();
    after.clock.set(before.clock.now_secs());
    assert_eq!(after.sign_in(&old[0].reveal()), Ok(()));
    // A set that is cut to the other length, or padded to it, is another code.
    assert_eq!(
        after.sign_in(&format!("{}-ABCD-EFGH", old[1].reveal())),
        Err(Rejection::InvalidToken)
    );
    let renewed = accepted(after.totp.renew_backup_codes(&after.alice, &after.code()));
    assert_eq!(shapes(&renewed.backup_codes), [29]);
    let [new, other] = [0, 1].map(|at| renewed.backup_codes[at].reveal());
    assert_eq!(before.sign_in(&new[..19]), Err(Rejection::InvalidToken));
    assert_eq!(
        before.sign_in(&new),
        Ok(()),
        "an instance that was not restarted yet reads it, too"
    );
    assert_eq!(after.sign_in(&other), Ok(()));
    assert_eq!(
        after.sign_in(&old[1].reveal()),
        Err(Rejection::InvalidToken)
    );
}

#[test]
fn fewer_than_five_and_more_than_twenty_are_refused_when_it_is_built() {
    for (count, is_good) in [(0, false), (4, false), (5, true), (20, true), (21, false)] {
        let built = TotpService::builder(MemoryStore::new(), support::keys(&[1]))
            .backup_codes(count, BackupCodeLength::SixGroups)
            .build();
        assert_eq!(
            !matches!(built, Err(BuildError::BackupCodes)),
            is_good,
            "{count}"
        );
    }
}
