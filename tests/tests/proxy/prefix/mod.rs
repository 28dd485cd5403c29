//! An application behind a proxy that takes a path prefix off: browsers stay within it.

mod headers;
mod walk;

use std::time::Duration;

use actix_session::{Session, SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp, TotpBuilder, UserId, pages::Pages};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    web::{self, ServiceConfig},
};

use crate::support::{NOON, RunningServer, keys, serve};

/// How an application says its prefix.
type Set = fn(TotpBuilder) -> TotpBuilder;

struct Site {
    totp: Totp,
    clock: FakeClock,
    server: RunningServer,
}

impl Site {
    /// An application with a page of everything that the plugin leads to.
    fn start(set: Set) -> Self {
        let clock = FakeClock::at(NOON);
        let pages = Pages::new()
            .home("/home")
            .sign_in("/sign-in")
            .sign_out("/sign-out")
            .logo("/logo.svg")
            .stylesheet("/own.css")
            .link("Imprint", "/imprint?a=b");
        let builder = Totp::builder(MemoryStore::new(), keys())
            .pages(pages)
            .trusted_browsers(Duration::from_secs(86_400))
            .clock(clock.clone());
        let builder = builder.on_signed_in(async |req, user, _| {
            req.get_session().insert("user_id", user.as_str())?;
            Ok(HttpResponse::Ok().finish())
        });
        let totp = set(builder).build().unwrap();
        let used = totp.clone();
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

    /// alice has a second factor; her next code.
    fn enroll(&self) -> String {
        let service = self.totp.service();
        let code = || service.code_for(&alice()).unwrap().unwrap();
        let _ = service.enroll(&alice(), "", None).unwrap();
        let _ = service.confirm(&alice(), &code()).unwrap();
        self.clock.advance_secs(60);
        code()
    }
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
        .cookie_secure(false)
        .cookie_path("/app".into())
        .build()
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .service(
            web::resource("/vault")
                .wrap(totp.require())
                .to(async || "the vault"),
        )
        .route("/sign-in", web::post().to(sign_in))
        .app_data(web::Data::new(totp.clone()))
        .route("/sign-in-with-code", web::post().to(begin_sign_in))
        .route("/sign-out", web::post().to(sign_out));
    for path in ["/home", "/sign-in", "/logo.svg", "/own.css", "/imprint"] {
        cfg.route(path, web::get().to(HttpResponse::Ok));
    }
}

fn alice() -> UserId {
    UserId::new("alice").unwrap()
}

/// The first step of two.
async fn begin_sign_in(totp: web::Data<Totp>, req: HttpRequest) -> HttpResponse {
    let ticket = totp.begin_sign_in(&alice()).await.unwrap().unwrap();
    totp.challenge_page(&req, &ticket, Some("/app/vault")).await
}

async fn sign_in(session: Session) -> HttpResponse {
    session.renew();
    session.insert("user_id", "alice").unwrap();
    HttpResponse::Ok().finish()
}

async fn sign_out(session: Session) -> HttpResponse {
    session.purge();
    HttpResponse::Ok().finish()
}
