//! `POST disable/`: the second factor is turned off.

use serde_json::json;

use crate::{DISABLE, GENERATE, STATUS, assert_is_dead, detail, support::TestApp};

#[test]
fn disable_needs_a_token_and_leaves_nothing() {
    for (path, form) in [
        (DISABLE[0], false),
        (DISABLE[1], false),
        (DISABLE[0], true),
        (DISABLE[1], true),
    ] {
        let app = TestApp::start();
        let (mut alice, phone, backup) = app.enrolled("alice");
        for body in [
            json!({}),
            json!({ "token": null }),
            json!({ "token": "  " }),
        ] {
            let answer = alice.post(path, &body);
            assert_eq!(
                detail(&answer, "token_required"),
                "A valid token is required to disable TOTP."
            );
        }
        assert_eq!(
            detail(&alice.token(path, &phone.wrong_code()), "invalid_token"),
            "Invalid token"
        );
        let before = alice.clone();
        let token = if form {
            backup[0].clone()
        } else {
            phone.code()
        };
        let answer = if form {
            alice.form(path, &format!("token={token}"))
        } else {
            alice.token(path, &token)
        };
        assert_eq!(
            answer.json(),
            json!({ "detail": "TOTP disabled successfully" })
        );
        assert_is_dead(&before);
        assert!(app.device().is_none(), "the row is gone");
        assert_eq!(alice.get(STATUS[0]).json()["session_verified"], false);
        assert_eq!(
            detail(&alice.token(path, &token), "not_enabled"),
            "TOTP auth not found"
        );
    }
}

#[test]
fn a_pending_device_is_disabled_without_a_token() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    alice.post(GENERATE[0], &json!({})).json();
    assert_eq!(
        alice.send("POST", DISABLE[0], &[], b"").json()["detail"],
        "TOTP disabled successfully"
    );
    assert!(app.device().is_none());
}
