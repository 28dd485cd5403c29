//! Another authenticator takes the place of the live one.

use serde_json::json;

use crate::{DISABLE, GENERATE, STATUS, VALIDATE, VERIFY, support::TestApp};

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
fn wrong_codes_of_a_replacement_count_on_the_live_authenticator() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    app.clock.advance_secs(30);
    for _ in 0..5 {
        alice
            .token(VERIFY[0], &new_phone.wrong_code())
            .problem(400, "invalid_token");
    }
    for path in [VERIFY[0], VALIDATE[0], DISABLE[0], GENERATE[0]] {
        let code = if path == VERIFY[0] {
            new_phone.code()
        } else {
            phone.code()
        };
        alice.token(path, &code).problem(429, "throttled");
    }
    // Without a good live token nothing lowers the count: not another replacement, not its expiry.
    alice
        .post(GENERATE[0], &json!({}))
        .problem(400, "already_confirmed");
    alice
        .post(DISABLE[0], &json!({}))
        .problem(400, "token_required");
    assert_eq!(app.device().unwrap().failures, 5);
    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &new_phone.code())
        .problem(400, "enrollment_expired");
    assert_eq!(app.device().unwrap().failures, 5);
    assert_eq!(
        alice.token(VALIDATE[0], &backup[0]).json()["failed_attempts"],
        5
    );
    assert_eq!(app.device().unwrap().failures, 0);
}
