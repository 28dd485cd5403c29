//! `RequireTotp`: who passes, and that nothing opens it.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, RequireTotp, Totp, TotpBuilder, UserId, Verified};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    middleware::DefaultHeaders,
    web::{self, ServiceConfig},
};
use serde_json::json;
use support::{Answer, Browser, NOON, RunningServer, TestApp, keys, serve};

/// An application whose guarded routes count how often they run, and where a session can be made as a test wants it.
struct Site {
    totp: Totp,
    clock: FakeClock,
    runs: Arc<AtomicU32>,
    server: RunningServer,
}

type Routes = fn(&Totp, &mut ServiceConfig);

impl Site {
    fn new(set: fn(TotpBuilder) -> TotpBuilder, routes: Routes) -> Self {
        let clock = FakeClock::at(NOON);
        let totp = set(Totp::builder(MemoryStore::new(), keys()).clock(clock.clone()))
            .build()
            .unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let (used, counter) = (totp.clone(), Arc::clone(&runs));
        let server = serve!(
            App::new()
                .app_data(web::Data::from(Arc::clone(&counter)))
                .service(web::scope("/auth/otp").configure(|cfg| used.configure(cfg)))
                .route("/session", web::post().to(set_session))
                .configure(|cfg| routes(&used, cfg))
                .wrap(session())
                .wrap(DefaultHeaders::new().add(("x-outside", "ran")))
        );
        Self {
            totp,
            clock,
            runs,
            server,
        }
    }

    /// A browser whose session holds these entries.
    fn with_session(&self, entries: &serde_json::Value) -> Browser {
        let mut browser = self.server.browser();
        assert_eq!(browser.post("/session", entries).status, 200);
        browser
    }

    /// A browser of `user`, who is enrolled, without a proof.
    fn enrolled(&self, user: &str) -> Browser {
        let id = UserId::new(user).unwrap();
        let service = self.totp.service();
        let _ = service.enroll(&id, "", None).unwrap().accepted().unwrap();
        let code = service.code_for(&id).unwrap().unwrap();
        let _ = service.confirm(&id, &code).unwrap().accepted().unwrap();
        self.clock.advance_secs(60);
        self.with_session(&json!({ "user_id": user }))
    }

    fn validate(&self, browser: &mut Browser, user: &str) {
        let code = self
            .totp
            .service()
            .code_for(&UserId::new(user).unwrap())
            .unwrap()
            .unwrap();
        browser.token("/auth/otp/validate/", &code).json();
        self.clock.advance_secs(30);
    }

    fn runs(&self) -> u32 {
        self.runs.load(SeqCst)
    }
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
        .cookie_secure(false)
        .build()
}

async fn set_session(
    req: HttpRequest,
    entries: web::Json<serde_json::Map<String, serde_json::Value>>,
) -> HttpResponse {
    req.get_session().clear();
    for (key, value) in entries.iter() {
        req.get_session().insert(key, value).unwrap();
    }
    HttpResponse::Ok().json(json!({}))
}

async fn run(runs: web::Data<AtomicU32>) -> HttpResponse {
    runs.fetch_add(1, SeqCst);
    HttpResponse::Ok().body("the vault")
}

fn vault(totp: &Totp, cfg: &mut ServiceConfig) {
    cfg.service(
        web::scope("/vault")
            .wrap(totp.require())
            .service(
                web::scope("/inner")
                    .route("/deep", web::to(run))
                    .default_service(web::to(run)),
            )
            .route("", web::to(run))
            .route("/", web::to(run))
            .default_service(web::to(run)),
    );
}

fn plain(builder: TotpBuilder) -> TotpBuilder {
    builder
}

