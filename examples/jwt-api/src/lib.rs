//! Payments: a JSON API whose clients hold access and refresh JWTs. There is no session and no cookie anywhere. What the second
//! factor added is in the README.

mod accounts;
mod tokens;

use std::net::TcpListener;

use actix_totp::{
    Authenticated, Clock, CurrentUser, DieselStore, KeyRing, ProofIn, SignedIn, Totp, UserId,
    diesel::SqliteConnection,
};
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder,
    dev::{Server, ServiceRequest},
    error::{ErrorInternalServerError, ErrorNotFound},
    web::{self, Data, Json, ReqData},
};
use actix_web_httpauth::{extractors::bearer::BearerAuth, middleware::HttpAuthentication};

use crate::{
    accounts::Users,
    tokens::{Claims, Issuer, Use},
};

/// Serves the API on `listener` until it is stopped. `token_secret`: 32 bytes or more.
///
/// # Errors
///
/// If a setting is refused or the database cannot be opened.
pub async fn app(
    database: &str,
    token_secret: &[u8],
    totp_keys: KeyRing,
    clock: impl Clock + Clone,
    listener: TcpListener,
) -> anyhow::Result<Server> {
    let users = Data::new(Users::default());
    let issuer = Issuer::new(token_secret, clock.clone());
    let store = DieselStore::<SqliteConnection>::open(database)?;
    store.migrate()?;
    let (by_token, in_token, of_user) = (issuer.clone(), issuer.clone(), users.clone());
    let signed_in = issuer.clone();
    let totp = Totp::builder(store, totp_keys)
        .issuer("Payments")
        .current_user(
            CurrentUser::from_fn(async move |req| {
                let claims = by_token.claims_of(req);
                let user = claims.map(|it| UserId::new(it.sub)).transpose();
                Ok(user.map_err(ErrorInternalServerError)?.map(SignedIn::new))
            })
            .label_with(async move |_, user| {
                let email = of_user.email_of(user);
                email.ok_or_else(|| ErrorNotFound("no such user"))
            }),
        )
        .proof_in(ProofIn::from_fn(async move |req| {
            Some(in_token.claims_of(req)?.second_factor?.totp)
        }))
        .clock(clock)
        .build()?;
    totp.check().await?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(users.clone())
            .app_data(web::ThinData(issuer.clone()))
            .app_data(web::ThinData(totp.clone()))
            .service(web::scope("/account").configure(accounts::routes))
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .service(
                web::scope("/payments")
                    .service(
                        web::resource("/new")
                            .wrap(totp.require().max_age(Duration::from_secs(300)))
                            .route(web::post().to(pay)),
                    )
                    .wrap(totp.require().if_enrolled())
                    .wrap(HttpAuthentication::with_fn(bearer))
                    .route("", web::get().to(list)),
            )
    });
    Ok(server.workers(2).listen(listener)?.run())
}
