//! Sessions in Redis, so that a Redis that is away fails requests for as long as it is away and does not hold them.
//!
//! 1. actix-session's own connection waits as long as it takes, and asks a Redis that was away again only after up to a minute
//!    (the `ConnectionManager` of redis 0.32). So it is given a pool, and each call has two seconds.
//! 2. actix-session makes a session anew that is changed after it was deleted. Here it stays deleted: a request that was under
//!    way must not bring back what was logged out.

use std::{collections::HashMap, fmt, future::Future, time::Duration};

use actix_session::storage::{
    LoadError, RedisSessionStore, SaveError, SessionKey, SessionStore, UpdateError,
};
use actix_web::{cookie::time, rt::time::timeout};
use anyhow::{Context, Error, anyhow};
use deadpool_redis::{Config, Pool, Runtime, redis};

const LONGEST: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;

type State = HashMap<String, String>;

#[derive(Clone)]
pub(crate) struct RedisSessions {
    store: RedisSessionStore,
    pool: Pool,
}

impl RedisSessions {
    /// Asks Redis once, so that a wrong URL is noticed here.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let pool = Config::from_url(url)
            .builder()
            .context("REDIS_URL")?
            .max_size(CONNECTIONS)
            .wait_timeout(Some(LONGEST))
            .create_timeout(Some(LONGEST))
            .recycle_timeout(Some(LONGEST))
            .runtime(Runtime::Tokio1)
            .build()?;
        drop(pool.get().await.context("Redis does not answer")?);
        let store = RedisSessionStore::new_pooled(pool.clone()).await?;
        Ok(Self { store, pool })
    }

    /// Changes a session that is there.
    async fn change(&self, key: &SessionKey, json: &str, secs: i64) -> Result<(), Error> {
        let mut connection = self.pool.get().await?;
        let mut set = redis::cmd("SET");
        set.arg(key.as_ref())
            .arg(json)
            .arg("XX")
            .arg("EX")
            .arg(secs);
        Ok(set.query_async(&mut connection).await?)
    }
}

impl SessionStore for RedisSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        in_time(self.store.load(key), LoadError::Other).await
    }

    async fn save(&self, state: State, ttl: &time::Duration) -> Result<SessionKey, SaveError> {
        in_time(self.store.save(state, ttl), SaveError::Other).await
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &time::Duration,
    ) -> Result<SessionKey, UpdateError> {
        let json = serde_json::to_string(&state)
            .map_err(|error| UpdateError::Serialization(error.into()))?;
        let change = self.change(&key, &json, ttl.whole_seconds());
        let changed = in_time(change, |error| error).await;
        changed.map_err(UpdateError::Other)?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &time::Duration) -> Result<(), Error> {
        in_time(self.store.update_ttl(key, ttl), |error| error).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), Error> {
        in_time(self.store.delete(key), |error| error).await
    }
}

/// Why Redis failed is logged, not told: the error is shown to the client.
async fn in_time<T, E: fmt::Display>(
    call: impl Future<Output = Result<T, E>>,
    error: impl Fn(Error) -> E,
) -> Result<T, E> {
    let cause = match timeout(LONGEST, call).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(cause)) => cause.to_string(),
        Err(late) => late.to_string(),
    };
    tracing::error!(cause, "sessions");
    Err(error(anyhow!("The sessions cannot be reached.")))
}
