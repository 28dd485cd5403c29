//! A sign-in in two steps: an application that gives nobody a session before the second factor.

#[path = "../support/mod.rs"]
mod support;

mod application;
mod faults;
mod pages;
mod races;
mod refusals;
mod requests;
mod sessions;
mod steps;
mod tokens;

use std::sync::Arc;

use actix_session::{SessionExt, SessionMiddleware};
use actix_totp::{Authenticated, FakeClock, MemoryStore, Totp, TotpBuilder, UserId, pages::Pages};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};
use serde_json::{Value, json};
use sessions::MemorySessions;
use support::{Answer, Authenticator, Browser, FaultyStore, NOON, RunningServer, keys, serve};

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// As most applications have it.
async fn into_the_session(
    req: &HttpRequest,
    user: &UserId,
    _: &Authenticated,
) -> Result<HttpResponse, actix_web::Error> {
    req.get_session().insert("user_id", user.as_str())?;
    Ok(HttpResponse::Ok().finish())
}

struct Site {
    totp: Totp,
    clock: FakeClock,
    store: FaultyStore,
    server: RunningServer,
}

impl Site {
    /// With a function that puts the user into the session.
    fn start() -> Self {
        Self::with(|builder| builder.on_signed_in(into_the_session))
    }

    fn with(set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> Self {
        let clock = FakeClock::at(NOON);
        let store = FaultyStore::around(Arc::new(MemoryStore::new()));
        let pages = Pages::new().name("Example Inc").sign_in("/enter");
        let builder = Totp::builder(store.clone(), keys())
            .clock(clock.clone())
            .pages(pages);
        let totp = set(builder).build().unwrap();
        let (used, sessions) = (totp.clone(), MemorySessions::default());
        let server = serve!({
            let session = SessionMiddleware::builder(sessions.clone(), Key::from(&[1; 64]));
            let vault = web::resource("/vault").wrap(used.require());
            App::new()
                .app_data(web::ThinData(used.clone()))
                .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
                .route("/password/{user}", web::post().to(password))
                .route("/enter/{user}", web::post().to(enter))
                .route("/me", web::get().to(me))
                .service(vault.to(HttpResponse::Ok))
                .wrap(session.cookie_secure(false).build())
        });
        Self {
            totp,
            clock,
            store,
            server,
        }
    }

    fn browser(&self) -> Browser {
        self.server.browser()
    }

    /// Turns the second factor of a user on: the authenticator and the backup codes. The clock has moved on, so that the next
    /// code is good.
    fn enroll(&self, user: &UserId) -> (Authenticator, Vec<String>) {
        let service = self.totp.service();
        let enrolled = service.enroll(user, "", None).unwrap().accepted().unwrap();
        let phone = Authenticator::new(enrolled.secret(), &self.clock);
        let confirmed = service.confirm(user, &phone.code()).unwrap();
        let backup = confirmed.accepted().unwrap().backup_codes;
        self.clock.advance_secs(90);
        (phone, backup.iter().map(|code| code.reveal()).collect())
    }

    fn device(&self, user: &UserId) -> actix_totp::Device {
        let service = self.totp.service();
        service.flush_events();
        actix_totp::DeviceStore::load(&self.store, user)
            .unwrap()
            .unwrap()
    }
}

/// The first step of a program: the password is right.
async fn password(
    req: HttpRequest,
    totp: web::ThinData<Totp>,
    user: web::Path<UserId>,
) -> Result<HttpResponse, actix_web::Error> {
    let begun = totp.begin_sign_in(&user).await;
    let Some(ticket) = begun.map_err(actix_web::error::ErrorServiceUnavailable)? else {
        req.get_session().insert("user_id", user.as_str())?;
        return Ok(HttpResponse::Ok().json(json!({ "signed_in": true })));
    };
    Ok(HttpResponse::Ok().json(json!({ "ticket": ticket.as_str() })))
}

/// The first step of a browser, which is shown the page with the second.
async fn enter(
    req: HttpRequest,
    totp: web::ThinData<Totp>,
    user: web::Path<UserId>,
    form: web::Form<std::collections::HashMap<String, String>>,
) -> Result<HttpResponse, actix_web::Error> {
    let begun = totp.begin_sign_in(&user).await;
    let ticket = begun.map_err(actix_web::error::ErrorServiceUnavailable)?;
    let next = form.get("next").map(String::as_str);
    Ok(totp.challenge_page(&req, &ticket.unwrap(), next).await)
}

async fn me(req: HttpRequest) -> HttpResponse {
    match req.get_session().get::<String>("user_id") {
        Ok(Some(user)) => HttpResponse::Ok().body(user),
        _ => HttpResponse::Unauthorized().finish(),
    }
}

/// The ticket that a program is given for this user's password.
fn ticket(browser: &mut Browser, user: &str) -> String {
    let answer = browser.post(&format!("/password/{user}"), &Value::Null);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["ticket"].as_str().expect("a ticket").to_owned()
}

fn complete(browser: &mut Browser, ticket: &str, token: &str) -> Answer {
    browser.post(
        "/otp/sign-in/",
        &json!({ "ticket": ticket, "token": token }),
    )
}
