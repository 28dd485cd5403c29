//! `authorize_change`: the application is asked before the second factor changes.

use std::sync::{Arc, Mutex};

use actix_totp::{Change, Problem};
use actix_web::{HttpRequest, error::ErrorImATeapot, http::StatusCode};
use serde_json::json;

use crate::{alice, code, enroll, site};

#[test]
fn a_change_that_the_application_refuses_is_not_made() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let (totp, clock, server) = site(|builder| {
        builder.authorize_change(async move |req: &HttpRequest, change| {
            log.lock().unwrap().push(change);
            match req
                .headers()
                .get("x-password")
                .and_then(|it| it.to_str().ok())
            {
                Some("right") => Ok(()),
                Some(_) => Err(ErrorImATeapot("no")),
                None => {
                    let detail = "Enter your password again.";
                    Err(Problem::new(StatusCode::FORBIDDEN, "password_required", detail).into())
                }
            }
        })
    });
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    let before = totp.service().status(&alice()).unwrap();
    for path in ["/otp/generate/", "/otp/backup-codes/", "/otp/disable/"] {
        for token in [code(&totp), "000000".into()] {
            let problem = browser
                .token(path, &token)
                .problem(403, "password_required");
            assert_eq!(problem["detail"], "Enter your password again.");
            let headers = [
                ("Content-Type", "application/json"),
                ("x-password", "wrong"),
            ];
            let body = format!("{{\"token\":\"{token}\"}}");
            let answer = browser.send("POST", path, &headers, body.as_bytes());
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (418, Some("no-store"))
            );
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.text(), "no", "the application's own words");
        }
    }
    assert_eq!(
        totp.service().status(&alice()).unwrap(),
        before,
        "nothing was compared or counted"
    );
    assert_eq!(asked.lock().unwrap()[0], Change::Generate);

    // Signing in is no change.
    browser.token("/otp/validate/", &code(&totp)).json();
    clock.advance_secs(30);
    let headers = [
        ("Content-Type", "application/json"),
        ("x-password", "right"),
    ];
    let body = format!("{{\"token\":\"{}\"}}", code(&totp));
    browser
        .send("POST", "/otp/disable/", &headers, body.as_bytes())
        .json();
    assert_eq!(asked.lock().unwrap().last(), Some(&Change::Disable));
}

#[test]
fn it_is_asked_before_an_authenticator_is_renamed_or_removed() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let (totp, clock, server) = site(|builder| {
        builder.authorize_change(async move |_: &HttpRequest, change| {
            log.lock().unwrap().push(change);
            Err(ErrorImATeapot("no"))
        })
    });
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser.token("/otp/validate/", &code(&totp)).json();
    let id = &totp.service().authenticators(&alice()).unwrap()[0].id;
    let before = totp.service().status(&alice()).unwrap();
    let body = json!({ "name": "Phone", "token": "000000" });
    for what in ["rename", "remove"] {
        let path = format!("/otp/authenticators/{id}/{what}/");
        assert_eq!(browser.post(&path, &body).status, 418);
        browser.post(&path, &json!({ "name": "" })); // refused anyway
    }
    let changes = [Change::RenameAuthenticator, Change::RemoveAuthenticator];
    assert_eq!(*asked.lock().unwrap(), changes);
    assert_eq!(totp.service().status(&alice()).unwrap(), before);
}

#[test]
fn the_application_is_not_asked_about_what_is_refused_anyway() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let (totp, _, server) = site(|builder| {
        builder.authorize_change(async move |_: &HttpRequest, change| {
            log.lock().unwrap().push(change);
            Err(ErrorImATeapot("no"))
        })
    });
    let mut browser = server.browser();
    let foreign = [("Origin", "https://evil.example")];
    for path in ["/otp/generate/", "/otp/backup-codes/", "/otp/disable/"] {
        server
            .browser()
            .post(path, &json!({}))
            .problem(401, "not_authenticated");
    }
    browser.post("/login/alice", &json!({}));
    for path in ["/otp/generate/", "/otp/backup-codes/", "/otp/disable/"] {
        browser
            .send("POST", path, &foreign, b"")
            .problem(403, "cross_site");
        browser
            .post(path, &json!([]))
            .problem(400, "malformed_body");
        browser.get(path).problem(405, "method_not_allowed");
    }
    browser.get("/otp/status/").json();
    browser
        .token("/otp/validate/", "123456")
        .problem(400, "not_enabled");
    browser
        .token("/otp/verify/", "123456")
        .problem(400, "not_generated");
    assert!(asked.lock().unwrap().is_empty());

    // It is asked for a first secret, too.
    assert_eq!(browser.post("/otp/generate/", &json!({})).status, 418);
    assert_eq!(*asked.lock().unwrap(), [Change::Generate]);
    let status = totp.service().status(&alice()).unwrap();
    assert_eq!(status.created_at, None, "nothing was made");
}
