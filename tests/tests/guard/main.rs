//! `RequireTotp`: who passes, and that nothing opens it.

#[path = "../support/mod.rs"]
mod support;

mod caching;
mod paths;
mod plugins;
mod proofs;
mod recheck;
mod redirects;
mod wiring;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp, TotpBuilder, UserId};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    middleware::DefaultHeaders,
    web::{self, ServiceConfig},
};
use serde_json::json;
use support::{Browser, NOON, RunningServer, keys, serve};

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
