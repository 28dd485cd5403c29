//! `POST generate/`: a secret, and who may have another one.

use serde_json::json;

use crate::{GENERATE, STATUS, VALIDATE, VERIFY, assert_is_dead, detail, support::TestApp};

#[test]
fn generate_shows_a_secret_a_url_and_a_qr_code() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let mut secrets = Vec::new();
    for (path, form) in [
        (GENERATE[0], false),
        (GENERATE[1], false),
        (GENERATE[0], true),
        (GENERATE[1], true),
    ] {
        let answer = if form {
            alice.form(path, "")
        } else {
            alice.post(path, &json!({}))
        };
        let body = answer.json();
        assert_eq!(answer.members(), ["otpauth_url", "qr_svg", "secret"]);
        let secret = body["secret"].as_str().unwrap().to_owned();
        assert!(
            secret.len() == 32
                && secret
                    .bytes()
                    .all(|it| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&it))
        );
        let url = body["otpauth_url"].as_str().unwrap();
        assert!(
            url.starts_with("otpauth://totp/Example%20Inc:alice%40example.com?secret="),
            "{url}"
        );
        assert!(
            url.contains(&secret) && url.contains("&issuer=Example%20Inc"),
            "{url}"
        );
        assert!(body["qr_svg"].as_str().unwrap().starts_with("<svg "));
        assert!(!secrets.contains(&secret), "a pending secret is replaced");
        secrets.push(secret);
    }
    // As axios sends it: no body and no type.
    alice.send("POST", GENERATE[0], &[], b"").json();
    assert_eq!(alice.get("/auth/otp/status/").json()["otp_enabled"], false);
}

#[test]
fn generate_while_confirmed_needs_a_good_token() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    for body in [
        json!({}),
        json!({ "token": null }),
        json!({ "token": "" }),
        json!({ "token": " " }),
    ] {
        let answer = alice.post(GENERATE[0], &body);
        assert_eq!(
            detail(&answer, "already_confirmed"),
            "TOTP already enabled and verified."
        );
    }
    assert_eq!(app.device().unwrap().failures, 0, "that is not counted");
    assert_eq!(
        detail(
            &alice.token(GENERATE[0], &phone.wrong_code()),
            "invalid_token"
        ),
        "Invalid token"
    );
    assert_eq!(app.device().unwrap().failures, 1);
    alice
        .token(GENERATE[0], "12345")
        .problem(400, "malformed_token");

    // The good token is a proof, as at validate/, under a new session id.
    let before = app.signed_in("alice");
    let mut alice = before.clone();
    alice.get("/vault").problem(403, "totp_required");
    let new_phone = app.authenticator(&alice.token(GENERATE[1], &phone.code()).json());
    assert_is_dead(&before);
    assert_eq!(alice.get("/vault").status, 200);
    let status = alice.get(STATUS[0]).json();
    assert_eq!(
        (&status["replacement_pending"], &status["otp_enabled"]),
        (&json!(true), &json!(true))
    );
    app.clock.advance_secs(30);
    alice.token(VALIDATE[0], &phone.code()).json(); // the live one keeps working
    alice.token(VERIFY[0], &new_phone.code()).json();
    app.clock.advance_secs(30);
    alice
        .token(VALIDATE[0], &phone.code())
        .problem(400, "invalid_token");
    alice
        .token(VALIDATE[0], &backup[0])
        .problem(400, "invalid_token");
    alice.token(VALIDATE[0], &new_phone.code()).json();
    assert_eq!(alice.get(STATUS[0]).json()["replacement_pending"], false);
}
