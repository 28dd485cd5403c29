//! `POST verify/`: the first code of a secret confirms it.

use serde_json::json;

use crate::{
    BACKUP_CODES, DISABLE, GENERATE, STATUS, VALIDATE, VERIFY, assert_is_dead, detail,
    support::TestApp,
};

#[test]
fn verify_confirms_with_the_first_code() {
    for (path, form) in [
        (VERIFY[0], false),
        (VERIFY[1], false),
        (VERIFY[0], true),
        (VERIFY[1], true),
    ] {
        let app = TestApp::start();
        let mut alice = app.signed_in("alice");
        let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
        let before = alice.clone();
        let answer = if form {
            alice.form(path, &format!("token={}", phone.code()))
        } else {
            alice.token(path, &phone.code())
        };
        let body = answer.json();
        assert_eq!(answer.members(), ["backup_codes", "detail"]);
        assert_eq!(body["detail"], "TOTP verified successfully");
        let codes = body["backup_codes"].as_array().unwrap();
        assert_eq!(codes.len(), 10);
        for code in codes {
            let groups: Vec<&str> = code.as_str().unwrap().split('-').collect();
            assert!(
                groups.len() == 4 && groups.iter().all(|group| group.len() == 4),
                "{code}"
            );
        }
        assert_is_dead(&before);
        assert_eq!(alice.get(STATUS[0]).json()["session_verified"], true);
    }
}

#[test]
fn verify_is_refused_with_the_seeds_words() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let answer = alice.token(VERIFY[0], "123456");
    assert_eq!(
        detail(&answer, "not_generated"),
        "TOTP auth not found. Please generate TOTP first."
    );
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    assert_eq!(
        detail(
            &alice.token(VERIFY[0], &phone.wrong_code()),
            "invalid_token"
        ),
        "Invalid token"
    );
    alice
        .token(VERIFY[0], "ABCD-EFGH-JKLM-NPQR")
        .problem(400, "totp_code_needed");

    let skewed = alice
        .token(VERIFY[0], &phone.code_in(-300))
        .problem(400, "clock_skew");
    assert_eq!(
        (&skewed["skew_seconds"], &skewed["detail"]),
        (&json!(-300), &json!("Invalid token"))
    );

    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &phone.code())
        .problem(400, "enrollment_expired");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    alice.token(VERIFY[0], &phone.code()).json();
    app.clock.advance_secs(60);
    for code in [phone.code(), phone.wrong_code()] {
        let answer = alice.token(VERIFY[0], &code);
        assert_eq!(
            detail(&answer, "already_confirmed"),
            "TOTP already enabled and verified."
        );
    }
    assert_eq!(app.device().unwrap().failures, 0, "nothing was compared");
}

#[test]
fn the_code_that_confirms_is_spent() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    let code = phone.code();
    alice.token(VERIFY[0], &code).json();
    for path in [VALIDATE[0], BACKUP_CODES[0], GENERATE[0], DISABLE[0]] {
        alice.token(path, &code).problem(400, "invalid_token");
    }
    assert_eq!(app.device().unwrap().failures, 0);
    alice.token(VALIDATE[0], &phone.code_in(30)).json(); // one step ahead is in the window
}

#[test]
fn a_clock_that_is_off_is_named_up_to_ten_minutes_and_only_at_the_first_enrollment() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let mut phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    for secs in [-600_i64, 600, -60, 60] {
        let problem = alice
            .token(VERIFY[0], &phone.code_in(secs))
            .problem(400, "clock_skew");
        assert_eq!(problem["skew_seconds"], secs);
        assert_eq!(problem["detail"], "Invalid token");
    }
    assert_eq!(app.device().unwrap().pending_failures, 4, "it counts");
    phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    for secs in [-660, 660] {
        let answer = alice.token(VERIFY[0], &phone.code_in(secs));
        let problem = answer.problem(400, "invalid_token");
        assert!(problem.get("skew_seconds").is_none());
    }
    alice.token(VERIFY[0], &phone.code()).json();
    app.clock.advance_secs(60);
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    for answer in [
        alice.token(VERIFY[0], &new_phone.code_in(-300)),
        alice.token(VALIDATE[0], &phone.code_in(300)),
    ] {
        let problem = answer.problem(400, "invalid_token");
        assert!(problem.get("skew_seconds").is_none());
    }
}

#[test]
fn the_tenth_wrong_first_code_drops_the_secret_and_a_new_one_can_be_had() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    for _ in 0..9 {
        alice
            .token(VERIFY[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    alice
        .token(VERIFY[0], &phone.wrong_code())
        .problem(400, "enrollment_discarded");
    assert!(app.device().is_none());
    alice
        .token(VERIFY[0], &phone.code())
        .problem(400, "not_generated");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    alice.token(VERIFY[0], &phone.code()).json();
}
