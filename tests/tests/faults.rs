//! A store that fails at its k-th call, for every k on every route.

mod support;

use serde_json::{Value, json};
use support::{Answer, Browser, CAUSE, TestApp};

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    answer.problem(503, "store_unavailable");
    assert!(answer.header("retry-after").is_some());
    assert!(
        answer.header("set-cookie").is_none(),
        "no proof and no new session: {answer:?}"
    );
    let shown = format!("{:?} {}", answer.headers, answer.text());
    assert!(
        CAUSE
            .split([' ', ':', ','])
            .filter(|it| it.len() > 3)
            .all(|word| !shown.contains(word)),
        "{shown}"
    );
}

/// Everything that can be asked of an enrolled user, each with a good token.
fn requests(code: &str, backup: &str) -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("POST", "/auth/otp/validate/", json!({ "token": code })),
        ("POST", "/auth/otp/validate/", json!({ "token": backup })),
        ("POST", "/auth/otp/validate/", json!({ "token": "000000" })),
        ("POST", "/auth/otp/generate/", json!({ "token": code })),
        ("POST", "/auth/otp/backup-codes/", json!({ "token": code })),
        ("POST", "/auth/otp/disable/", json!({ "token": code })),
        ("POST", "/auth/otp/disable/", json!({ "token": backup })),
        ("GET", "/auth/otp/status/", Value::Null),
        ("GET", "/vault", Value::Null),
        ("GET", "/account", Value::Null),
        ("GET", "/transfer", Value::Null),
    ]
}

fn ask(browser: &mut Browser, method: &str, path: &str, body: &Value) -> Answer {
    match method {
        "GET" => browser.get(path),
        _ => browser.post(path, body),
    }
}

#[test]
fn every_route_answers_503_and_nothing_is_half_done() {
    for n in 0..requests("", "").len() {
        let app = TestApp::start();
        let (alice, phone, backup) = app.enrolled("alice");
        for k in 1.. {
            let (method, path, body) = requests(&phone.code(), &backup[0]).swap_remove(n);
            let mut browser = alice.clone();
            let before = app.device();
            app.store.fail_from(k);
            let answer = ask(&mut browser, method, path, &body);
            app.store.fail_from(0);
            if answer.status != 503 {
                assert!(k > 1, "{path} asks the store");
                break;
            }
            assert_unavailable(&answer);
            assert_eq!(app.device(), before, "{method} {path}, call {k}");
        }
    }
}

#[test]
fn enrolling_can_be_completed_after_every_fault() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    for k in 1..=2 {
        app.store.fail_from(k);
        assert_unavailable(&alice.post("/auth/otp/generate/", &json!({})));
        app.store.fail_from(0);
        assert!(app.device().is_none());
    }
    let phone = app.authenticator(&alice.post("/auth/otp/generate/", &json!({})).json());
    for k in 1..=2 {
        app.store.fail_from(k);
        assert_unavailable(&alice.token("/auth/otp/verify/", &phone.code()));
        app.store.fail_from(0);
        alice.get("/vault").problem(403, "totp_setup_required");
    }
    alice.token("/auth/otp/verify/", &phone.code()).json();
    assert_eq!(alice.get("/vault").status, 200);
    app.clock.advance_secs(30);
    app.store.fail_from(2);
    assert_unavailable(&alice.token("/auth/otp/disable/", &phone.code()));
    app.store.fail_from(0);
    alice.token("/auth/otp/disable/", &phone.code()).json();
}

#[test]
fn a_box_that_does_not_open_is_unavailable_never_not_enrolled() {
    use actix_totp::{Device, DeviceStore};
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let device = app.device().unwrap();
    let mut sealed = device.sealed.clone();
    sealed[50] ^= 1;
    let broken = Device {
        sealed,
        ..device.clone()
    };
    assert!(
        app.store
            .swap(&device.user, Some(device.version), Some(&broken))
            .unwrap()
    );
    for path in ["validate", "generate", "disable", "backup-codes"] {
        assert_unavailable(&alice.token(&format!("/auth/otp/{path}/"), &phone.code()));
    }
    assert_eq!(alice.get("/auth/otp/status/").json()["otp_enabled"], true);
    assert_eq!(app.device(), Some(broken));
}
