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
    backend::{Backend, Write},
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
    let error = match swap_on(&mut *connection, user, expected, next) {
        Err(error) if !is_alive(&mut connection) => error,
        swapped => return swapped.map_err(StoreError::unavailable),
    };
    drop(connection);
    let connection = &mut *check_out_alive(pool)?;
    let swapped = swap_again(connection, user, expected, next);
    certain(swapped.map_err(StoreError::unavailable)?, &error)
}

/// Runs many swaps as one statement. `None`: it met a conflict as a whole, and nothing was written.
///
/// After any other error it is unknown what was written: each is run again alone, and recognised. That a connection still
/// answers says nothing, as a pooler that lost its server in the statement may report that and keep its client.
pub(crate) fn write_all<C: Backend>(
    pool: &Connections<C>,
    statement: impl FnOnce(&mut C) -> QueryResult<Vec<bool>>,
    writes: &[Write<'_>],
    alone: &mut EachAlone<impl Fn() -> Instant>,
    until: Instant,
) -> Result<Option<Answers<bool>>, StoreError> {
    let mut connection = check_out(pool)?;
    let error = match statement(&mut connection) {
        Ok(written) => return Ok(Some(written.into_iter().map(Ok).collect())),
        Err(error) if C::is_conflict(&error) => return Ok(None),
        Err(error) => error,
    };
    if !is_alive(&mut connection) {
        drop(connection);
        connection = check_out_alive(pool)?;
    }
    let answer = |write: &Write<'_>| {
        let (swap, next) = (write.swap, write.swap.next.as_ref());
        let swapped = alone.run(until, || {
            let swapped = swap_again(&mut *connection, &swap.user, swap.expected, next);
            swapped.map_err(StoreError::unavailable)
        });
        certain(swapped?, &error)
    };
    Ok(Some(writes.iter().map(answer).collect()))
}

/// After `error` no swap is told as lost: the try that it ended may have written it.
fn certain(is_written: bool, error: &Error) -> Result<bool, StoreError> {
    let unknown = || StoreError::unavailable(error.to_string());
    is_written.then_some(true).ok_or_else(unknown)
}
