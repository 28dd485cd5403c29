//! Around the challenge: by other addresses, by other steps, by what a client makes of an answer.

use serde_json::json;

use crate::support::{Browser, TestApp};

const GUARDED: [&str; 3] = ["/vault", "/account", "/transfer"];

#[track_caller]
fn assert_closed(browser: &mut Browser) {
    for path in GUARDED {
        browser.get(path).problem(403, "totp_required");
    }
}

#[test]
fn no_later_step_stands_in_for_the_challenge() {
    let app = TestApp::start();
    app.enrolled("alice");
    let before = app.device();
    let mut thief = app.signed_in("alice"); // with the password alone
    assert_closed(&mut thief);
    let html = [("Accept", "text/html")];
    for page in ["challenge", "setup", "settings", "saved", ""] {
        thief.send("GET", &format!("/auth/otp/{page}/?next=/vault"), &html, b"");
        assert_closed(&mut thief);
    }
    let form = "saved=true&next=/vault";
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    for endpoint in [
        "saved",
        "generate",
        "verify",
        "forget-browsers",
        "backup-codes",
        "disable",
        "authenticators/0123456789abcdef/rename",
        "authenticators/0123456789abcdef/remove",
    ] {
        let path = format!("/auth/otp/{endpoint}/");
        for headers in [&[kind, html[0]][..], &[kind]] {
            thief.send("POST", &path, headers, form.as_bytes());
            assert_closed(&mut thief);
        }
        thief.post(&path, &json!({ "next": "/vault" }));
        assert_closed(&mut thief);
    }
    assert_eq!(app.device(), before, "nothing was changed");
}

#[test]
fn a_session_from_before_the_factor_was_turned_on_is_asked_for_it() {
    let app = TestApp::start();
    let mut earlier = app.signed_in("alice");
    assert_eq!(
        earlier.get("/account").status,
        200,
        "asked only of those who have one"
    );
    app.enrolled("alice");
    assert_closed(&mut earlier);
}

#[test]
fn what_a_client_claims_or_makes_of_an_answer_opens_nothing() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let accepted = alice.token("/auth/otp/validate/", &phone.code());
    let mut thief = app.signed_in("alice");
    // The answer to a good code, in the place of the refusal: all of it but the owner's session cookie.
    let claim = accepted.json();
    for (name, value) in [
        ("totp_verified", "true"),
        ("session_verified", "1"),
        ("method", "totp"),
    ] {
        thief.cookies.insert(name.into(), value.into());
    }
    for path in ["/auth/otp/validate/", "/auth/otp/status/"] {
        assert!(thief.post(path, &claim).status >= 400);
    }
    let status = json!({ "token": phone.wrong_code(), "session_verified": true, "otp_verified": true, "detail": "Token is valid" });
    thief
        .post("/auth/otp/validate/", &status)
        .problem(400, "invalid_token");
    let headers = [
        ("X-TOTP-Verified", "true"),
        ("X-Original-URL", "/"),
        ("X-HTTP-Method-Override", "GET"),
    ];
    for path in GUARDED {
        thief
            .send("GET", path, &headers, b"")
            .problem(403, "totp_required");
    }
    let status = thief.get("/auth/otp/status/").json();
    assert_eq!(status["session_verified"], false);
}
