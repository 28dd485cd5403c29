//! Sessions in the application's own database.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_totp::Clock;
use actix_web::cookie::time::Duration;
use anyhow::Error;
use diesel::prelude::*;

use crate::database::{AnyConnection, Database, sessions};

type State = HashMap<String, String>;

#[derive(Clone)]
pub(crate) struct DatabaseSessions {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl DatabaseSessions {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    fn now(&self) -> i64 {
        let since = self.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs().cast_signed())
    }

    async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, Error> {
        let result = self.database.run(query).await;
        result.map_err(|error| Error::msg(error.to_string()))
    }
}

impl SessionStore for DatabaseSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let (id, now) = (key.as_ref().to_owned(), self.now());
        let live = sessions::table
            .find(id)
            .filter(sessions::expires_at.gt(now));
        let state = self
            .run(move |db| live.select(sessions::state).first::<String>(db).optional())
            .await
            .map_err(LoadError::Other)?;
        let state = state.map(|json| serde_json::from_str(&json)).transpose();
        state.map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let json = serde_json::to_string(&state)
            .map_err(|error| SaveError::Serialization(error.into()))?;
        let id = crate::accounts::random_id::<32>().map_err(SaveError::Other)?;
        let (now, expires_at) = (self.now(), self.now() + ttl.whole_seconds());
        let row = (
            sessions::id.eq(id.clone()),
            sessions::state.eq(json),
            sessions::expires_at.eq(expires_at),
        );
        self.run(move |db| {
            diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(db)?;
            diesel::insert_into(sessions::table).values(row).execute(db)
        })
        .await
        .map_err(SaveError::Other)?;
        SessionKey::try_from(id).map_err(|error| SaveError::Other(error.into()))
    }

    /// A session that is gone stays gone: a request that was under way must not bring back what was logged out.
    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let json = serde_json::to_string(&state)
            .map_err(|error| UpdateError::Serialization(error.into()))?;
        let (id, expires_at) = (key.as_ref().to_owned(), self.now() + ttl.whole_seconds());
        let change = (
            sessions::state.eq(json),
            sessions::expires_at.eq(expires_at),
        );
        self.run(move |db| {
            diesel::update(sessions::table.find(id))
                .set(change)
                .execute(db)
        })
        .await
        .map_err(UpdateError::Other)?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), Error> {
        let (id, expires_at) = (key.as_ref().to_owned(), self.now() + ttl.whole_seconds());
        let change = sessions::expires_at.eq(expires_at);
        self.run(move |db| {
            diesel::update(sessions::table.find(id))
                .set(change)
                .execute(db)
        })
        .await?;
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), Error> {
        let id = key.as_ref().to_owned();
        self.run(move |db| diesel::delete(sessions::table.find(id)).execute(db))
            .await?;
        Ok(())
    }
}
