//! Another authenticator takes the place of the live one.

use crate::{
    BACKUP_CODES, DISABLE, GENERATE, STATUS, VALIDATE, VERIFY,
    support::{Browser, TestApp},
};

#[test]
fn a_backup_code_begins_a_replacement_too_and_is_spent() {
    for form in [false, true] {
        let app = TestApp::start();
        let (mut alice, old_phone, backup) = app.enrolled("alice");
        let spelled = backup[0].to_lowercase().replace('-', " ");
        let answer = if form {
            alice.form(GENERATE[0], &format!("token={}", spelled.replace(' ', "+")))
        } else {
            alice.token(GENERATE[1], &spelled)
        };
        let new_phone = app.authenticator(&answer.json());
        alice
            .token(GENERATE[0], &backup[0])
            .problem(400, "invalid_token");
        assert_eq!(alice.get(STATUS[0]).json()["backup_codes_remaining"], 9);
        // Each secret has its own endpoint: neither takes the codes of the other.
        alice
            .token(VERIFY[0], &old_phone.code())
            .problem(400, "invalid_token");
        alice
            .token(VALIDATE[0], &new_phone.code())
            .problem(400, "invalid_token");
        let renewed = alice.token(VERIFY[0], &new_phone.code()).json();
        assert_eq!(renewed["backup_codes"].as_array().unwrap().len(), 10);
        assert_eq!(alice.get(STATUS[0]).json()["backup_codes_remaining"], 10);
        alice
            .token(VALIDATE[0], &backup[1])
            .problem(400, "invalid_token");
        assert_eq!(alice.get("/vault").status, 200, "the proof is new");
    }
}

#[test]
fn a_replacement_that_is_not_confirmed_in_time_changes_nothing() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &new_phone.code())
        .problem(400, "enrollment_expired");
    assert_eq!(alice.get(STATUS[0]).json()["replacement_pending"], false);
    alice.token(VALIDATE[0], &phone.code()).json();
}

#[test]
fn wrong_first_codes_leave_the_live_authenticator_alone_and_the_tenth_drops_the_replacement() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    app.clock.advance_secs(30);
    let mut thief = app.signed_in("alice"); // with the password, without a proof
    for _ in 0..5 {
        thief
            .token(VERIFY[0], &new_phone.wrong_code())
            .problem(400, "invalid_token");
    }
    thief
        .token(VERIFY[0], &new_phone.code())
        .problem(403, "totp_required");
    for _ in 0..4 {
        alice
            .token(VERIFY[0], &new_phone.wrong_code())
            .problem(400, "invalid_token");
    }
    let problem = alice
        .token(VERIFY[0], &new_phone.wrong_code())
        .problem(400, "enrollment_discarded");
    assert_eq!(
        problem["detail"],
        "Too many wrong codes. Please generate TOTP again."
    );
    alice
        .token(VERIFY[0], &new_phone.code())
        .problem(400, "already_confirmed");
    assert_eq!(app.device().unwrap().failures, 0);
    alice.token(VALIDATE[0], &phone.code()).json();
}

/// One code an hour is looked at, and the thief takes it.
#[test]
fn under_a_siege_a_session_with_a_proof_renews_and_replaces() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let mut thief = app.signed_in("alice");
    let close_the_gate = |thief: &mut Browser| {
        for _ in 0..5 {
            thief
                .token(VALIDATE[0], &phone.wrong_code())
                .problem(400, "invalid_token");
        }
        for path in [VALIDATE[0], BACKUP_CODES[0], GENERATE[0], DISABLE[0]] {
            thief.token(path, &phone.code()).problem(429, "throttled");
        }
    };
    close_the_gate(&mut thief);
    alice
        .token(VALIDATE[0], &phone.code())
        .problem(429, "throttled");
    alice.token(BACKUP_CODES[0], &phone.code()).json();
    app.clock.advance_secs(30);
    close_the_gate(&mut thief);
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    alice.token(VERIFY[0], &new_phone.code()).json();
}

#[test]
fn a_proof_that_is_too_old_or_from_ahead_repairs_nothing() {
    for seconds_later in [-120, 12 * 3_600 + 1] {
        let app = TestApp::start();
        let (mut alice, phone, _) = app.enrolled("alice");
        let proved_at = app.clock.now_secs() - 90;
        let now = proved_at.saturating_add_signed(seconds_later);
        app.clock.set(now);
        for _ in 0..5 {
            alice
                .token(VALIDATE[0], &phone.wrong_code())
                .problem(400, "invalid_token");
        }
        for path in [BACKUP_CODES[0], GENERATE[0]] {
            alice.token(path, &phone.code()).problem(429, "throttled");
        }
    }
}
