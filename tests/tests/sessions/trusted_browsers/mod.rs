//! Trusted browsers: what the cookie opens, and that nothing else than it does.

mod cookie;
mod end;
mod forget;

use std::time::Duration;

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, KeyRing, MemoryStore, Totp, TotpBuilder, UserId};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    web::{self, ServiceConfig},
};
use serde_json::json;

use crate::support::{Answer, Browser, NOON, RunningServer, keys, serve};

const COOKIE: &str = "__Host-totp_trust";

/// What its proofs are sealed for.
const PURPOSE: &str = "actix-totp trust";

const DAYS_30: u64 = 30 * 86_400;

struct Site {
    totp: Totp,
    clock: FakeClock,
    server: RunningServer,
}

impl Site {
    fn new() -> Self {
        Self::with(keys(), |totp| {
            totp.trusted_browsers(Duration::from_secs(DAYS_30))
        })
    }

    fn with(keys: KeyRing, set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> Self {
        let clock = FakeClock::at(NOON);
        let builder = Totp::builder(MemoryStore::new(), keys).clock(clock.clone());
        let totp = set(builder).build().unwrap();
        let used = totp.clone();
        let session = || {
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                .cookie_secure(false)
                .build()
        };
        let server = serve!(
            App::new()
                .configure(|cfg| routes(&used, cfg))
                .wrap(session())
        );
        Self {
            totp,
            clock,
            server,
        }
    }

    /// A browser in which `user` has shown the first factor.
    fn signed_in(&self, user: &str) -> Browser {
        let mut browser = self.server.browser();
        sign_in(&mut browser, user);
        browser
    }

    /// A browser of `user`, who is enrolled, without a proof.
    fn enrolled(&self, user: &str) -> Browser {
        self.enroll(user);
        self.signed_in(user)
    }

    fn enroll(&self, user: &str) {
        let (id, service) = (id(user), self.totp.service());
        let _ = service.enroll(&id, "", None).unwrap().accepted().unwrap();
        let code = service.code_for(&id).unwrap().unwrap();
        let _ = service.confirm(&id, &code).unwrap().accepted().unwrap();
        self.clock.advance_secs(90);
    }

    /// The next code of the user's authenticator.
    fn code(&self, user: &str) -> String {
        self.clock.advance_secs(30);
        self.totp.service().code_for(&id(user)).unwrap().unwrap()
    }

    /// A browser that `user` trusts, after a sign-out and a sign-in with the first factor: the cookie is all that it has.
    fn trusted(&self, user: &str) -> Browser {
        let mut browser = self.enrolled(user);
        let answer = self.trust(&mut browser, user);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(browser.get("/vault").status, 200);
        sign_in(&mut browser, user);
        browser
    }

    fn trust(&self, browser: &mut Browser, user: &str) -> Answer {
        let body = json!({ "token": self.code(user), "trust_browser": true });
        browser.post("/auth/otp/validate/", &body)
    }
}

fn id(user: &str) -> UserId {
    UserId::new(user).unwrap()
}

fn sign_in(browser: &mut Browser, user: &str) {
    assert_eq!(browser.post("/sign-in", &json!(user)).status, 200);
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    let fresh = totp.require().max_age(Duration::from_secs(12 * 60 * 60));
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .service(
            web::resource("/vault")
                .wrap(totp.require())
                .to(HttpResponse::Ok),
        )
        .service(web::resource("/fresh").wrap(fresh).to(HttpResponse::Ok))
        .route("/sign-in", web::post().to(first_factor));
}

async fn first_factor(req: HttpRequest, user: web::Json<String>) -> HttpResponse {
    req.get_session().clear();
    req.get_session()
        .insert("user_id", user.into_inner())
        .unwrap();
    HttpResponse::Ok().finish()
}

#[track_caller]
fn assert_asks_for_a_code(browser: &mut Browser) {
    browser.get("/vault").problem(403, "totp_required");
}

type Ends = fn(&Site, &mut Browser);
