//! What an application says about its pages: name, logo, links, texts, templates, layout, and where they are.

mod addresses;
mod answers;
mod appearance;
mod backup_codes;
mod demand;
mod half_signed_in;

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp, TotpBuilder};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    web::{self, ServiceConfig},
};

use crate::support::{NOON, PageClient, RunningServer, keys, serve};

const MARKUP: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";

fn builder() -> TotpBuilder {
    Totp::builder(MemoryStore::new(), keys()).clock(FakeClock::at(NOON))
}

fn site(builder: TotpBuilder, routes: fn(&Totp, &mut ServiceConfig)) -> RunningServer {
    let totp = builder.build().unwrap();
    serve!(
        App::new()
            .configure(|cfg| routes(&totp, cfg))
            .wrap(session())
    )
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
        .cookie_secure(false)
        .build()
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .service(
            web::resource("/vault")
                .wrap(totp.require())
                .to(HttpResponse::Ok),
        )
        .route("/sign-in", web::post().to(sign_in));
}

async fn sign_in(req: HttpRequest, label: String) -> HttpResponse {
    req.get_session().insert("user_id", "alice").unwrap();
    req.get_session().insert("email", label).unwrap();
    HttpResponse::Ok().finish()
}

fn alice(server: &RunningServer, label: &str) -> PageClient {
    let mut browser = server.browser();
    let answer = browser.send("POST", "/sign-in", &[], label.as_bytes());
    assert_eq!(answer.status, 200);
    PageClient::at(browser)
}