#[test]
fn everyone_must_show_a_second_factor() {
    let app = TestApp::start();
    app.browser()
        .get("/vault")
        .problem(401, "not_authenticated");
    let mut alice = app.signed_in("alice");
    alice.get("/vault").problem(403, "totp_setup_required");
    alice.post("/auth/otp/generate/", &json!({})).json();
    alice.get("/vault").problem(403, "totp_setup_required");
    let (mut enrolled, phone, backup) = app.enrolled("alice");
    assert_eq!(enrolled.get("/vault").status, 200);
    let mut alice = app.signed_in("alice");
    alice.get("/vault").problem(403, "totp_required");
    alice
        .token("/auth/otp/validate/", &phone.wrong_code())
        .problem(400, "invalid_token");
    alice.get("/vault").problem(403, "totp_required");
    alice.token("/auth/otp/validate/", &backup[0]).json();
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn if_enrolled_lets_those_pass_who_have_none() {
    let app = TestApp::start();
    app.browser()
        .get("/account")
        .problem(401, "not_authenticated");
    let mut alice = app.signed_in("alice");
    assert_eq!(alice.get("/account").status, 200);
    app.enrolled("alice");
    alice.get("/account").problem(403, "totp_required");
}

#[test]
fn a_maximum_age_asks_for_a_fresh_code() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    app.clock.set(NOON + 300);
    assert_eq!(alice.get("/transfer").status, 200);
    app.clock.set(NOON + 301);
    alice.get("/transfer").problem(403, "stale_proof");
    assert_eq!(
        alice.get("/vault").status,
        200,
        "elsewhere it is fresh enough"
    );
    alice.token("/auth/otp/validate/", &phone.code()).json();
    assert_eq!(alice.get("/transfer").status, 200);

    let proved = app.clock.now_secs();
    app.clock.set(proved + 12 * 3_600);
    assert_eq!(alice.get("/vault").status, 200);
    assert_eq!(
        alice.get("/auth/otp/status/").json()["session_verified"],
        true
    );
    app.clock.advance_secs(1);
    alice.get("/vault").problem(403, "stale_proof");
    assert_eq!(
        alice.get("/auth/otp/status/").json()["session_verified"],
        false
    );
}

#[test]
fn a_proof_from_the_future_is_none() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    app.clock.set(NOON - 60);
    assert_eq!(alice.get("/vault").status, 200);
    app.clock.set(NOON - 61);
    alice.get("/vault").problem(403, "totp_required");
}

#[test]
fn no_variant_of_a_path_opens_it() {
    let site = Site::new(plain, vault);
    let mut alice = site.enrolled("alice");
    for path in [
        "/vault",
        "/vault/",
        "//vault",
        "/vault//",
        "/./vault",
        "/x/../vault",
        "/%76ault",
        "/vault%2F",
        "/%2Fvault",
        "/vault;x",
        "/vault;/",
        "/VAULT",
        "/vault?x",
        "/vault#x",
        "/vault%00",
        "/vault/inner",
        "/vault/inner/deep",
        "/vault/inner/none",
        "/vault/none",
        "/vault/..",
        "/vault/%2e%2e/vault",
        "/vault\\",
        "/auth/otp/../../vault",
        "/session/../vault",
        "http://elsewhere.example/vault",
        "/vault%20",
    ] {
        let answer = alice.send("GET", path, &[], b"");
        assert!(matches!(answer.status, 400..=404), "{path}: {answer:?}");
        assert_ne!(answer.text(), "the vault");
    }
    assert_eq!(site.runs(), 0);
    site.validate(&mut alice, "alice");
    for path in [
        "/vault",
        "/vault/inner/deep",
        "/vault/inner/none",
        "/vault/none",
    ] {
        assert_eq!(alice.get(path).text(), "the vault");
    }
    assert_eq!(site.runs(), 4);
}

#[test]
fn no_method_opens_it_nor_does_a_websocket() {
    let site = Site::new(plain, vault);
    let mut alice = site.enrolled("alice");
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PROPFIND",
    ] {
        for path in ["/vault", "/vault/inner/deep", "/vault/none"] {
            let answer = alice.send(method, path, &[], b"");
            assert_eq!(answer.status, 403, "{method} {path}");
            assert_eq!(
                site.server.browser().send(method, path, &[], b"").status,
                401,
                "{method} {path}"
            );
        }
    }
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Accept", "text/html"),
    ];
    assert_eq!(alice.send("GET", "/vault", &upgrade, b"").status, 403);
    let override_method = [
        ("X-HTTP-Method-Override", "OPTIONS"),
        ("X-Original-URL", "/session"),
    ];
    assert_eq!(
        alice.send("GET", "/vault", &override_method, b"").status,
        403
    );
    assert_eq!(site.runs(), 0);
}

#[test]
fn middleware_around_the_guard_runs_for_refusals_too() {
    let site = Site::new(plain, vault);
    let mut alice = site.enrolled("alice");
    assert_eq!(alice.get("/vault").header("x-outside"), Some("ran"));
    assert_eq!(
        site.server.browser().get("/vault").header("x-outside"),
        Some("ran")
    );
}

