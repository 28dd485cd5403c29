//! Session ids at sign-in and sign-out.

use serde_json::json;

use crate::support::TestApp;

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
