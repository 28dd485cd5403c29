//! `on_verified`: the application raises its own session after a good token.

use std::sync::{Arc, Mutex};

use actix_session::SessionExt;
use actix_totp::{Problem, UserId, Verified};
use actix_web::{HttpRequest, error::ErrorImATeapot, http::StatusCode};
use serde_json::json;

use crate::{
    alice, code, enroll, site,
    support::{Answer, Browser},
};

#[test]
fn the_application_raises_its_session_at_every_good_token() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let (totp, clock, server) = site(|builder| {
        builder.on_verified(async move |req: &HttpRequest, verified: &Verified| {
            let session = req.get_session();
            let proof = session.entries().get("actix_totp.proof").cloned();
            let at = format!("\"at\":{}", verified.at());
            assert!(
                !proof.is_some_and(|it| it.contains(&at)),
                "its proof comes later"
            );
            session.insert("raised", verified.at())?;
            log.lock().unwrap().push(verified.clone());
            Ok(())
        })
    });
    let raised = |browser: &mut Browser| browser.get("/session/raised").text();
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser.post("/otp/generate/", &json!({})).json();
    assert_eq!(raised(&mut browser), "", "a first secret is no proof");
    browser
        .token("/otp/verify/", "000000")
        .problem(400, "invalid_token");
    browser.token("/otp/verify/", &code(&totp)).json();
    let mut expected = vec![clock.now_secs()];
    assert_eq!(raised(&mut browser), expected[0].to_string());
    assert_eq!(browser.get("/vault").status, 200);

    clock.advance_secs(60);
    let mut other = server.browser();
    other.post("/login/alice", &json!({}));
    other
        .token("/otp/validate/", "000000")
        .problem(400, "invalid_token");
    assert_eq!(raised(&mut other), "");
    let before = other.session();
    other.token("/otp/validate/", &code(&totp)).json();
    expected.push(clock.now_secs());
    assert_eq!(raised(&mut other), expected[1].to_string());
    assert_ne!(other.session(), before);
    assert_eq!(other.get("/vault").status, 200);

    clock.advance_secs(30);
    other.token("/otp/generate/", &code(&totp)).json();
    expected.push(clock.now_secs());
    let told = told.lock().unwrap();
    assert!(told.iter().all(|it| *it.user() == alice()));
    let at: Vec<_> = told.iter().map(Verified::at).collect();
    assert_eq!(at, expected);
}

/// The token was good, the application's error is the answer, and the session has no proof.
#[track_caller]
fn is_refused(browser: &mut Browser, answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (418, "not today"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(browser.get("/session/actix_totp.proof").text(), "");
}

#[test]
fn if_it_fails_its_error_is_the_answer_and_no_proof_is_given() {
    let (totp, clock, server) =
        site(|builder| builder.on_verified(async |_, _| Err(ErrorImATeapot("not today"))));
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser.post("/otp/generate/", &json!({})).json();
    let first = code(&totp);
    let answer = browser.token("/otp/verify/", &first);
    is_refused(&mut browser, &answer);
    browser.get("/vault").problem(403, "totp_required");

    // What gives no proof does not ask.
    clock.advance_secs(60);
    browser.token("/otp/backup-codes/", &code(&totp)).json();

    for path in ["/otp/validate/", "/otp/generate/"] {
        clock.advance_secs(60);
        let spent = code(&totp);
        let answer = browser.token(path, &spent);
        is_refused(&mut browser, &answer);
        browser.get("/vault").problem(403, "totp_required");
        browser
            .token("/otp/validate/", &spent)
            .problem(400, "invalid_token");
    }
}

#[test]
fn a_problem_of_the_applications_own_is_answered_as_one() {
    let (totp, clock, server) = site(|builder| {
        builder.on_verified(async |_, verified| {
            assert_eq!(*verified.user(), UserId::new("alice").unwrap());
            let status = StatusCode::FORBIDDEN;
            Err(Problem::new(status, "account_closed", "This account is closed.").into())
        })
    });
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    let answer = browser.token("/otp/validate/", &code(&totp));
    answer.problem(403, "account_closed");
}
