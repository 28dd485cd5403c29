//! What the application's function does, and what becomes of the session where it fails.

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{Authenticated, FakeClock, MemoryStore, Problem, Totp, UserId, Verified};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::{Cookie, Key},
    error::ErrorImATeapot,
    http::StatusCode,
    web,
};
use serde_json::{Value, json};

use crate::{
    Site, complete, into_the_session,
    support::{NOON, keys, serve},
    ticket, user,
};

#[test]
fn it_is_told_who_signs_in_how_and_after_how_many_failures_and_its_answer_is_given() {
    let site = Site::with(|builder| {
        builder.on_signed_in(
            async |_: &HttpRequest, user: &UserId, authenticated: &Authenticated| {
                let answer = json!({
                    "user": user.as_str(),
                    "method": authenticated.method.name(),
                    "failed_attempts": authenticated.failed_attempts,
                    "at": authenticated.proof.at,
                });
                let cookie = Cookie::new("own", "value");
                Ok(HttpResponse::Created()
                    .insert_header(("Cache-Control", "max-age=60"))
                    .cookie(cookie)
                    .json(answer))
            },
        )
    });
    let (_, backup) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let ticket = ticket(&mut alice, "alice");
    complete(&mut alice, &ticket, "ABCD-EFGH-JKLM-NPQR").problem(400, "invalid_token");
    let answer = complete(&mut alice, &ticket, &backup[0]);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let at = site.clock.now_secs();
    let expected =
        json!({ "user": "alice", "method": "backup_code", "failed_attempts": 1, "at": at });
    assert_eq!((answer.status, body), (201, expected));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(alice.cookies["own"], "value");
}

/// What it does after it has put the user into the session.
#[derive(Clone, Copy, PartialEq)]
enum Failure {
    Error,
    Problem,
    Answer,
    OnVerified,
    Purge,
}

#[test]
fn where_it_fails_nobody_is_signed_in_and_the_code_is_spent() {
    use Failure::{Answer, Error, OnVerified, Problem as Refusal, Purge};
    for (failure, status) in [
        (Error, 418),
        (Refusal, 403),
        (Answer, 403),
        (OnVerified, 418),
        (Purge, 503),
    ] {
        let site = Site::with(|builder| {
            builder
                .on_signed_in(
                    async move |req: &HttpRequest, user: &UserId, it: &Authenticated| {
                        let signed_in = into_the_session(req, user, it).await;
                        match failure {
                            Error => Err(ErrorImATeapot("not today")),
                            Refusal => {
                                Err(Problem::new(StatusCode::FORBIDDEN, "blocked", "No.").into())
                            }
                            Answer => Ok(HttpResponse::Forbidden().body("not you")),
                            Purge => {
                                req.get_session().purge();
                                signed_in
                            }
                            OnVerified => signed_in,
                        }
                    },
                )
                .on_verified(async move |_: &HttpRequest, _: &Verified| match failure {
                    OnVerified => Err(ErrorImATeapot("not today")),
                    _ => Ok(()),
                })
        });
        let (phone, _) = site.enroll(&user("alice"));
        for has_session in [false, true] {
            let mut alice = site.browser();
            if has_session {
                alice.post("/password/mallory", &Value::Null);
            }
            let mut before = alice.clone();
            let ticket = ticket(&mut alice, "alice");
            let code = phone.code();
            let answer = complete(&mut alice, &ticket, &code);
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            for browser in [&mut alice, &mut before] {
                assert_eq!(browser.get("/me").status, 401);
                browser.get("/vault").problem(401, "not_authenticated");
            }
            complete(&mut alice, &ticket, &code).problem(401, "invalid_ticket");
            let again = crate::ticket(&mut alice, "alice");
            complete(&mut alice, &again, &code).problem(400, "invalid_token");
            site.clock.advance_secs(30);
        }
    }
}

#[test]
fn without_it_there_is_no_sign_in() {
    let site = Site::with(|builder| builder);
    let (phone, _) = site.enroll(&user("alice"));
    let mut nobody = site.browser();
    let ticket = ticket(&mut nobody, "alice");
    let answer = complete(&mut nobody, &ticket, &phone.code());
    answer.problem(401, "not_authenticated");
    let mut bob = site.browser();
    bob.post("/password/bob", &Value::Null);
    complete(&mut bob, &ticket, &phone.code()).problem(404, "not_found");
    assert_eq!(site.device(&user("alice")).failures, 0);
    let outcome = site.totp.service().complete_sign_in(&ticket, &phone.code());
    assert!(outcome.unwrap().accepted().is_some(), "it is still good");
}

#[test]
fn where_no_session_can_keep_the_proof_no_code_is_spent() {
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(FakeClock::at(NOON))
        .on_signed_in(into_the_session)
        .build()
        .unwrap();
    let used = totp.clone();
    let server =
        serve!(App::new().service(web::scope("/otp").configure(|cfg| used.configure(cfg))));
    let alice = user("alice");
    let service = totp.service();
    let _ = service.enroll(&alice, "", None).unwrap();
    let code = service.code_for(&alice).unwrap().unwrap();
    let confirmed = service.confirm(&alice, &code).unwrap().accepted().unwrap();
    let backup = confirmed.backup_codes[0].reveal();
    let ticket = service.begin_sign_in(&alice).unwrap().unwrap();
    let answer = complete(&mut server.browser(), ticket.as_str(), &backup);
    answer.problem(503, "no_session");
    assert_eq!(service.status(&alice).unwrap().backup_codes_remaining, 10);
}

#[test]
fn it_may_empty_the_session_that_was_there_before() {
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(FakeClock::at(NOON))
        .on_signed_in(
            async |req: &HttpRequest, user: &UserId, _: &Authenticated| {
                let session = req.get_session();
                session.clear();
                session.renew();
                session.insert("user_id", user.as_str())?;
                Ok(HttpResponse::Ok().finish())
            },
        )
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!({
        let session =
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]));
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .service(
                web::resource("/vault")
                    .wrap(used.require())
                    .to(HttpResponse::Ok),
            )
            .route(
                "/basket",
                web::to(|req: HttpRequest| async move {
                    let held: Option<String> = req.get_session().get("basket").unwrap();
                    req.get_session().insert("basket", "full").unwrap();
                    HttpResponse::Ok().json(held)
                }),
            )
            .wrap(session.cookie_secure(false).build())
    });
    let alice = user("alice");
    let service = totp.service();
    let _ = service.enroll(&alice, "", None).unwrap();
    let code = service.code_for(&alice).unwrap().unwrap();
    let confirmed = service.confirm(&alice, &code).unwrap().accepted().unwrap();
    let mut browser = server.browser();
    browser.get("/basket");
    assert_eq!(browser.get("/basket").text(), "\"full\"");
    let ticket = service.begin_sign_in(&alice).unwrap().unwrap();
    let backup = confirmed.backup_codes[0].reveal();
    assert_eq!(complete(&mut browser, ticket.as_str(), &backup).status, 200);
    assert_eq!(browser.get("/vault").status, 200);
    assert_eq!(browser.get("/basket").text(), "null");
}
