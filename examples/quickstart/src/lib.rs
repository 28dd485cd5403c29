//! A small application that signs users in with a password and adds actix-totp: everything the plugin asks of it is
//! in this file.

/// The code of the page on proxies compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/proxy.md")]
struct Proxy;

/// The code of the page on scaling compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/scaling.md")]
struct Scaling;

/// So does that of the page on clients without cookies.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/tokens.md")]
struct Tokens;

mod accounts;
mod config;
mod database;
mod sessions;
mod site;
mod store;

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_session::SessionMiddleware;
use actix_totp::{
    BuildError, Clock, CurrentUser, DeviceStore, RequireTotp, Totp, Verified, pages::Pages,
};
use actix_web::{App, HttpRequest, HttpServer, Responder, cookie::SameSite, dev::Server, web};
use serde_json::json;

use self::{accounts::SignedInUser, database::Database, sessions::Sessions};
pub use self::{
    config::{Config, SessionPlace},
    store::Driver,
};

/// Serves the application on `listener` until it is stopped. `store` keeps the devices.
///
/// # Errors
///
/// If a setting is refused, or the database or Redis does not answer.
pub async fn app(
    config: Config,
    listener: TcpListener,
    clock: impl Clock + Clone,
    store: impl DeviceStore,
) -> anyhow::Result<Server> {
    let mut totp = Totp::builder(store, config.totp_keys)
        .issuer(config.issuer.clone())
        .current_user(CurrentUser::default().label_with(accounts::label))
        .pages(
            Pages::new()
                .sign_in("/login")
                .sign_out("/logout")
                .link("For programs", "/api"),
        )
        .trusted_browsers(Duration::from_secs(30 * 86_400))
        .danger_trust_without_tls() // only because this serves http://127.0.0.1
        .clock(clock.clone());
    if let Some(time) = config.recheck_every {
        totp = totp.recheck_every(time);
    }
    let totp = totp.build().map_err(|error| match error {
        BuildError::Issuer => anyhow::anyhow!("ISSUER: {:?}: {error}", config.issuer),
        error => error.into(),
    })?;
    totp.check().await?;

    let database = Database::open(&config.database_url)?;
    let sessions = Sessions::open(config.sessions, &database, Arc::new(clock)).await?;
    let server = HttpServer::new(move || {
        let session = SessionMiddleware::builder(sessions.clone(), config.session_key.clone())
            .cookie_same_site(SameSite::Lax)
            .cookie_secure(false) // only because this serves http://127.0.0.1; true behind TLS
            .build();
        App::new()
            .app_data(web::ThinData(database.clone()))
            .configure(|cfg| routes(&totp, cfg))
            .wrap(session)
    });
    Ok(server
        .workers(config.workers)
        .shutdown_timeout(5)
        .listen(listener)?
        .run())
}

fn routes(totp: &Totp, cfg: &mut web::ServiceConfig) {
    let guarded = |path: &str, guard: RequireTotp| web::resource(path).wrap(guard);
    let fresh = totp.require().max_age(Duration::from_secs(5 * 60)).strict();
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .configure(site::routes)
        .route("/me", web::get().to(me))
        .service(guarded("/account", totp.require().if_enrolled()).get(account))
        .service(guarded("/vault", totp.require()).get(vault))
        .service(guarded("/transfer", fresh).get(transfer));
}

/// Signed in is enough.
async fn me(user: SignedInUser) -> impl Responder {
    web::Json(json!({ "username": user.username }))
}

/// Guarded for those who have a second factor.
async fn account(req: HttpRequest, user: SignedInUser) -> impl Responder {
    let json = json!({ "username": user.username, "email": user.email });
    site::room(&req, "Your account", &json)
}

/// Guarded for everyone.
async fn vault(req: HttpRequest, _: Verified) -> impl Responder {
    let json = json!({ "secret": "the cake is in the cellar" });
    site::room(&req, "The vault", &json)
}

/// Guarded for everyone, with a code of the last five minutes; the store is always asked.
async fn transfer(req: HttpRequest, verified: Verified) -> impl Responder {
    let json = json!({ "transferred": true, "verified_at": verified.at() });
    site::room(&req, "A transfer", &json)
}
