//! A new authenticator without a gap.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Event, Rejection};
use support::{Fixture, accepted, rejected};

#[test]
fn the_live_secret_works_until_the_new_one_is_confirmed() {
    let fixture = Fixture::new();
    let old_backup = fixture.enroll();
    let before = fixture.device();
    let live = |at: u64| {
        // `code_for` shows the pending secret's code once there is one, so these are computed before.
        fixture.clock.set(at);
        fixture.code()
    };
    let now = fixture.clock.now_secs();
    let old: Vec<String> = (0..4).map(|n| live(now + 30 * n)).collect();
    fixture.clock.set(now);

    accepted(fixture.totp.enroll(&fixture.alice, "", Some(&old[0])));
    assert!(
        fixture
            .totp
            .status(&fixture.alice)
            .unwrap()
            .replacement_pending
    );
    assert_eq!(fixture.device().epoch, before.epoch, "proofs stay good");
    fixture.clock.set(now + 30);
    assert_eq!(
        fixture.sign_in(&fixture.code()),
        Err(Rejection::InvalidToken),
        "the new one does not sign in yet"
    );
    assert_eq!(fixture.sign_in(&old[1]), Ok(()));

    fixture.clock.set(now + 60);
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, &old[2])),
        Rejection::InvalidToken,
        "nor does the old one confirm"
    );
    fixture.events();
    let confirmed = accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
    assert_eq!(
        fixture.events(),
        [Event::Replaced {
            user: fixture.alice.clone()
        }]
    );
    let status = fixture.totp.status(&fixture.alice).unwrap();
    assert!(status.accepts(&confirmed.proof) && !status.replacement_pending);
    assert_ne!(
        fixture.device().epoch,
        before.epoch,
        "every other proof is over"
    );
    assert_eq!(fixture.device().failures, 0);

    fixture.clock.set(now + 90);
    assert_eq!(fixture.sign_in(&old[3]), Err(Rejection::InvalidToken));
    assert_eq!(
        fixture.sign_in(&old_backup[0].reveal()),
        Err(Rejection::InvalidToken)
    );
    assert_eq!(fixture.sign_in(&confirmed.backup_codes[0].reveal()), Ok(()));
    assert_eq!(fixture.sign_in(&fixture.code()), Ok(()));
}

#[test]
fn a_backup_code_begins_a_replacement_and_a_wrong_token_is_counted() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let wrong = fixture.wrong_code();
    assert_eq!(
        rejected(fixture.totp.enroll(&fixture.alice, "", Some(&wrong))),
        Rejection::InvalidToken
    );
    assert_eq!(fixture.device().failures, 1);
    assert!(fixture.device().pending_at.is_none());
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    assert_eq!(fixture.device().backup_codes_remaining, 9);
}

#[test]
fn an_expired_replacement_leaves_the_live_one() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    fixture.clock.advance_secs(901);
    assert!(
        !fixture
            .totp
            .status(&fixture.alice)
            .unwrap()
            .replacement_pending
    );
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, &fixture.code())),
        Rejection::EnrollmentExpired
    );
    assert_eq!(fixture.sign_in(&backup[1].reveal()), Ok(()));
}

#[test]
fn a_skewed_clock_is_not_named_while_something_is_live() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    fixture.clock.advance_secs(300);
    let code = fixture.code();
    fixture.clock.set(fixture.clock.now_secs() - 300);
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, &code)),
        Rejection::InvalidToken
    );
}
