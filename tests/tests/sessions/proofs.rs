//! A proof ends everywhere when the second factor changes, also in cookies kept from before.

use actix_totp::UserId;

use crate::support::TestApp;

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
fn an_operator_ends_proofs_too() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let totp = actix_totp::Totp::builder(app.store.clone(), crate::support::keys())
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
