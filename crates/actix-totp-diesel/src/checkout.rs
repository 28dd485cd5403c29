//! A connection for one query, without asking first whether it is alive.
//!
//! Asking costs a round trip at every request. Instead a query that fails is followed by the question, and where the
//! connection is dead (the server was restarted, or closed what was idle) the query is run again on another one.

use std::time::Instant;

use actix_totp_core::{Device, StoreError, UserId, Version};
use diesel::{
    QueryResult,
    r2d2::{ConnectionManager, Pool, PooledConnection},
    result::Error,
};

use crate::{
    answers::{Answers, EachAlone},
    backend::{Backend, Update, UpdateAll},
    columns::Row,
    swap::{swap_again, swap_on},
};

type Connections<C> = Pool<ConnectionManager<C>>;
type Connection<C> = PooledConnection<ConnectionManager<C>>;

pub(crate) fn check_out<C: Backend>(pool: &Connections<C>) -> Result<Connection<C>, StoreError> {
    pool.get().map_err(StoreError::unavailable)
}

/// A connection that answers. The dead ones that are met on the way leave the pool.
fn check_out_alive<C: Backend>(pool: &Connections<C>) -> Result<Connection<C>, StoreError> {
    for _ in 0..pool.max_size() {
        let mut connection = check_out(pool)?;
        if is_alive(&mut connection) {
            return Ok(connection);
        }
    }
    check_out(pool)
}

fn is_alive<C: Backend>(connection: &mut Connection<C>) -> bool {
    let alive = connection.ping().is_ok();
    if !alive {
        connection.discard();
    }
    alive
}

/// Runs a query that changes nothing.
pub(crate) fn read<C: Backend, T>(
    pool: &Connections<C>,
    query: impl Fn(&mut C) -> QueryResult<T>,
) -> Result<T, StoreError> {
    let mut connection = check_out(pool)?;
    let mut answer = query(&mut *connection);
    if answer.is_err() && !is_alive(&mut connection) {
        drop(connection);
        answer = query(&mut *check_out_alive(pool)?);
    }
    answer.map_err(StoreError::unavailable)
}

/// Finds many at once. `None`: the database refused that as a whole.
pub(crate) fn read_all<C: Backend>(
    pool: &Connections<C>,
    users: &[&UserId],
) -> Result<Option<Vec<Option<Row>>>, StoreError> {
    let mut connection = check_out(pool)?;
    if let Ok(rows) = connection.find_all(users) {
        return Ok(Some(rows));
    }
    if is_alive(&mut connection) {
        return Ok(None);
    }
    drop(connection);
    let rows = check_out_alive(pool)?.find_all(users);
    rows.map(Some).map_err(StoreError::unavailable)
}

/// Runs a swap. On a connection that dies it is unknown whether the swap was written; but the version that it writes is
/// nobody else's, so it can be tried again and recognised.
pub(crate) fn write<C: Backend>(
    pool: &Connections<C>,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> Result<bool, StoreError> {
    let mut connection = check_out(pool)?;
    let swapped = swap_on(&mut *connection, user, expected, next);
    if let Err(error) = &swapped
        && !is_alive(&mut connection)
        && let Some(next) = next
    // a row that is gone does not say who deleted it
    {
        drop(connection);
        let connection = &mut *check_out_alive(pool)?;
        let swapped = swap_again(connection, user, expected, next);
        return certain(swapped.map_err(StoreError::unavailable)?, error);
    }
    swapped.map_err(StoreError::unavailable)
}

/// Runs many updates as one statement. `None`: the database refused it as a whole, and nothing was written.
///
/// On a connection that dies it is unknown what was written: each is run again alone, and recognised.
pub(crate) fn write_all<C: Backend>(
    pool: &Connections<C>,
    update_all: UpdateAll<C>,
    updates: &[Update<'_>],
    alone: &mut EachAlone<impl Fn() -> Instant>,
    until: Instant,
) -> Result<Option<Answers<bool>>, StoreError> {
    let mut connection = check_out(pool)?;
    let error = match update_all(&mut connection, updates) {
        Ok(written) => return Ok(Some(written.into_iter().map(Ok).collect())),
        Err(error) if C::is_conflict(&error) => return Ok(None),
        Err(error) => error,
    };
    if is_alive(&mut connection) {
        return match error {
            Error::DatabaseError(..) => Ok(None), // the server's own word
            other => Err(StoreError::unavailable(other)),
        };
    }
    drop(connection);
    let connection = &mut *check_out_alive(pool)?;
    let answer = |update: &Update<'_>| {
        let (user, expected) = (&update.next.user, Some(update.expected));
        let swapped = alone.run(until, || {
            swap_again(connection, user, expected, update.next).map_err(StoreError::unavailable)
        });
        certain(swapped?, &error)
    };
    Ok(Some(updates.iter().map(answer).collect()))
}

/// After `error` no swap is told as lost: the try that it ended may have written it.
fn certain(is_written: bool, error: &Error) -> Result<bool, StoreError> {
    let unknown = || StoreError::unavailable(error.to_string());
    is_written.then_some(true).ok_or_else(unknown)
}

#[cfg(all(test, feature = "sqlite"))]
#[allow(clippy::unwrap_used, reason = "a test panics on purpose")]
mod tests {
    use diesel::{SqliteConnection, result::DatabaseErrorKind};

    use super::*;

    fn written_by(update_all: UpdateAll<SqliteConnection>) -> Result<bool, StoreError> {
        let pool = Pool::builder().max_size(1);
        let pool = pool.build(ConnectionManager::new(":memory:")).unwrap();
        let mut alone = EachAlone::new(Instant::now);
        let answers = write_all(&pool, update_all, &[], &mut alone, Instant::now())?;
        Ok(answers.is_some())
    }

    /// An answer that cannot be read may be that of a commit: each alone would then be told as lost.
    #[test]
    fn a_batch_is_tried_alone_only_where_the_server_says_that_it_refused_it() {
        let refused = written_by(|_, _| {
            let error = DatabaseErrorKind::Unknown;
            Err(Error::DatabaseError(error, Box::new("refused".to_owned())))
        });
        assert!(matches!(refused, Ok(false)));
        let unreadable = written_by(|_, _| Err(Error::DeserializationError("a null".into())));
        assert!(unreadable.is_err());
    }
}
