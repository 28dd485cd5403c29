//! Sessions in the application's own database, so that signing out ends them.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_session::storage::{
    LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key,
};
use actix_web::cookie::time::Duration;

use crate::database::Database;

type State = HashMap<String, String>;

pub(crate) struct DatabaseSessions(pub(crate) Database);

impl SessionStore for DatabaseSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let state = self.read(key).await.map_err(LoadError::Other)?;
        let state = state.map(|json| serde_json::from_str(&json)).transpose();
        state.map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        let insert = "INSERT INTO sessions (state, expires_at, id) VALUES ($1, $2, $3)";
        let saved = self.write(insert, &key, &state, ttl).await;
        saved.map(|()| key).map_err(SaveError::Other)
    }

    /// Makes no row: a request that was under way brings no session back that was signed out.
    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let update = "UPDATE sessions SET state = $1, expires_at = $2 WHERE id = $3";
        let updated = self.write(update, &key, &state, ttl).await;
        updated.map(|()| key).map_err(UpdateError::Other)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> anyhow::Result<()> {
        with_pool!(&self.0, |pool| {
            sqlx::query("UPDATE sessions SET expires_at = $1 WHERE id = $2")
                .bind(now() + ttl.whole_seconds())
                .bind(key.as_ref())
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// What has expired goes with it.
    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        with_pool!(&self.0, |pool| {
            sqlx::query("DELETE FROM sessions WHERE id = $1 OR expires_at <= $2")
                .bind(key.as_ref())
                .bind(now())
                .execute(pool)
                .await?;
        });
        Ok(())
    }
}

impl DatabaseSessions {
    async fn read(&self, key: &SessionKey) -> anyhow::Result<Option<String>> {
        let state = with_pool!(&self.0, |pool| {
            sqlx::query_scalar("SELECT state FROM sessions WHERE id = $1 AND expires_at > $2")
                .bind(key.as_ref())
                .bind(now())
                .fetch_optional(pool)
                .await?
        });
        Ok(state)
    }

    async fn write(
        &self,
        statement: &'static str,
        key: &SessionKey,
        state: &State,
        ttl: &Duration,
    ) -> anyhow::Result<()> {
        let json = serde_json::to_string(state)?;
        with_pool!(&self.0, |pool| {
            sqlx::query(statement)
                .bind(json)
                .bind(now() + ttl.whole_seconds())
                .bind(key.as_ref())
                .execute(pool)
                .await?;
        });
        Ok(())
    }
}

/// Seconds since the Unix epoch.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
