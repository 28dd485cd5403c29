//! Sessions in Redis, so that a Redis that is away fails requests for as long as it is away and does not hold them.
//!
//! actix-session's own connection waits as long as it takes, and asks a Redis that was away again only after up to a minute
//! (the `ConnectionManager` of redis 0.32). So it is given a pool, and each call has two seconds.

use std::{fmt, future::Future, time::Duration};

use actix_session::storage::RedisSessionStore;
use actix_web::rt::time::timeout;
use anyhow::{Context, Error, anyhow};
use deadpool_redis::{Config, Runtime};

const LONGEST: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;

/// Asks Redis once, so that a wrong URL is noticed here.
pub(super) async fn open(url: &str) -> anyhow::Result<RedisSessionStore> {
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
    RedisSessionStore::new_pooled(pool).await
}

/// Why Redis failed is logged, not told: the error is shown to the client.
pub(super) async fn in_time<T, E: fmt::Display>(
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
