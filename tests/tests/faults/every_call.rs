//! A store that fails at its k-th call, for every k on every route.

use crate::support::{Answer, Browser, CAUSE, Call, FaultyStore, TestApp};
use serde_json::{Value, json};

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

/// Sends request `n` again and again, each time with a fault one call later, until no fault is met.
fn assert_that_every_call_may_fail(n: usize, fail: fn(&FaultyStore, usize)) {
    let app = TestApp::start();
    let (alice, phone, backup) = app.enrolled("alice");
    let (method, path, body) = requests(&phone.code(), &backup[0]).swap_remove(n);
    assert_that_each_may_fail(&app, &alice, (method, path, &body), fail);
}

fn assert_that_each_may_fail(
    app: &TestApp,
    alice: &Browser,
    (method, path, body): (&str, &str, &Value),
    fail: fn(&FaultyStore, usize),
) {
    for k in 1.. {
        let mut browser = alice.clone();
        let before = app.device();
        fail(&app.store, k);
        let answer = ask(&mut browser, method, path, body);
        let calls = app.store.calls();
        app.store.fail_from(0);
        if answer.status != 503 {
            assert!(k > 1 && calls.len() < k, "{path} minds each of {calls:?}");
            break;
        }
        assert_unavailable(&answer);
        assert_eq!(calls.len(), k, "a call that failed is the last one");
        assert_eq!(app.device(), before, "{method} {path}, call {k}");
    }
}

#[test]
fn every_route_answers_503_and_nothing_is_half_done() {
    for n in 0..requests("", "").len() {
        assert_that_every_call_may_fail(n, FaultyStore::fail_from);
    }
}

#[test]
fn one_fault_is_enough() {
    for n in 0..requests("", "").len() {
        assert_that_every_call_may_fail(n, FaultyStore::fail_only);
    }
}

#[test]
fn of_several_authenticators_every_call_may_fail_too() {
    for fail in [FaultyStore::fail_from, FaultyStore::fail_only] {
        let app = TestApp::start();
        let (mut alice, phone, _) = app.enrolled("alice");
        let further = json!({ "token": phone.code(), "name": "Key" });
        let key = app.authenticator(&alice.post("/auth/otp/generate/", &further).json());
        alice.token("/auth/otp/verify/", &key.code()).json();
        app.clock.advance_secs(90);
        let list = "/auth/otp/authenticators/";
        let id = alice.get(list).json()[0]["id"].as_str().unwrap().to_owned();
        let code = key.code();
        let (rename, remove) = (format!("{list}{id}/rename/"), format!("{list}{id}/remove/"));
        app.store.calls();
        for (method, path, body) in [
            ("GET", list, Value::Null),
            ("POST", &rename, json!({ "name": "Phone" })),
            ("POST", &remove, json!({ "token": code })),
        ] {
            assert_that_each_may_fail(&app, &alice, (method, path, &body), fail);
        }
        assert_eq!(app.device().unwrap().authenticators.len(), 1);
    }
}

/// The store wrote, and then the connection broke: 503 means unknown.
#[test]
fn a_token_is_spent_at_most_once_when_the_answer_of_the_store_is_lost() {
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    for token in [phone.code(), backup[0].clone()] {
        let mut alice = app.signed_in("alice");
        app.store.lose_answer_of(2);
        assert_unavailable(&alice.token("/auth/otp/validate/", &token));
        assert_eq!(app.store.calls(), [Call::Load, Call::Swap]);
        app.store.fail_from(0);
        alice.get("/vault").problem(403, "totp_required");
        alice
            .token("/auth/otp/validate/", &token)
            .problem(400, "invalid_token");
        alice.get("/vault").problem(403, "totp_required");
        app.clock.advance_secs(30);
        alice.token("/auth/otp/validate/", &phone.code()).json();
        assert_eq!(alice.get("/vault").status, 200);
        app.clock.advance_secs(30);
    }
}

#[test]
fn a_change_whose_answer_was_lost_can_be_made_again() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let lost = |alice: &mut Browser, path: &str, token: &str| {
        app.store.lose_answer_of(2);
        assert_unavailable(&alice.token(path, token));
        app.store.fail_from(0);
    };

    lost(&mut alice, "/auth/otp/generate/", "");
    let phone = app.authenticator(&alice.post("/auth/otp/generate/", &json!({})).json());

    // Confirmed, but the proof and the backup codes never arrived.
    lost(&mut alice, "/auth/otp/verify/", &phone.code());
    alice.get("/vault").problem(403, "totp_required");
    alice
        .token("/auth/otp/verify/", &phone.code())
        .problem(400, "already_confirmed");
    app.clock.advance_secs(30);
    alice.token("/auth/otp/validate/", &phone.code()).json();
    assert_eq!(alice.get("/vault").status, 200);
    app.clock.advance_secs(30);
    lost(&mut alice, "/auth/otp/backup-codes/", &phone.code());
    app.clock.advance_secs(30);
    let renewed = alice.token("/auth/otp/backup-codes/", &phone.code()).json();
    alice
        .token(
            "/auth/otp/validate/",
            renewed["backup_codes"][9].as_str().unwrap(),
        )
        .json();

    app.clock.advance_secs(30);
    lost(&mut alice, "/auth/otp/generate/", &phone.code());
    app.clock.advance_secs(30);
    let generated = alice.token("/auth/otp/generate/", &phone.code()).json();
    let phone = app.authenticator(&generated);
    alice.token("/auth/otp/verify/", &phone.code()).json();

    app.clock.advance_secs(30);
    lost(&mut alice, "/auth/otp/disable/", &phone.code());
    alice.get("/vault").problem(403, "totp_setup_required");
    alice
        .token("/auth/otp/disable/", &phone.code())
        .problem(400, "not_enabled");
}

#[test]
fn what_only_reads_reads_once_and_writes_nothing() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let spent = phone.code();
    alice.token("/auth/otp/validate/", &spent).json();
    app.store.calls();
    for path in ["/auth/otp/status/", "/vault", "/account", "/transfer"] {
        assert_eq!(alice.get(path).status, 200);
        assert_eq!(app.store.calls(), [Call::Load], "{path}");
        app.browser().get(path).problem(401, "not_authenticated");
    }
    for path in ["validate", "generate", "disable", "backup-codes", "verify"] {
        let path = format!("/auth/otp/{path}/");
        for token in [spent.as_str(), "12345"] {
            assert_eq!(alice.token(&path, token).status, 400);
            assert_eq!(app.store.calls(), [Call::Load], "{path} {token}");
        }
        // Refused before anybody asks the store.
        alice
            .post(&path, &json!([spent]))
            .problem(400, "malformed_body");
        alice
            .send("POST", &path, &[("Origin", "https://evil.example")], b"")
            .problem(403, "cross_site");
        alice.get(&path).problem(405, "method_not_allowed");
        app.browser()
            .token(&path, &spent)
            .problem(401, "not_authenticated");
    }
    assert!(app.store.calls().is_empty());
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