#[test]
fn the_wrong_order_of_wraps_fails_closed() {
    let site = Site::new(plain, |totp, cfg| {
        // The guard is outside of the session middleware that it needs; the outer one does not help this inner session.
        cfg.service(
            web::scope("/wrong")
                .wrap(session())
                .wrap(totp.require())
                .route("", web::to(run)),
        );
    });
    let totp = site.totp.clone();
    let runs = Arc::clone(&site.runs);
    let server = serve!(
        App::new()
            .app_data(web::Data::from(Arc::clone(&runs)))
            .service(
                web::scope("/vault")
                    .wrap(session())
                    .wrap(totp.require())
                    .route("", web::to(run))
            )
            .service(
                web::scope("/none")
                    .wrap(totp.require())
                    .route("", web::to(run))
            )
            .service(web::scope("/otp").configure(|cfg| totp.configure(cfg)))
    );
    let mut alice = site.enrolled("alice");
    site.validate(&mut alice, "alice");
    let mut elsewhere = server.browser();
    elsewhere.cookies.clone_from(&alice.cookies); // the key is the same
    elsewhere.get("/vault").problem(401, "not_authenticated");
    elsewhere.get("/none").problem(401, "not_authenticated");
    elsewhere
        .get("/otp/status/")
        .problem(401, "not_authenticated");
    assert_eq!(site.runs(), 0);
}

#[test]
fn without_session_middleware_no_code_is_spent_and_nobody_passes() {
    use actix_totp::{CurrentUser, SignedIn};
    let clock = FakeClock::at(NOON);
    let alice = UserId::new("alice").unwrap();
    let signed_in = SignedIn {
        id: alice.clone(),
        label: String::new(),
    };
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(clock.clone())
        .current_user(CurrentUser::from_fn(async move |_: &HttpRequest| {
            Ok(Some(signed_in.clone()))
        }))
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .service(
                web::scope("/vault")
                    .wrap(used.require())
                    .route("", web::to(HttpResponse::Ok))
            )
    );
    let mut browser = server.browser();
    browser.post("/otp/generate/", &json!({})).json();
    let code = totp.service().code_for(&alice).unwrap().unwrap();
    browser
        .token("/otp/verify/", &code)
        .problem(503, "no_session");
    assert!(
        !totp.service().status(&alice).unwrap().enabled,
        "nothing was confirmed"
    );
    let _ = totp
        .service()
        .confirm(&alice, &code)
        .unwrap()
        .accepted()
        .unwrap();
    clock.advance_secs(60);
    let code = totp.service().code_for(&alice).unwrap().unwrap();
    browser
        .token("/otp/validate/", &code)
        .problem(503, "no_session");
    browser.get("/vault").problem(503, "no_session");
    assert!(
        totp.service()
            .authenticate(&alice, &code)
            .unwrap()
            .accepted()
            .is_some(),
        "the code is unspent"
    );
}

#[test]
fn nested_guards_all_count() {
    let site = Site::new(plain, |totp, cfg| {
        let fresh = totp.require().max_age(Duration::from_secs(60));
        cfg.service(
            web::scope("/a")
                .wrap(totp.require().if_enrolled())
                .service(web::scope("/b").wrap(fresh).route("", web::to(run)))
                .route("", web::to(run)),
        );
    });
    let mut bob = site.with_session(&json!({ "user_id": "bob" }));
    assert_eq!(bob.get("/a").status, 200);
    bob.get("/a/b").problem(403, "totp_setup_required");
    let mut alice = site.enrolled("alice");
    alice.get("/a/b").problem(403, "totp_required");
    site.validate(&mut alice, "alice");
    assert_eq!(alice.get("/a/b").status, 200);
    site.clock.advance_secs(31);
    alice.get("/a/b").problem(403, "stale_proof");
    assert_eq!(alice.get("/a").status, 200);
}

#[test]
fn verified_is_an_argument_that_only_the_verified_have() {
    async fn who(verified: Verified) -> String {
        verified.user().to_string()
    }
    fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
        let guarded = |path: &str, guard: RequireTotp| web::resource(path).wrap(guard).to(who);
        cfg.service(guarded("/guarded", totp.require()))
            .service(guarded("/lenient", totp.require().if_enrolled()))
            .service(
                web::scope("/alone")
                    .app_data(web::Data::new(totp.clone()))
                    .route("", web::to(who)),
            )
            .route("/forgotten", web::to(who));
    }
    let site = Site::new(plain, routes);
    let mut nobody = site.server.browser();
    nobody.get("/alone").problem(401, "not_authenticated");
    nobody.get("/forgotten").problem(503, "not_guarded");
    let mut bob = site.with_session(&json!({ "user_id": "bob" }));
    for path in ["/guarded", "/lenient", "/alone"] {
        bob.get(path).problem(403, "totp_setup_required");
    }
    let mut alice = site.enrolled("alice");
    for path in ["/guarded", "/lenient", "/alone"] {
        alice.get(path).problem(403, "totp_required");
    }
    site.validate(&mut alice, "alice");
    for path in ["/guarded", "/lenient", "/alone"] {
        assert_eq!(alice.get(path).text(), "alice");
    }
    alice.get("/forgotten").problem(503, "not_guarded");
}

