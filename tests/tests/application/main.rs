//! What an application sets, asks and is told.

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod changes;
mod events;
mod existing_app;
mod labels;
mod problems;
mod settings;
mod shortfalls;
mod verified;

use actix_session::{Session, SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp, TotpBuilder, UserId};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};
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
            .route(
                "/session/{key}",
                web::get().to(async |session: Session, key: web::Path<String>| {
                    let entries = session.entries();
                    entries.get(key.as_str()).cloned().unwrap_or_default()
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
            .wrap(session())
    );
    (totp, clock, server)
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64])).build()
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
