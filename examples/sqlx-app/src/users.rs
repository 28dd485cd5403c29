//! Who may sign in: users with an id, an address and the hash of a password.

use std::fmt::Display;

use actix_web::{
    HttpRequest,
    web::{self, ThinData},
};
use anyhow::{Context, anyhow};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use uuid::Uuid;

use crate::{database::Database, error::Fault};

/// Makes a user. `false`: the address is registered.
pub(crate) async fn register(
    database: &Database,
    email: &str,
    password: String,
) -> anyhow::Result<bool> {
    let hash = web::block(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
    });
    let hash = hash.await?.map_err(|error| anyhow!("no hash: {error}"))?;
    let made = with_pool!(database, |pool| {
        sqlx::query("INSERT INTO users VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING")
            .bind(Uuid::new_v4())
            .bind(email)
            .bind(hash)
            .execute(pool)
            .await?
            .rows_affected()
    });
    Ok(made == 1)
}

/// The user with this address and this password.
pub(crate) async fn authenticate(
    database: &Database,
    email: &str,
    password: String,
) -> anyhow::Result<Option<Uuid>> {
    let user: Option<(Uuid, String)> = with_pool!(database, |pool| {
        sqlx::query_as("SELECT id, password_hash FROM users WHERE email = $1")
            .bind(email)
            .fetch_optional(pool)
            .await?
    });
    let (id, hash) = user.map_or((None, NOBODY.into()), |(id, hash)| (Some(id), hash));
    let is_right = web::block(move || {
        let hash = PasswordHash::new(&hash);
        hash.is_ok_and(|hash| {
            let checked = Argon2::default().verify_password(password.as_bytes(), &hash);
            checked.is_ok()
        })
    });
    let is_right = is_right.await?;
    Ok(id.filter(|_| is_right))
}

/// A hash of the default cost that no password has: its time is spent on users that do not exist, too.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The address of the user with this id, whatever type it has where that is kept.
pub(crate) async fn email(req: &HttpRequest, id: &impl Display) -> actix_web::Result<String> {
    let database = req.app_data::<ThinData<Database>>();
    let ThinData(database) = database.context("no database").map_err(Fault)?;
    let id: Uuid = id.to_string().parse().map_err(Fault::from)?;
    let email = with_pool!(database, |pool| {
        sqlx::query_scalar("SELECT email FROM users WHERE id = $1")
            .bind(id)
            .fetch_one(pool)
            .await
            .map_err(Fault::from)?
    });
    Ok(email)
}
