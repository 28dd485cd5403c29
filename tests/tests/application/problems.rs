//! `on_problem`: what is refused is answered in the application's own format.

use actix_totp::{Problem, Verified};
use actix_web::{
    App, HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde_json::{Value, json};

use crate::{
    alice, code, enroll, session, site,
    support::{Answer, Browser, serve},
};

/// `{"error": {"id": …, "text": …}}`, whoever asks.
fn own(_: &HttpRequest, problem: &Problem) -> HttpResponse {
    let error =
        json!({ "id": problem.code(), "text": problem.detail(), "more": problem.members() });
    HttpResponse::build(problem.status()).json(json!({ "error": error }))
}

/// The error, which must be in the application's format and have the headers that every answer has.
#[track_caller]
fn error(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    let error = body["error"].take();
    assert_eq!(error["id"], code, "{error}");
    assert!(error["text"].is_string());
    error
}

#[test]
fn whatever_is_refused_is_answered_in_the_applications_format() {
    let (totp, clock, server) = site(|builder| {
        builder.on_problem(own).authorize_change(async |_, _| {
            let status = StatusCode::FORBIDDEN;
            let problem = Problem::new(status, "password_required", "Enter your password again.");
            Err(problem.with_member("attempts_left", 2).into())
        })
    });
    let mut nobody = server.browser();
    error(&nobody.get("/vault"), 401, "not_authenticated");
    for path in [
        "generate",
        "verify",
        "validate",
        "backup-codes",
        "forget-browsers",
        "disable",
        "authenticators/0123456789abcdef/rename",
        "authenticators/0123456789abcdef/remove",
    ] {
        let answer = nobody.token(&format!("/otp/{path}/"), "123456");
        error(&answer, 401, "not_authenticated");
    }
    error(&nobody.get("/otp/status/"), 401, "not_authenticated");
    error(&nobody.get("/otp/authenticators"), 401, "not_authenticated");
    error(&nobody.get("/otp/nothing"), 401, "not_authenticated");

    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    error(&browser.get("/vault"), 403, "totp_required");
    error(&browser.get("/otp/nothing"), 404, "not_found");
    error(&browser.get("/otp/authenticators/"), 403, "totp_required");
    let named = json!({ "name": "" });
    error(&browser.post("/otp/generate/", &named), 400, "invalid_name");
    let answer = browser.get("/otp/validate/");
    error(&answer, 405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
    let answer = browser.post("/otp/status/", &json!({}));
    error(&answer, 405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    let foreign = [("Origin", "https://evil.example")];
    let answer = browser.send("POST", "/otp/validate/", &foreign, b"");
    error(&answer, 403, "cross_site");
    let answer = browser.send(
        "POST",
        "/otp/validate/",
        &[("Content-Type", "text/plain")],
        b"a",
    );
    error(&answer, 415, "unsupported_media_type");
    let refused = error(
        &browser.post("/otp/validate/", &json!({})),
        400,
        "token_required",
    );
    assert_eq!(refused["more"]["token"], json!(["This field is required."]));
    let refused = error(
        &browser.token("/otp/disable/", "123456"),
        403,
        "password_required",
    );
    assert_eq!(
        refused["more"]["attempts_left"], 2,
        "the application's own problem, too"
    );
    for _ in 0..5 {
        error(
            &browser.token("/otp/validate/", "000000"),
            400,
            "invalid_token",
        );
    }
    let answer = browser.token("/otp/validate/", "000000");
    let refused = error(&answer, 429, "throttled");
    let wait = answer.header("retry-after").unwrap();
    assert_eq!(refused["more"]["retry_after"].to_string(), wait);
    clock.advance_secs(60);
    assert_eq!(browser.token("/otp/validate/", &code(&totp)).status, 200);
    assert_eq!(browser.get("/vault").status, 200);
}

#[test]
fn a_handler_that_is_not_reached_for_want_of_verified_is_answered_in_it_too() {
    let (totp, ..) = site(|builder| builder.on_problem(own));
    let handler = async |verified: Verified| verified.user().to_string();
    let server = serve!(
        App::new()
            .service(
                web::resource("/behind-a-guard")
                    .wrap(totp.require().if_enrolled())
                    .to(handler)
            )
            .service(
                web::resource("/registered")
                    .app_data(web::Data::new(totp.clone()))
                    .to(handler)
            )
            .wrap(session())
    );
    let mut browser: Browser = server.browser();
    error(&browser.get("/registered"), 401, "not_authenticated");
    browser.cookies = signed_in().cookies;
    for path in ["/behind-a-guard", "/registered"] {
        error(&browser.get(path), 403, "totp_setup_required");
    }
}

/// A browser in which alice is signed in: all sessions here are signed with one key.
fn signed_in() -> Browser {
    let (.., server) = site(|builder| builder);
    let mut browser = server.browser();
    browser.post(&format!("/login/{}", alice()), &json!({}));
    browser
}

#[test]
fn headers_that_the_application_sets_stay_as_it_sets_them() {
    let (.., server) = site(|builder| {
        builder.on_problem(|_, problem| {
            HttpResponse::build(problem.status())
                .insert_header((header::ALLOW, "POST, OPTIONS"))
                .insert_header((header::CACHE_CONTROL, "no-store, private"))
                .body(problem.code().to_owned())
        })
    });
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    let answer = browser.get("/otp/validate/");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (405, "method_not_allowed")
    );
    let sent = |name| answer.all(name).collect::<Vec<_>>();
    assert_eq!(sent("allow"), ["POST, OPTIONS"]);
    assert_eq!(sent("cache-control"), ["no-store, private"]);
    assert_eq!(sent("content-type"), Vec::<&str>::new());
}
