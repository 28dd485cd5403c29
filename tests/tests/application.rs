//! What an application sets, asks and is told.

mod support;

use std::sync::{Arc, Mutex};

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    Change, Credential, CurrentUser, Event, FakeClock, MemoryStore, Method, Outcome, Parameters,
    Problem, SignedIn, Totp, TotpBuilder, UserId,
};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    error::{ErrorImATeapot, ErrorInternalServerError},
    http::StatusCode,
    web,
};
use serde_json::json;
use support::{NOON, RunningServer, keys, serve};

fn alice() -> UserId {
    UserId::new("alice").unwrap()
}

/// A plugin over a store in memory, served beside a route that signs in as whoever is named.
fn site(set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> (Totp, FakeClock, RunningServer) {
    let clock = FakeClock::at(NOON);
    let totp = set(Totp::builder(MemoryStore::new(), keys()).clock(clock.clone()))
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .route(
                "/login/{user}",
                web::post().to(|req: HttpRequest, user: web::Path<String>| async move {
                    req.get_session()
                        .insert("user_id", user.into_inner())
                        .unwrap();
                    req.get_session()
                        .insert("email", "alice@example.com")
                        .unwrap();
                    HttpResponse::Ok().finish()
                })
            )
            .service(
                web::resource("/vault")
                    .wrap(used.require())
                    .to(HttpResponse::Ok)
            )
            .route("/test-proof", {
                let totp = used.clone();
                web::post().to(move |req: HttpRequest| {
                    let totp = totp.clone();
                    async move {
                        let done = totp
                            .verify_session(&req.get_session(), &alice())
                            .await
                            .unwrap();
                        HttpResponse::Ok().json(done)
                    }
                })
            })
            .wrap(
                SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                    .build()
            )
    );
    (totp, clock, server)
}

fn enroll(totp: &Totp, clock: &FakeClock) {
    let _ = totp
        .service()
        .enroll(&alice(), "", None)
        .unwrap()
        .accepted()
        .unwrap();
    let code = code(totp);
    let _ = totp
        .service()
        .confirm(&alice(), &code)
        .unwrap()
        .accepted()
        .unwrap();
    clock.advance_secs(60);
}

fn code(totp: &Totp) -> String {
    totp.service().code_for(&alice()).unwrap().unwrap()
}

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

#[test]
fn a_function_that_panics_at_an_event_costs_the_user_nothing() {
    let (totp, clock, server) =
        site(|builder| builder.on_event(|_| panic!("the audit log is full")));
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser
        .token("/otp/validate/", "000000")
        .problem(400, "invalid_token");
    browser.token("/otp/validate/", &code(&totp)).json();
    assert_eq!(browser.get("/vault").status, 200);
    clock.advance_secs(30);
    browser.token("/otp/disable/", &code(&totp)).json();
}

#[test]
fn a_wait_is_told_once_and_not_for_every_request_in_it() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let (totp, clock, server) =
        site(|builder| builder.on_event(move |event| log.lock().unwrap().push(event.clone())));
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    let wrong = (0..)
        .map(|n| format!("{n:06}"))
        .find(|wrong| *wrong != code(&totp))
        .unwrap();
    for n in 0..10 {
        let status = browser.token("/otp/validate/", &wrong).status;
        assert_eq!(status, if n < 5 { 400 } else { 429 });
    }
    let told = told.lock().unwrap();
    let throttled = told
        .iter()
        .filter(|it| matches!(it, Event::Throttled { .. }))
        .count();
    let rejected = told
        .iter()
        .filter(|it| matches!(it, Event::Rejected { .. }))
        .count();
    assert_eq!((rejected, throttled), (5, 1));
}

#[test]
fn a_function_of_the_application_says_who_is_signed_in() {
    let (_, _, server) = site(|builder| {
        builder.current_user(CurrentUser::from_fn(async |req: &HttpRequest| {
            match req.headers().get("x-user").and_then(|it| it.to_str().ok()) {
                None => Ok(None),
                Some("broken") => Err(ErrorInternalServerError("telling: the directory is down")),
                Some(id) => {
                    let id = UserId::new(id).map_err(ErrorInternalServerError)?;
                    Ok(Some(SignedIn {
                        id,
                        label: "A label & more".into(),
                    }))
                }
            }
        }))
    });
    let mut browser = server.browser();
    browser
        .get("/otp/status/")
        .problem(401, "not_authenticated");
    let broken = browser.send("GET", "/otp/status/", &[("x-user", "broken")], b"");
    broken.problem(503, "store_unavailable");
    assert!(!broken.text().contains("telling"));
    assert_eq!(
        browser
            .send("GET", "/vault", &[("x-user", "broken")], b"")
            .status,
        503
    );
    let generated = browser
        .send("POST", "/otp/generate/", &[("x-user", "alice")], b"")
        .json();
    assert!(
        generated["otpauth_url"]
            .as_str()
            .unwrap()
            .contains(":A%20label%20%26%20more?")
    );
    // The first thing that such a session ever holds is the proof.
    let code = support::code_at(generated["secret"].as_str().unwrap(), NOON);
    let headers = [("x-user", "alice"), ("Content-Type", "application/json")];
    let body = format!("{{\"token\":\"{code}\"}}");
    browser
        .send("POST", "/otp/verify/", &headers, body.as_bytes())
        .json();
    assert_eq!(
        browser
            .send("GET", "/vault", &[("x-user", "alice")], b"")
            .status,
        200
    );
    browser
        .send("GET", "/vault", &[("x-user", "bob")], b"")
        .problem(403, "totp_setup_required");
}

