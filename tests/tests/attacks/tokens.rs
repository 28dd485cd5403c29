//! Tokens that are good for somebody, or were good once.

use crate::support::TestApp;

const VALIDATE: &str = "/auth/otp/validate/";

#[test]
fn a_code_of_one_user_is_a_wrong_one_in_anothers_session_and_stays_unused() {
    let app = TestApp::start();
    let (_, alices, backup) = app.enrolled("alice");
    let (_, bobs, _) = app.enrolled("bob");
    let (mut alice, mut bob) = (app.signed_in("alice"), app.signed_in("bob"));
    assert_ne!(alices.code(), bobs.code());
    for token in [&alices.code(), &backup[0]] {
        bob.token(VALIDATE, token).problem(400, "invalid_token");
        bob.get("/vault").problem(403, "totp_required");
    }
    alice.token(VALIDATE, &backup[0]).json();
    alice.token(VALIDATE, &alices.code()).json();
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn what_was_used_once_opens_neither_this_session_again_nor_another() {
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    for token in [phone.code(), backup[0].clone()] {
        let (mut owner, mut thief) = (app.signed_in("alice"), app.signed_in("alice"));
        owner.token(VALIDATE, &token).json();
        for browser in [&mut owner, &mut thief] {
            browser
                .token(VALIDATE, &token)
                .problem(400, "invalid_token");
        }
        thief.get("/vault").problem(403, "totp_required");
        let change = ["/auth/otp/generate/", "/auth/otp/disable/"];
        for path in change {
            thief.token(path, &token).problem(400, "invalid_token");
        }
    }
}
