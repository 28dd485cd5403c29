//! Somebody who knows the password guesses for ever, and so closes the gate. A session that holds a proof still repairs its
//! account.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{Epoch, Operation, Proof, Rejection};
use support::{Fixture, accepted, rejected};

/// Alice, whose gate a thief has closed; a wrong code, and the proof that her session holds.
fn besieged() -> (Fixture, Vec<actix_totp_core::BackupCode>, String, Proof) {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let proof = fixture.proof();
    fixture.fail(20); // from now on one code an hour is looked at, and the thief takes it
    let wrong = fixture.wrong_code();
    let code = fixture.code();
    assert!(matches!(
        fixture.sign_in(&code),
        Err(Rejection::Throttled { .. })
    ));
    (fixture, backup, wrong, proof)
}

#[test]
fn it_renews_its_backup_codes() {
    let (fixture, _, _, proof) = besieged();
    let renew = |proof: Option<Proof>| {
        let code = fixture.code();
        let renewal = Operation::renew_backup_codes(&fixture.alice, &code).with_proof(proof);
        fixture.totp.apply(&renewal)
    };
    let ended = Proof {
        epoch: Epoch::from_i64(1),
        ..proof.clone()
    };
    for without in [None, Some(ended)] {
        assert!(matches!(
            rejected(renew(without)),
            Rejection::Throttled { .. }
        ));
    }
    assert_eq!(accepted(renew(Some(proof))).backup_codes.len(), 10);
}

#[test]
fn it_replaces_its_authenticator_and_the_gate_is_open_again() {
    let (fixture, _, _, proof) = besieged();
    let code = fixture.code();
    let replacement =
        Operation::enroll(&fixture.alice, "", Some(&code)).with_proof(Some(proof.clone()));
    accepted(fixture.totp.apply(&replacement));
    let first = fixture.code();
    accepted(fixture.totp.confirm(&fixture.alice, &first));
    fixture.clock.advance_secs(30);
    assert_eq!(fixture.sign_in(&fixture.code()), Ok(()));
}

#[test]
fn the_first_code_of_a_replacement_does_not_wait_whoever_sends_it() {
    let (fixture, backup, _, _) = besieged();
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    assert_eq!(fixture.confirm(&fixture.code()), Ok(()));
}

#[test]
fn who_guesses_with_the_password_alone_leaves_it_five_first_codes() {
    let (fixture, backup, _, proof) = besieged();
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    let (before, wrong) = (fixture.device(), fixture.wrong_code());
    for _ in 0..5 {
        assert_eq!(fixture.confirm(&wrong), Err(Rejection::InvalidToken));
    }
    for _ in 0..20 {
        assert_eq!(fixture.confirm(&wrong), Err(Rejection::ProofNeeded));
    }
    let confirm = |token: &str| {
        let confirmation =
            Operation::confirm(&fixture.alice, token).with_proof(Some(proof.clone()));
        fixture.totp.apply(&confirmation)
    };
    for _ in 0..4 {
        assert_eq!(rejected(confirm(&wrong)), Rejection::InvalidToken);
    }
    let device = fixture.device();
    assert_eq!(device.pending_failures, 9);
    assert_eq!(
        (device.failures, device.recent_failures),
        (before.failures, before.recent_failures),
        "the live count is as it was"
    );
    accepted(confirm(&fixture.code()));
}

#[test]
fn the_tenth_wrong_first_code_drops_a_replacement_and_leaves_the_live_one() {
    let (fixture, backup, _, proof) = besieged();
    let live = fixture.code();
    accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "", Some(&backup[0].reveal())),
    );
    let wrong = fixture.wrong_code();
    let confirm = || {
        let confirmation =
            Operation::confirm(&fixture.alice, &wrong).with_proof(Some(proof.clone()));
        rejected(fixture.totp.apply(&confirmation))
    };
    for _ in 0..9 {
        assert_eq!(confirm(), Rejection::InvalidToken);
    }
    assert_eq!(confirm(), Rejection::EnrollmentDiscarded);
    assert_eq!(confirm(), Rejection::AlreadyConfirmed);
    let status = fixture.totp.status(&fixture.alice).unwrap();
    assert!(status.enabled && !status.replacement_pending);
    assert_eq!(fixture.code(), live, "the other secret is gone");
    assert_eq!(fixture.sign_in(&backup[1].reveal()), Ok(()));
}

#[test]
fn it_has_five_wrong_codes_in_a_day() {
    let (fixture, _, wrong, proof) = besieged();
    let renew = |code: &str| {
        let renewal =
            Operation::renew_backup_codes(&fixture.alice, code).with_proof(Some(proof.clone()));
        fixture.totp.apply(&renewal)
    };
    for _ in 0..5 {
        assert_eq!(rejected(renew(&wrong)), Rejection::InvalidToken);
    }
    let code = fixture.code();
    assert!(matches!(
        rejected(renew(&code)),
        Rejection::Throttled { .. }
    ));
    fixture.clock.advance_secs(86_400);
    fixture.fail(19); // the thief goes on
    let code = fixture.code();
    assert!(matches!(
        fixture.sign_in(&code),
        Err(Rejection::Throttled { .. })
    ));
    accepted(renew(&code));
}

#[test]
fn nothing_is_tried_while_codes_are_locked() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let proof = fixture.proof();
    fixture.fail(100);
    let code = fixture.code();
    let renewal =
        Operation::renew_backup_codes(&fixture.alice, &code).with_proof(Some(proof.clone()));
    assert_eq!(rejected(fixture.totp.apply(&renewal)), Rejection::Locked);
    // A backup code unlocks them (SP 800-63B-4 §3.2.2), and the session repairs the rest.
    assert_eq!(fixture.sign_in(&backup[0].reveal()), Ok(()));
    accepted(fixture.totp.apply(&renewal));
}
