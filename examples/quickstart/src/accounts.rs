//! The first factor: who registers, signs in and out.

use std::{
    fmt::Write,
    future::Future,
    pin::Pin,
    sync::{Arc, LazyLock},
};

use actix_session::{Session, SessionExt};
use actix_totp::{UserId, pages::is_local};
use actix_web::{
    Either, FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    error::{ErrorBadRequest, ErrorConflict, ErrorInternalServerError, ErrorUnauthorized},
    web::{self, Form, Json, ThinData},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError},
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    database::{Database, users},
    site::{self, SameSite},
};

/// Where the session keeps the user's id: actix-totp looks there by default.
const USER_ID: &str = "user_id";
/// Where the session keeps the user's e-mail address, which may be blank.
const EMAIL: &str = "email";
pub(crate) const USERNAME: &str = "username";

#[derive(Deserialize)]
pub(crate) struct Registration {
    username: String,
    password: String,
    email: String,
}

/// A program sends JSON, a page a form.
type Sent<T> = Either<Json<T>, Form<T>>;

fn read<T>(sent: Sent<T>) -> (T, bool) {
    match sent {
        Either::Left(json) => (json.into_inner(), false),
        Either::Right(form) => (form.into_inner(), true),
    }
}

pub(crate) async fn register(
    database: ThinData<Database>,
    sent: Sent<Registration>,
    _: SameSite,
) -> actix_web::Result<HttpResponse> {
    let (registration, is_form) = read(sent);
    let username = registration.username.clone();
    match create(&database, registration).await {
        Ok(()) if is_form => Ok(site::see_other("/login")),
        Ok(()) => Ok(HttpResponse::Created().json(json!({ "username": username }))),
        Err(error) if is_form => Ok(form_again(true, &error, None)),
        Err(error) => Err(error),
    }
}

/// The form once more, with what was wrong.
fn form_again(registers: bool, error: &actix_web::Error, next: Option<&str>) -> HttpResponse {
    let status = error.as_response_error().status_code();
    site::enter(registers, Some(&error.to_string()), next, status)
}

async fn create(database: &Database, registration: Registration) -> actix_web::Result<()> {
    let Registration {
        username,
        password,
        email,
    } = registration;
    if !(1..=64).contains(&username.len())
        || !(8..=256).contains(&password.len())
        || email.len() > 255
    {
        return Err(ErrorBadRequest(
            "username: 1 to 64 bytes; password: 8 to 256; email: at most 255",
        ));
    }
    let id = random_id::<16>().map_err(ErrorInternalServerError)?;
    let hash = hashing(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|it| it.to_string())
    })
    .await?
    .map_err(|_| ErrorInternalServerError("The password cannot be hashed."))?;
    let row = (
        users::id.eq(id),
        users::username.eq(username),
        users::email.eq(email),
        users::password.eq(hash),
    );
    let is_new = database
        .run(
            move |db| match diesel::insert_into(users::table).values(row).execute(db) {
                Err(DatabaseError(UniqueViolation, _)) => Ok(false),
                inserted => inserted.map(|_| true),
            },
        )
        .await?;
    if !is_new {
        return Err(ErrorConflict("This username is taken."));
    }
    Ok(())
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
    /// Where a page leads after it.
    next: Option<String>,
}

pub(crate) async fn login(
    database: ThinData<Database>,
    session: Session,
    sent: Sent<Credentials>,
    _: SameSite,
) -> actix_web::Result<HttpResponse> {
    let (credentials, is_form) = read(sent);
    let next = credentials.next.clone().filter(|next| is_local(next));
    match sign_in(&database, &session, credentials).await {
        Ok(_) if is_form => Ok(site::see_other(next.as_deref().unwrap_or("/account"))),
        Ok(username) => Ok(HttpResponse::Ok().json(json!({ "username": username }))),
        Err(error) if is_form => Ok(form_again(false, &error, next.as_deref())),
        Err(error) => Err(error),
    }
}

async fn sign_in(
    database: &Database,
    session: &Session,
    credentials: Credentials,
) -> actix_web::Result<String> {
    let Credentials {
        username, password, ..
    } = credentials;
    let wanted = users::table.filter(users::username.eq(username));
    let user = database
        .run(|db| {
            wanted
                .first::<(String, String, String, String)>(db)
                .optional()
        })
        .await?;
    let hash = user
        .as_ref()
        .map_or_else(|| NOBODY.clone(), |(.., hash)| hash.clone());
    let is_right = hashing(move || is_password(&password, &hash)).await?;
    let Some((id, username, email, _)) = user.filter(|_| is_right) else {
        return Err(ErrorUnauthorized("Wrong username or password."));
    };
    session.clear(); // nothing of whoever used this browser before, and a new session id
    session.renew();
    session.insert(USER_ID, id)?;
    session.insert(EMAIL, email)?;
    session.insert(USERNAME, &username)?;
    Ok(username)
}

pub(crate) async fn logout(req: HttpRequest, session: Session, _: SameSite) -> HttpResponse {
    session.purge();
    if site::wants_page(&req) {
        site::see_other("/")
    } else {
        HttpResponse::Ok().json(json!({ "detail": "Signed out" }))
    }
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

/// Verified instead of the hash of a user that does not exist, so that the time does not tell who exists.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password(b"nobody's password");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// `N` random bytes in hexadecimal.
pub(crate) fn random_id<const N: usize>() -> anyhow::Result<String> {
    let mut random = [0; N];
    getrandom::fill(&mut random)?;
    Ok(random.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// How authenticators name the account: by its e-mail address, or else by the user's name.
pub(crate) async fn label(req: &HttpRequest, _: &UserId) -> actix_web::Result<String> {
    let session = req.get_session();
    let email: Option<String> = session.get(EMAIL)?;
    match email.filter(|email| !email.trim().is_empty()) {
        Some(email) => Ok(email),
        None => Ok(session.get(USERNAME)?.unwrap_or_default()),
    }
}

/// The user whom the session knows, as an argument of a handler; 401 without.
pub(crate) struct SignedInUser {
    pub(crate) username: String,
    pub(crate) email: String,
}

impl FromRequest for SignedInUser {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = actix_web::Result<Self>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = req.get_session();
        Box::pin(async move {
            match (session.get(USERNAME)?, session.get(EMAIL)?) {
                (Some(username), Some(email)) => Ok(Self { username, email }),
                _ => Err(ErrorUnauthorized("Sign in first.")),
            }
        })
    }
}
