//! Registering, signing in and out, changing the password.

use actix_identity::Identity;
use actix_totp::{Totp, UserId};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, Responder,
    error::{ErrorBadRequest, ErrorConflict, ErrorInternalServerError, ErrorUnauthorized},
    web::{self, Data, Json, ThinData},
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

use crate::{DbPool, run};

diesel::table! {
    users (id) {
        id -> Integer,
        email -> Text,
        password -> Text,
    }
}

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/register", web::post().to(register))
        .route("/login", web::post().to(login))
        .route("/logout", web::post().to(logout))
        .route("/password", web::post().to(change_password));
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn register(
    pool: ThinData<DbPool>,
    form: Json<Credentials>,
) -> actix_web::Result<impl Responder> {
    let Credentials { email, password } = form.into_inner();
    if password.len() < 8 {
        return Err(ErrorBadRequest("A password has 8 bytes or more."));
    }
    let row = (
        users::email.eq(email),
        users::password.eq(hash(password).await?),
    );
    let is_new = run(&pool, |db| {
        match diesel::insert_into(users::table).values(row).execute(db) {
            Err(DatabaseError(UniqueViolation, _)) => Ok(false),
            inserted => inserted.map(|_| true),
        }
    });
    match is_new.await? {
        true => Ok(HttpResponse::Created()),
        false => Err(ErrorConflict("This address is registered.")),
    }
}

async fn login(
    req: HttpRequest,
    pool: ThinData<DbPool>,
    form: Json<Credentials>,
) -> actix_web::Result<impl Responder> {
    let Credentials { email, password } = form.into_inner();
    let wanted = users::table.filter(users::email.eq(email));
    let user = run(&pool, |db| {
        wanted.first::<(i32, String, String)>(db).optional()
    })
    .await?;
    // The time of a hash is spent on users that do not exist, too.
    let kept = user.as_ref().map_or(NOBODY, |user| &user.2).to_owned();
    let is_right = web::block(move || is_password(&password, &kept)).await?;
    let Some((id, ..)) = user.filter(|_| is_right) else {
        return Err(ErrorUnauthorized("Wrong address or password."));
    };
    Identity::login(&req.extensions(), id.to_string())?;
    Ok(HttpResponse::Ok())
}

async fn logout(user: Identity) -> impl Responder {
    user.logout();
    HttpResponse::Ok()
}

#[derive(Deserialize)]
struct NewPassword {
    old: String,
    new: String,
}

async fn change_password(
    user: Identity,
    pool: ThinData<DbPool>,
    totp: Data<Totp>,
    form: Json<NewPassword>,
) -> actix_web::Result<impl Responder> {
    let NewPassword { old, new } = form.into_inner();
    let id = id_of(&user)?;
    let row = users::table.find(id);
    let kept = run(&pool, move |db| {
        row.select(users::password).first::<String>(db)
    })
    .await?;
    if new.len() < 8 || !web::block(move || is_password(&old, &kept)).await? {
        return Err(ErrorUnauthorized("Wrong password."));
    }
    let change = users::password.eq(hash(new).await?);
    run(&pool, move |db| diesel::update(row).set(change).execute(db)).await?;
    let user = UserId::new(id.to_string()).map_err(ErrorInternalServerError)?;
    totp.end_all_proofs(&user)
        .await
        .map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok())
}

pub(crate) fn id_of(user: &Identity) -> actix_web::Result<i32> {
    let id = user.id().map_err(ErrorUnauthorized)?;
    id.parse().map_err(ErrorUnauthorized)
}

/// A hash of the default cost that no password has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn hash(password: String) -> actix_web::Result<String> {
    let hash = web::block(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|it| it.to_string())
    });
    hash.await?
        .map_err(|_| ErrorInternalServerError("The password cannot be hashed."))
}

fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}