#[test]
fn the_application_calls_everything_without_http() {
    let (totp, clock, _server) = site(|builder| builder);
    let user = alice();
    actix_web::rt::System::new().block_on(async {
        assert!(!totp.status(&user).await.unwrap().enabled);
        assert!(!totp.unlock(&user).await.unwrap());
        let credential = Credential::new(&[9; 20], Parameters::default()).unwrap();
        let imported = totp.import(&user, credential, NOON).await.unwrap();
        assert_eq!(imported, Outcome::Accepted(()));
        assert!(totp.status(&user).await.unwrap().enabled);
        assert!(totp.unlock(&user).await.unwrap());
        assert!(totp.end_all_proofs(&user).await.unwrap());
        assert_eq!(totp.reseal_all(None).await.unwrap().unchanged, 1);
        totp.check().unwrap();
        assert!(totp.reset(&user).await.unwrap());
        assert!(!totp.reset(&user).await.unwrap());

        let enrollment = totp
            .enroll(&user, "Alice", None)
            .await
            .unwrap()
            .accepted()
            .unwrap();
        let code = |at| support::code_at(enrollment.secret(), at);
        let confirmed = totp
            .confirm(&user, &code(NOON))
            .await
            .unwrap()
            .accepted()
            .unwrap();
        clock.advance_secs(30);
        let accepted = totp
            .authenticate(&user, &code(NOON + 30))
            .await
            .unwrap()
            .accepted();
        assert_eq!(accepted.unwrap().method, Method::Totp);
        let again = totp.authenticate(&user, &code(NOON + 30)).await.unwrap();
        assert_eq!(again.rejected(), Some(actix_totp::Rejection::InvalidToken));
        clock.advance_secs(30);
        let renewed = totp
            .renew_backup_codes(&user, &code(NOON + 60))
            .await
            .unwrap();
        let backup = renewed.accepted().unwrap().backup_codes[0].reveal();
        assert!(
            !confirmed
                .backup_codes
                .iter()
                .any(|old| old.reveal() == backup)
        );
        assert!(
            totp.disable(&user, Some(&backup))
                .await
                .unwrap()
                .accepted()
                .is_some()
        );
    });
    enroll(&totp, &clock);
}

#[test]
fn the_application_is_told_what_happens() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let (totp, clock, server) =
        site(|builder| builder.on_event(move |event| log.lock().unwrap().push(event.clone())));
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser
        .token("/otp/validate/", "000000")
        .problem(400, "invalid_token");
    browser.token("/otp/validate/", &code(&totp)).json();
    let (user, method) = (alice(), Method::Totp);
    assert_eq!(
        *told.lock().unwrap(),
        [
            Event::Enrolled { user: user.clone() },
            Event::Rejected {
                user: user.clone(),
                method,
                failures: 1
            },
            Event::Verified {
                user,
                method,
                failed_attempts: 1
            },
        ]
    );
}

#[test]
fn a_test_of_an_application_gets_a_verified_session_without_a_code() {
    let (totp, clock, server) = site(|builder| builder);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    assert_eq!(browser.post("/test-proof", &json!({})).text(), "false");
    enroll(&totp, &clock);
    browser.get("/vault").problem(403, "totp_required");
    assert_eq!(browser.post("/test-proof", &json!({})).text(), "true");
    assert_eq!(browser.get("/vault").status, 200);
}

#[test]
fn bad_settings_are_refused_when_it_is_built() {
    use std::time::Duration;
    let refuses = |set: fn(TotpBuilder) -> TotpBuilder| {
        set(Totp::builder(MemoryStore::new(), keys()))
            .build()
            .is_err()
    };
    assert!(refuses(
        |it| it.trusted_origins(["https://app.example.com/"])
    ));
    assert!(refuses(|it| it.trusted_origins(["*"])));
    assert!(refuses(|it| it.trusted_origins(["null"])));
    assert!(refuses(|it| it.max_age(Duration::from_secs(59))));
    assert!(refuses(|it| it.max_age(Duration::from_secs(91 * 86_400))));
    for path in [
        "code",
        "//evil.example",
        "/a?b",
        "/a#b",
        "/a b",
        "https://evil.example",
        "/\\evil.example",
        "",
    ] {
        let builder = Totp::builder(MemoryStore::new(), keys()).redirect_browsers(path, "/setup");
        assert!(builder.build().is_err(), "{path}");
    }
    assert!(refuses(|it| it.issuer("a:b")));
    assert!(refuses(|it| it.window(2)));
    assert!(!refuses(|it| it
        .window(0)
        .trusted_origins(["http://localhost:5173"])));
}
