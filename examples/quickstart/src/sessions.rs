//! Where sessions are kept: in the application's database or in Redis, so that logging out revokes, or in the cookie.

mod database;
#[cfg(feature = "redis")]
mod redis;

use std::{collections::HashMap, sync::Arc};

use actix_session::storage::{
    CookieSessionStore, LoadError, SaveError, SessionKey, SessionStore, UpdateError,
};
use actix_totp::Clock;
use actix_web::cookie::time::Duration;
use anyhow::Error;

use self::database::DatabaseSessions;
#[cfg(feature = "redis")]
use self::redis::RedisSessions;
use crate::{config::SessionPlace, database::Database};

type State = HashMap<String, String>;

/// Which of them, as the settings say.
#[derive(Clone)]
pub(crate) enum Sessions {
    Database(DatabaseSessions),
    Cookie,
    #[cfg(feature = "redis")]
    Redis(RedisSessions),
}

impl Sessions {
    /// Connects to Redis, if that is the place.
    pub(crate) async fn open(
        place: SessionPlace,
        database: &Database,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        match place {
            SessionPlace::Database => {
                let sessions = DatabaseSessions::new(database.clone(), clock);
                Ok(Self::Database(sessions))
            }
            SessionPlace::Cookie => Ok(Self::Cookie),
            #[cfg(feature = "redis")]
            SessionPlace::Redis(url) => RedisSessions::open(&url).await.map(Self::Redis),
            #[cfg(not(feature = "redis"))]
            SessionPlace::Redis(_) => anyhow::bail!("run with --features redis"),
        }
    }
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        match self {
            Self::Database(sessions) => sessions.load(key).await,
            Self::Cookie => CookieSessionStore::default().load(key).await,
            #[cfg(feature = "redis")]
            Self::Redis(sessions) => sessions.load(key).await,
        }
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        match self {
            Self::Database(sessions) => sessions.save(state, ttl).await,
            Self::Cookie => CookieSessionStore::default().save(state, ttl).await,
            #[cfg(feature = "redis")]
            Self::Redis(sessions) => sessions.save(state, ttl).await,
        }
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        match self {
            Self::Database(sessions) => sessions.update(key, state, ttl).await,
            Self::Cookie => CookieSessionStore::default().update(key, state, ttl).await,
            #[cfg(feature = "redis")]
            Self::Redis(sessions) => sessions.update(key, state, ttl).await,
        }
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), Error> {
        match self {
            Self::Database(sessions) => sessions.update_ttl(key, ttl).await,
            Self::Cookie => CookieSessionStore::default().update_ttl(key, ttl).await,
            #[cfg(feature = "redis")]
            Self::Redis(sessions) => sessions.update_ttl(key, ttl).await,
        }
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), Error> {
        match self {
            Self::Database(sessions) => sessions.delete(key).await,
            Self::Cookie => CookieSessionStore::default().delete(key).await,
            #[cfg(feature = "redis")]
            Self::Redis(sessions) => sessions.delete(key).await,
        }
    }
}
