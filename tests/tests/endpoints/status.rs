//! `GET status/`: all that can be known, and nothing is written.

use serde_json::{Value, json};

use crate::{
    GENERATE, STATUS, VALIDATE, VERIFY,
    support::{Browser, NOON, TestApp},
};

#[test]
fn status_writes_nothing_and_says_everything() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    for path in STATUS {
        let answer = alice.get(path);
        assert_eq!(
            answer.json(),
            json!({
                "otp_enabled": false, "otp_verified": false, "session_verified": false, "replacement_pending": false, "authenticators": 0,
                "backup_codes_remaining": 0, "last_used_at": null, "totp_setup_required_by": null, "retry_after": null, "created_at": null, "updated_at": null,
            })
        );
    }
    assert!(app.device().is_none(), "no row is made");
    let head = alice.send("HEAD", STATUS[0], &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));

    let (mut alice, phone, _) = app.enrolled("alice");
    app.clock.set(NOON + 90);
    let before = app.device();
    assert_eq!(
        alice.get(STATUS[0]).json(),
        json!({
            "otp_enabled": true, "otp_verified": true, "session_verified": true, "replacement_pending": false, "authenticators": 1,
            "backup_codes_remaining": 10, "last_used_at": "2023-11-14T22:13:30Z", "totp_setup_required_by": null, "retry_after": null,
            "created_at": "2023-11-14T22:13:30Z", "updated_at": "2023-11-14T22:13:30Z",
        })
    );
    assert_eq!(app.device(), before);
    for _ in 0..5 {
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    assert_eq!(alice.get(STATUS[0]).json()["retry_after"], 30);
    let mut elsewhere = app.signed_in("alice");
    assert_eq!(elsewhere.get(STATUS[0]).json()["session_verified"], false);
}

#[test]
fn status_tells_of_use_and_of_waiting() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    let pending = alice.get(STATUS[0]).json();
    for (member, value) in [
        ("otp_enabled", json!(false)),
        ("otp_verified", json!(false)),
        ("session_verified", json!(false)),
        ("replacement_pending", json!(false)),
        ("backup_codes_remaining", json!(0)),
        ("last_used_at", Value::Null),
        ("created_at", json!("2023-11-14T22:13:30Z")),
    ] {
        assert_eq!(pending[member], value, "{member}");
    }
    alice.token(VERIFY[0], &phone.code()).json();
    app.clock.advance_secs(3_600);
    alice.token(VALIDATE[0], &phone.code()).json();
    let status = alice.get(STATUS[0]).json();
    assert_eq!(
        (&status["created_at"], &status["last_used_at"]),
        (
            &json!("2023-11-14T22:13:30Z"),
            &json!("2023-11-14T23:13:30Z")
        )
    );
    assert_eq!(status["updated_at"], "2023-11-14T23:13:30Z");
    for _ in 0..5 {
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    let wait = |alice: &mut Browser| alice.get(STATUS[0]).json()["retry_after"].clone();
    app.clock.advance_secs(29);
    assert_eq!(wait(&mut alice), 1);
    let answer = alice.token(VALIDATE[0], &phone.code());
    assert_eq!(answer.problem(429, "throttled")["retry_after"], 1);
    app.clock.advance_secs(1);
    assert_eq!(wait(&mut alice), Value::Null);
    let last_used = alice.get(STATUS[0]).json()["last_used_at"].clone();
    assert_eq!(last_used, "2023-11-14T23:13:30Z", "a failure is no use");
}