#[test]
fn browsers_are_sent_to_a_page_with_a_safe_way_back() {
    let site = Site::new(
        |builder| builder.redirect_browsers("/code", "/setup"),
        |totp, cfg| {
            cfg.service(
                web::scope("")
                    .wrap(totp.require())
                    .default_service(web::to(run)),
            );
        },
    );
    let mut alice = site.enrolled("alice");
    let html = [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
    let location = |answer: &Answer| {
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (303, Some("no-store")),
            "{answer:?}"
        );
        answer.header("location").unwrap().to_owned()
    };
    for (path, expected) in [
        ("/vault", "/code?next=/vault"),
        (
            "/vault?a=b&c=%2F%20d",
            "/code?next=/vault%3Fa%3Db%26c%3D%252F%2520d",
        ),
        ("//evil.example/x", "/code"),
        ("/\\evil.example", "/code"),
        ("///evil.example", "/code"),
        ("http://evil.example/vault", "/code?next=/vault"),
    ] {
        let answer = alice.send("GET", path, &html, b"");
        if answer.status == 400 {
            continue; // the server does not even take it
        }
        assert_eq!(location(&answer), expected, "{path}");
    }
    assert_eq!(
        location(&alice.send("POST", "/vault", &html, b"")),
        "/code",
        "a POST cannot be gone back to"
    );
    let mut bob = site.with_session(&json!({ "user_id": "bob" }));
    assert_eq!(
        location(&bob.send("GET", "/vault", &html, b"")),
        "/setup?next=/vault"
    );
    site.server
        .browser()
        .send("GET", "/vault", &html, b"")
        .problem(401, "not_authenticated");
    alice
        .send("GET", "/vault", &[("Accept", "application/json")], b"")
        .problem(403, "totp_required");
    alice
        .send("GET", "/vault", &[("Accept", "*/*")], b"")
        .problem(403, "totp_required");
    assert_eq!(site.runs(), 0);
}

#[test]
fn a_proof_does_not_follow_a_session_to_another_user() {
    let site = Site::new(plain, vault);
    let (_alice, _bob) = (site.enrolled("alice"), site.enrolled("bob"));
    let epoch = |user: &str| {
        site.totp
            .service()
            .status(&UserId::new(user).unwrap())
            .unwrap()
            .epoch
            .unwrap()
    };
    let proof = |user: &str, epoch: actix_totp::Epoch, at: u64| json!({ "user": user, "epoch": epoch, "at": at });
    let now = site.clock.now_secs();
    let status = |user: &str, proof: serde_json::Value| {
        let mut browser = site.with_session(&json!({ "user_id": user, "actix_totp.proof": proof }));
        browser.get("/vault").status
    };
    assert_eq!(status("alice", proof("alice", epoch("alice"), now)), 200);
    assert_eq!(status("bob", proof("alice", epoch("alice"), now)), 403);
    assert_eq!(status("alice", proof("alice", epoch("bob"), now)), 403);
    assert_eq!(status("bob", proof("bob", epoch("alice"), now)), 403);
    assert_eq!(status("alice", proof("bob", epoch("alice"), now)), 403);
    for junk in [
        json!(null),
        json!(true),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "user": "alice", "at": now }),
    ] {
        assert_eq!(status("alice", junk), 403);
    }
}

#[test]
fn odd_user_ids_in_a_session_are_nobody() {
    let site = Site::new(plain, vault);
    for id in [
        json!(true),
        json!(null),
        json!(""),
        json!("x".repeat(256)),
        json!("a\0b"),
        json!([1]),
        json!(1.5),
        json!({ "id": 1 }),
    ] {
        site.with_session(&json!({ "user_id": id }))
            .get("/vault")
            .problem(401, "not_authenticated");
    }
    for id in [
        json!(1),
        json!(-1),
        json!(u64::MAX),
        json!("1"),
        json!("x".repeat(255)),
        json!("élise "),
    ] {
        site.with_session(&json!({ "user_id": id }))
            .get("/vault")
            .problem(403, "totp_setup_required");
    }
    // 7 and "7" are one user.
    site.enrolled("7");
    site.with_session(&json!({ "user_id": 7 }))
        .get("/vault")
        .problem(403, "totp_required");
}
