//! Registering, signing in, refreshing the tokens.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use actix_totp::{Totp, UserId};
use actix_web::{
    HttpResponse, Responder,
    error::{
        ErrorBadRequest, ErrorConflict, ErrorInternalServerError, ErrorServiceUnavailable,
        ErrorUnauthorized,
    },
    web::{self, Data, Json, ThinData},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::tokens::{Issuer, Use, refused, secret};

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/register", web::post().to(register))
        .route("/login", web::post().to(login))
        .route("/refresh", web::post().to(refresh));
}

/// The users by their e-mail address. A real application keeps them in a database.
#[derive(Default)]
pub(crate) struct Users(Mutex<HashMap<String, User>>);

#[derive(Clone)]
struct User {
    id: String,
    password: String,
}

impl Users {
    fn find(&self, email: &str) -> Option<User> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(email).cloned()
    }

    /// `false`: the address is taken.
    fn add(&self, email: String, password: String) -> bool {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (users.len() + 1).to_string();
        let is_new = !users.contains_key(&email);
        if is_new {
            users.insert(email, User { id, password });
        }
        is_new
    }

    pub(crate) fn email_of(&self, id: &UserId) -> Option<String> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (email, _) = users.iter().find(|(_, user)| user.id == id.as_str())?;
        Some(email.clone())
    }
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn register(
    users: Data<Users>,
    form: Json<Credentials>,
) -> actix_web::Result<impl Responder> {
    let Credentials { email, password } = form.into_inner();
    if password.len() < 8 {
        return Err(ErrorBadRequest("A password has 8 bytes or more."));
    }
    match users.add(email, hash(password).await?) {
        true => Ok(HttpResponse::Created()),
        false => Err(ErrorConflict("This address is registered.")),
    }
}

/// Tokens for a password; for a user who has a second factor, a ticket.
async fn login(
    users: Data<Users>,
    issuer: ThinData<Issuer>,
    totp: ThinData<Totp>,
    form: Json<Credentials>,
) -> actix_web::Result<HttpResponse> {
    let Credentials { email, password } = form.into_inner();
    let user = users.find(&email);
    // The time of a hash is spent on users that do not exist, too.
    let kept = user.as_ref().map_or(NOBODY, |user| &user.password);
    let kept = kept.to_owned();
    let is_right = hashing(move || is_password(&password, &kept)).await?;
    let Some(User { id, .. }) = user.filter(|_| is_right) else {
        return Err(ErrorUnauthorized("Wrong address or password."));
    };
    let user = UserId::new(id.as_str()).map_err(ErrorInternalServerError)?;
    let ticket = totp.begin_sign_in(&user).await;
    if let Some(ticket) = ticket.map_err(ErrorServiceUnavailable)? {
        return Ok(secret(&json!({ "ticket": ticket.as_str() })));
    }
    issuer.issue(&id, None)
}

#[derive(Deserialize)]
struct Refresh {
    refresh_token: String,
    /// What `verify/` or `validate/` has just answered: a younger proof for the new tokens.
    proof: Option<String>,
}

/// New tokens. Without a younger proof they keep the one of the old, and its age.
async fn refresh(
    issuer: ThinData<Issuer>,
    totp: ThinData<Totp>,
    form: Json<Refresh>,
) -> actix_web::Result<HttpResponse> {
    let claims = issuer.open(&form.refresh_token, Use::Refresh)?;
    let user = UserId::new(claims.sub.as_str()).map_err(ErrorInternalServerError)?;
    let kept = claims.second_factor.map(|it| it.totp);
    let text = form.proof.as_ref().or(kept.as_ref());
    let proof = text.and_then(|text| totp.open_proof(&user, text));
    if form.proof.is_some() && proof.is_none() {
        return Err(ErrorBadRequest("The proof is not good."));
    }
    // Tokens say nothing of a proof that has ended, and those from before the second factor are not renewed.
    let status = totp.status(&user).await;
    let status = status.map_err(ErrorServiceUnavailable)?;
    let proof = proof.filter(|proof| status.accepts(proof));
    if status.enabled && proof.is_none() {
        return Err(refused());
    }
    let sealed = proof.map(|proof| totp.seal_proof(&proof)).transpose();
    let sealed = sealed.map_err(ErrorInternalServerError)?;
    let second_factor = sealed.map(Into::into);
    issuer.issue(&claims.sub, second_factor.as_ref())
}

/// A hash of the default cost that no password has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn hash(password: String) -> actix_web::Result<String> {
    let hash = hashing(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|it| it.to_string())
    });
    hash.await?
        .map_err(|_| ErrorInternalServerError("The password cannot be hashed."))
}

/// Runs what hashes a password: two at a time, as each takes 19 MiB and a core, and a flood of sign-ins would take all there is.
async fn hashing<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> actix_web::Result<T> {
    static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
    let place = Arc::clone(&PLACES).acquire_owned().await;
    let place = place.map_err(ErrorInternalServerError)?;
    let result = web::block(move || {
        let _place = place; // also when the client is gone and nobody waits
        work()
    });
    Ok(result.await?)
}

fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}
