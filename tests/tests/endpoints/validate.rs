//! `POST validate/`: a sign-in with a code or a backup code.

use serde_json::json;

use crate::{
    BACKUP_CODES, DISABLE, GENERATE, STATUS, VALIDATE, assert_is_dead, detail,
    support::{Answer, Browser, TestApp},
};

#[test]
fn validate_accepts_a_code_and_a_backup_code_once() {
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    for (path, form) in [
        (VALIDATE[0], false),
        (VALIDATE[1], false),
        (VALIDATE[0], true),
        (VALIDATE[1], true),
    ] {
        let mut alice = app.signed_in("alice");
        let before = alice.clone();
        let code = phone.code();
        let send = |alice: &mut Browser, token: &str| match form {
            true => alice.form(path, &format!("token={}&other=1", token.replace(' ', "+"))),
            false => alice.post(path, &json!({ "token": token, "other": [1] })),
        };
        let answer = send(&mut alice, &format!(" {}-{}", &code[..3], &code[3..]));
        assert_eq!(
            answer.json(),
            json!({ "detail": "Token is valid", "method": "totp", "failed_attempts": 0 })
        );
        assert_is_dead(&before);
        assert_eq!(alice.get("/vault").status, 200);
        let replay = send(&mut alice, &code);
        assert_eq!(detail(&replay, "invalid_token"), "Invalid token");
        app.clock.advance_secs(60);
    }
    let spellings = [
        backup[0].clone(),
        backup[1].to_lowercase(),
        backup[2].replace('-', ""),
        backup[3].replace('-', " "),
    ];
    for (used, spelling) in spellings.iter().enumerate() {
        let mut alice = app.signed_in("alice");
        let body = alice.token(VALIDATE[0], spelling).json();
        let failed = usize::from(used > 0);
        assert_eq!(
            body,
            json!({ "detail": "Token is valid", "method": "backup_code", "failed_attempts": failed })
        );
        assert_eq!(alice.get("/vault").status, 200);
        alice
            .token(VALIDATE[0], spelling)
            .problem(400, "invalid_token");
        assert_eq!(
            alice.get(STATUS[0]).json()["backup_codes_remaining"],
            9 - used
        );
    }
}

#[test]
fn a_replayed_code_gets_exactly_the_answer_of_a_wrong_one() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let code = phone.code();
    alice.token(VALIDATE[0], &code).json();
    let before = app.device();
    let replayed = alice.token(VALIDATE[0], &code);
    assert_eq!(app.device(), before, "it is not counted");
    let wrong = alice.token(VALIDATE[0], &phone.wrong_code());
    assert_eq!(
        (replayed.status, &replayed.body),
        (wrong.status, &wrong.body)
    );
    let names = |answer: &Answer| {
        answer
            .headers
            .iter()
            .map(|header| header.0.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&replayed), names(&wrong));
}

#[test]
fn validate_says_that_nothing_is_there_or_that_nothing_is_enabled() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    assert_eq!(
        detail(&alice.token(VALIDATE[0], "123456"), "not_enabled"),
        "TOTP auth not found"
    );
    alice.post(GENERATE[0], &json!({})).json();
    assert_eq!(
        detail(&alice.token(VALIDATE[0], "123456"), "not_enabled"),
        "TOTP not enabled"
    );
    assert_eq!(
        detail(&alice.token(BACKUP_CODES[0], "123456"), "not_enabled"),
        "TOTP not enabled"
    );
}

#[test]
fn failed_attempts_are_reported_and_too_many_must_wait() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    for _ in 0..5 {
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    let mut elsewhere = app.signed_in("alice"); // where there is no proof
    for path in [VALIDATE[0], BACKUP_CODES[0], DISABLE[0], GENERATE[0]] {
        let answer = elsewhere.token(path, &phone.code());
        let problem = answer.problem(429, "throttled");
        assert_eq!(
            problem["detail"],
            "Too many failed attempts. Try again later."
        );
        assert_eq!(problem["retry_after"], 30);
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    app.clock.advance_secs(30);
    assert_eq!(
        alice.token(VALIDATE[0], &phone.code()).json()["failed_attempts"],
        5
    );

    for _ in 0..100 {
        loop {
            if alice.get("/me").status != 200 {
                alice = app.signed_in("alice"); // the session has expired meanwhile
            }
            match alice.get(STATUS[0]).json()["retry_after"].as_u64() {
                Some(wait) => app.clock.advance_secs(wait),
                None => break,
            }
        }
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    let answer = alice.token(VALIDATE[0], &phone.code());
    answer.problem(429, "locked");
    assert_eq!(answer.header("retry-after"), None, "waiting does not help");
    assert_eq!(
        alice.token(VALIDATE[0], &backup[0]).json()["failed_attempts"],
        100
    );
}
