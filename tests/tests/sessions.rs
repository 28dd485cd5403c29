//! Several browsers, session ids, and cookies kept from before.

mod support;

use actix_totp::UserId;
use serde_json::json;
use support::TestApp;

#[test]
fn disabling_in_one_browser_ends_the_proof_in_the_other_at_its_next_request() {
    let app = TestApp::start();
    let (mut one, phone, _) = app.enrolled("alice");
    let mut two = app.signed_in("alice");
    two.token("/auth/otp/validate/", &phone.code()).json();
    assert_eq!(two.get("/vault").status, 200);
    app.clock.advance_secs(30);
    one.token("/auth/otp/disable/", &phone.code()).json();
    two.get("/vault").problem(403, "totp_setup_required");
    one.get("/vault").problem(403, "totp_setup_required");
}

#[test]
fn replacing_in_one_browser_ends_the_proof_in_the_other() {
    let app = TestApp::start();
    let (mut one, phone, _) = app.enrolled("alice");
    let mut two = app.signed_in("alice");
    two.token("/auth/otp/validate/", &phone.code()).json();
    app.clock.advance_secs(30);
    let new_phone = app.authenticator(&one.token("/auth/otp/generate/", &phone.code()).json());
    assert_eq!(
        two.get("/vault").status,
        200,
        "until the new one is confirmed"
    );
    one.token("/auth/otp/verify/", &new_phone.code()).json();
    two.get("/vault").problem(403, "totp_required");
    assert_eq!(one.get("/vault").status, 200);
}

#[test]
fn enrolling_anew_does_not_bring_an_old_proof_back() {
    let app = TestApp::start();
    let (mut one, phone, _) = app.enrolled("alice");
    let mut two = app.signed_in("alice");
    two.token("/auth/otp/validate/", &phone.code()).json();
    app.clock.advance_secs(30);
    one.token("/auth/otp/disable/", &phone.code()).json();
    app.enrolled("alice");
    two.get("/vault").problem(403, "totp_required");
}

#[test]
fn a_cookie_from_before_the_disable_is_worthless_after_it() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let mut saved = alice.clone();
    assert_eq!(saved.get("/vault").status, 200);
    alice.token("/auth/otp/disable/", &phone.code()).json();
    saved.get("/vault").problem(401, "not_authenticated");
    app.enrolled("alice");
    saved.get("/vault").problem(401, "not_authenticated");
}

#[test]
fn the_session_id_changes_and_the_old_one_is_dead() {
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let mut alice = app.signed_in("alice");
    let mut fixed = alice.clone(); // whoever knew the id before
    alice.token("/auth/otp/validate/", &phone.code()).json();
    assert_ne!(alice.session(), fixed.session());
    assert_eq!(alice.get("/vault").status, 200);
    fixed.get("/vault").problem(401, "not_authenticated");
}

#[test]
fn another_users_sign_in_takes_no_proof_over() {
    let app = TestApp::start();
    let (mut browser, ..) = app.enrolled("alice");
    assert_eq!(browser.get("/vault").status, 200);
    let form =
        json!({ "username": "bob", "password": "correct horse", "email": "bob@example.com" });
    assert_eq!(browser.post("/register", &form).status, 201);
    let mut before = browser.clone();
    assert_eq!(browser.post("/login", &form).status, 200);
    assert_eq!(before.get("/me").status, 401, "the session id is new");
    browser.get("/vault").problem(403, "totp_setup_required");
    assert_eq!(browser.get("/me").text(), r#"{"username":"bob"}"#);
}

#[test]
fn logging_out_revokes() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    let mut saved = alice.clone();
    assert_eq!(alice.post("/logout", &json!({})).status, 200);
    saved.get("/vault").problem(401, "not_authenticated");
    assert_eq!(saved.get("/me").status, 401);
}

#[test]
fn an_operator_ends_proofs_too() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let totp = actix_totp::Totp::builder(app.store.clone(), support::keys())
        .clock(app.clock.clone())
        .build()
        .unwrap();
    let user: UserId = app.device().unwrap().user;
    totp.service().end_all_proofs(&user).unwrap();
    alice.get("/vault").problem(403, "totp_required");
    alice.token("/auth/otp/validate/", &phone.code()).json();
    assert_eq!(alice.get("/vault").status, 200);
    totp.service().reset(&user).unwrap();
    alice.get("/vault").problem(403, "totp_setup_required");
}

#[test]
fn the_application_signs_in_as_one_should() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    for (username, password) in [("alice", "wrong horse"), ("nobody", "correct horse")] {
        let answer = alice.clone().post(
            "/login",
            &json!({ "username": username, "password": password }),
        );
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (401, "Wrong username or password.")
        );
    }
    let again = json!({ "username": "alice", "password": "correct horse", "email": "" });
    assert_eq!(alice.post("/register", &again).status, 409);
    assert_eq!(
        alice
            .post(
                "/register",
                &json!({ "username": "x", "password": "short", "email": "" })
            )
            .status,
        400
    );
    assert_eq!(app.browser().get("/").status, 200);
    let home = app.browser().get("/api");
    assert!(home.status == 200 && home.text().contains("/auth/otp/generate/"));
    let cookie = app.browser().post(
        "/login",
        &json!({ "username": "alice", "password": "correct horse" }),
    );
    let cookie = cookie.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
}
