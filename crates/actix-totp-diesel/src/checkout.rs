//! A connection for one query, without asking first whether it is alive.
//!
//! Asking costs a round trip at every request. Instead a query that fails is followed by the question, and where the
//! connection is dead (the server was restarted, or closed what was idle) the query is run again on another one.

use actix_totp_core::{Device, StoreError, Swap, UserId, Version};
use diesel::{
    QueryResult,
    r2d2::{ConnectionManager, Pool, PooledConnection},
};

use crate::{
    backend::Backend,
    row::{Row, Values},
    store::swap_on,
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

/// Finds many at once. `None`: that failed, on a connection that is alive.
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
        if was_written(connection, user, expected, next).unwrap_or(false) {
            return Ok(true);
        }
        return Err(StoreError::unavailable(error.to_string()));
    }
    swapped.map_err(StoreError::unavailable)
}

/// Runs many updates as one statement. `None`: it lost against another writer as a whole, and nothing was written.
pub(crate) fn write_all<C: Backend>(
    pool: &Connections<C>,
    swaps: &[&Swap],
    updates: &[(i64, Values<'_>)],
) -> Result<Option<Vec<Result<bool, StoreError>>>, StoreError> {
    let mut connection = check_out(pool)?;
    let error = match connection.update_all(updates) {
        Ok(written) => return Ok(Some(written.into_iter().map(Ok).collect())),
        Err(error) if C::is_conflict(&error) => return Ok(None),
        Err(error) => error,
    };
    if is_alive(&mut connection) {
        return Err(StoreError::unavailable(error));
    }
    drop(connection);
    let connection = &mut *check_out_alive(pool)?;
    let mut again = |swap: &Swap| {
        let next = swap.next.as_ref()?;
        let written = was_written(connection, &swap.user, swap.expected, next);
        written.ok().filter(|written| *written)
    };
    let unknown = || StoreError::unavailable(error.to_string());
    let answers = swaps.iter().map(|swap| again(swap).ok_or_else(unknown));
    Ok(Some(answers.collect()))
}

/// Whether this swap is written now, by this try or the one before. `false`: it is unknown.
fn was_written<C: Backend>(
    connection: &mut C,
    user: &UserId,
    expected: Option<Version>,
    next: &Device,
) -> QueryResult<bool> {
    if swap_on(connection, user, expected, Some(next))? {
        return Ok(true);
    }
    let row = connection.find(user)?;
    Ok(row.is_some_and(|row| row.version() == next.version))
}
