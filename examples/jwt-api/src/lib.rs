//! Payments: a JSON API whose clients hold access and refresh JWTs. There is no session and no cookie anywhere. What the second
//! factor added is in the README.

mod accounts;
mod tokens;

use std::{net::TcpListener, time::Duration};

use actix_totp::{
    Authenticated, Clock, CurrentUser, DieselStore, KeyRing, ProofIn, SignedIn, Totp, UserId,
    diesel::SqliteConnection,
};
use actix_web::{
    App, HttpMessage, HttpRequest, HttpResponse, HttpServer, Responder,
    dev::{Server, ServiceRequest},
    error::{ErrorInternalServerError, ErrorNotFound},
    web::{self, Data, Json, ReqData, ThinData},
};
use actix_web_httpauth::{extractors::bearer::BearerAuth, middleware::HttpAuthentication};
use serde::Deserialize;
use serde_json::json;

use crate::{
    accounts::Users,
    tokens::{Claims, Issuer, refused},
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
    let issuer = Issuer::new(token_secret, clock.clone())?;
    let store = DieselStore::<SqliteConnection>::open(database)?;
    store.migrate()?;
    let totp = Totp::builder(store, totp_keys)
        .issuer("Payments")
        .current_user(CurrentUser::from_fn(signed_in).label_with(email))
        .proof_in(ProofIn::from_fn(proof))
        .on_signed_in(tokens_with_proof)
        .clock(clock)
        .build()?;
    totp.check().await?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(users.clone())
            .app_data(ThinData(issuer.clone()))
            .app_data(ThinData(totp.clone()))
            .service(web::scope("/account").configure(accounts::routes))
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .service(
                web::resource("/payments")
                    .wrap(totp.require().max_age(Duration::from_secs(300)))
                    .wrap(HttpAuthentication::bearer(check_token))
                    .route(web::post().to(pay)),
            )
            .service(
                web::resource("/balance")
                    .wrap(totp.require().if_enrolled())
                    .wrap(HttpAuthentication::bearer(check_token))
                    .route(web::get().to(balance)),
            )
    });
    Ok(server.workers(2).listen(listener)?.run())
}

/// Lets a request pass that brings a good access token, and keeps its claims for the handler.
async fn check_token(
    req: ServiceRequest,
    _: BearerAuth,
) -> Result<ServiceRequest, (actix_web::Error, ServiceRequest)> {
    match claims(req.request()) {
        Some(claims) => {
            req.extensions_mut().insert(claims);
            Ok(req)
        }
        None => Err((refused(), req)),
    }
}

fn claims(req: &HttpRequest) -> Option<Claims> {
    req.app_data::<ThinData<Issuer>>()?.claims_of(req)
}

async fn balance(claims: ReqData<Claims>) -> impl Responder {
    Json(json!({ "user": claims.sub, "balance": 100 }))
}

#[derive(Deserialize)]
struct Payment {
    to: String,
    amount: u64,
}

async fn pay(claims: ReqData<Claims>, payment: Json<Payment>) -> impl Responder {
    Json(json!({ "from": claims.sub, "to": payment.to, "amount": payment.amount }))
}

// What the second factor asks the application.

async fn signed_in(req: &HttpRequest) -> Result<Option<SignedIn>, actix_web::Error> {
    let user = claims(req).map(|claims| UserId::new(claims.sub));
    let user = user.transpose().map_err(ErrorInternalServerError)?;
    Ok(user.map(SignedIn::new))
}

async fn email(req: &HttpRequest, user: &UserId) -> Result<String, actix_web::Error> {
    let users = req.app_data::<Data<Users>>();
    let email = users.and_then(|users| users.email_of(user));
    email.ok_or_else(|| ErrorNotFound("There is no such user."))
}

async fn proof(req: &HttpRequest) -> Option<String> {
    Some(claims(req)?.second_factor?.totp)
}

async fn tokens_with_proof(
    req: &HttpRequest,
    user: &UserId,
    authenticated: &Authenticated,
) -> Result<HttpResponse, actix_web::Error> {
    let (Some(issuer), Some(totp)) = (
        req.app_data::<ThinData<Issuer>>(),
        req.app_data::<ThinData<Totp>>(),
    ) else {
        return Err(ErrorInternalServerError("The application is not wired."));
    };
    let proof = totp
        .seal_proof(&authenticated.proof)
        .map_err(ErrorInternalServerError)?;
    issuer.issue(user.as_str(), Some(&proof.into()))
}
