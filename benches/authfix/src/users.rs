//! The users and their secrets, in SQLite.

use actix_web::web;
use authfix::{
    login::{LoadUserByCredentials, LoadUserError, LoginToken},
    multifactor::factor_impl::authenticator::{GetTotpSecretError, TotpSecretRepository},
    session::AccountInfo,
};
use diesel::{
    SqliteConnection,
    connection::SimpleConnection,
    prelude::*,
    r2d2::{ConnectionManager, Pool},
};
use libsqlite3_sys as _; // compiles SQLite in
use serde::{Deserialize, Serialize};

/// The password of every user: its check is not what is measured.
pub(crate) const PASSWORD: &str = "password";

diesel::table! {
    users (id) {
        id -> Text,
        secret -> Text,
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct User {
    id: String,
}

impl AccountInfo for User {}

#[derive(Clone)]
pub(crate) struct Users(Pool<ConnectionManager<SqliteConnection>>);

impl Users {
    pub(crate) fn open(path: &str) -> anyhow::Result<Self> {
        Ok(Self(Pool::new(ConnectionManager::new(path))?))
    }

    /// Makes the table and fills it with pairs of an id and a secret in base32.
    pub(crate) fn create(&self, rows: &[(String, String)]) -> anyhow::Result<()> {
        let mut db = self.0.get()?;
        db.batch_execute(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE users (id TEXT PRIMARY KEY NOT NULL, secret TEXT NOT NULL);",
        )?;
        Ok(db.transaction(|db| {
            rows.iter().try_for_each(|(id, secret)| {
                let row = (users::id.eq(id), users::secret.eq(secret));
                let insert = diesel::insert_into(users::table).values(row);
                insert.execute(db).map(drop)
            })
        })?)
    }

    async fn secret(&self, id: &str) -> anyhow::Result<String> {
        let Self(pool) = self.clone();
        let wanted = users::table.find(id.to_owned()).select(users::secret);
        web::block(move || Ok(wanted.first(&mut pool.get()?)?)).await?
    }
}

impl TotpSecretRepository for Users {
    type User = User;

    async fn auth_secret(&self, user: &User) -> Result<String, GetTotpSecretError> {
        let secret = self.secret(&user.id).await;
        secret.map_err(|error| GetTotpSecretError::new(&error.to_string()))
    }
}

impl LoadUserByCredentials for Users {
    type User = User;

    async fn load_user(&self, login: &LoginToken) -> Result<User, LoadUserError> {
        match self.secret(&login.email).await {
            Ok(_) if login.password == PASSWORD => Ok(User {
                id: login.email.clone(),
            }),
            _ => Err(LoadUserError::LoginFailed),
        }
    }
}
