//! A connection for one query, without asking first whether it is alive.
//!
//! Asking costs a round trip at every request. Instead a query that fails is followed by the question, and where the
//! connection is dead (the server was restarted, or closed what was idle) the query is run again on another one, unless that
//! took until nobody waits any more.

use std::time::Instant;

use actix_totp_core::{Device, StoreError, UserId, Version};

use crate::{
    answers::{Answers, EachAlone},
    columns::Row,
    driver::{ConnectionPool, Driver, Write},
    swap::{swap_again, swap_on},
};

type CheckedOut<D> = r2d2::PooledConnection<<D as Driver>::Manager>;

pub(crate) fn check_out<D: Driver>(pool: &ConnectionPool<D>) -> Result<CheckedOut<D>, StoreError> {
    pool.get().map_err(StoreError::unavailable)
}

/// A connection that answers. The dead ones that are met before `until` leave the pool: one whose server is gone without a
/// word takes seconds to say so.
fn check_out_alive<D: Driver>(
    pool: &ConnectionPool<D>,
    until: Instant,
) -> Result<CheckedOut<D>, StoreError> {
    first_alive(pool.max_size(), until, Instant::now, || {
        let mut connection = check_out::<D>(pool)?;
        let is_alive = is_alive::<D>(&mut connection);
        Ok(is_alive.then_some(connection))
    })
}

/// Behind the dead ones, of which there are so many at most, is a new one.
fn first_alive<T>(
    most_dead: u32,
    until: Instant,
    now: impl Fn() -> Instant,
    mut next: impl FnMut() -> Result<Option<T>, StoreError>,
) -> Result<T, StoreError> {
    for _ in 0..=most_dead {
        if now() >= until {
            break;
        }
        if let Some(alive) = next()? {
            return Ok(alive);
        }
    }
    Err(StoreError::unavailable("no connection answered in time"))
}

fn is_alive<D: Driver>(connection: &mut CheckedOut<D>) -> bool {
    let alive = D::answers(connection);
    if !alive {
        D::discard(connection);
    }
    alive
}

/// Runs a query that changes nothing.
pub(crate) fn read<D: Driver, T>(
    pool: &ConnectionPool<D>,
    until: Instant,
    query: impl Fn(&mut D::Connection) -> Result<T, D::Error>,
) -> Result<T, StoreError> {
    let mut connection = check_out::<D>(pool)?;
    let mut answer = query(&mut *connection);
    if answer.is_err() && !is_alive::<D>(&mut connection) {
        drop(connection);
        answer = query(&mut *check_out_alive::<D>(pool, until)?);
    }
    answer.map_err(StoreError::unavailable)
}

/// Finds many at once. `None`: the database refused that as a whole.
pub(crate) fn read_all<D: Driver>(
    pool: &ConnectionPool<D>,
    until: Instant,
    users: &[&UserId],
) -> Result<Option<Vec<Option<Row>>>, StoreError> {
    let mut connection = check_out::<D>(pool)?;
    if let Ok(rows) = D::find_all(&mut connection, users) {
        return Ok(Some(rows));
    }
    if is_alive::<D>(&mut connection) {
        return Ok(None);
    }
    drop(connection);
    let rows = D::find_all(&mut *check_out_alive::<D>(pool, until)?, users);
    rows.map(Some).map_err(StoreError::unavailable)
}

/// Runs a swap. On a connection that dies it is unknown whether the swap was written; but the version that it writes is
/// nobody else's, so it can be tried again and recognised.
pub(crate) fn write<D: Driver>(
    pool: &ConnectionPool<D>,
    until: Instant,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> Result<bool, StoreError> {
    let mut connection = check_out::<D>(pool)?;
    let error = match swap_on::<D>(&mut *connection, user, expected, next) {
        Err(error) if !is_alive::<D>(&mut connection) => error,
        swapped => return swapped.map_err(StoreError::unavailable),
    };
    drop(connection);
    let connection = &mut *check_out_alive::<D>(pool, until)?;
    let swapped = swap_again::<D>(connection, user, expected, next);
    certain(swapped.map_err(StoreError::unavailable)?, &error)
}

/// Runs many swaps as one statement. `None`: it met a conflict as a whole, and nothing was written.
///
/// After any other error it is unknown what was written: each is run again alone, and recognised. That a connection still
/// answers says nothing, as a pooler that lost its server in the statement may report that and keep its client.
pub(crate) fn write_all<D: Driver>(
    pool: &ConnectionPool<D>,
    until: Instant,
    statement: impl FnOnce(&mut D::Connection) -> Result<Vec<bool>, D::Error>,
    writes: &[Write<'_>],
    alone: &mut EachAlone<impl Fn() -> Instant>,
) -> Result<Option<Answers<bool>>, StoreError> {
    let mut connection = check_out::<D>(pool)?;
    let error = match statement(&mut connection) {
        Ok(written) => return Ok(Some(written.into_iter().map(Ok).collect())),
        Err(error) if D::is_conflict(&error) => return Ok(None),
        Err(error) => error,
    };
    if !is_alive::<D>(&mut connection) {
        drop(connection);
        connection = check_out_alive::<D>(pool, until)?;
    }
    let answer = |write: &Write<'_>| {
        let (swap, next) = (write.swap, write.swap.next.as_ref());
        let swapped = alone.run(until, || {
            let swapped = swap_again::<D>(&mut *connection, &swap.user, swap.expected, next);
            swapped.map_err(StoreError::unavailable)
        });
        certain(swapped?, &error)
    };
    Ok(Some(writes.iter().map(answer).collect()))
}

/// After `error` no swap is answered as lost: the try that it ended may have written it.
fn certain(is_written: bool, error: &impl std::error::Error) -> Result<bool, StoreError> {
    let unknown = || StoreError::unavailable(error.to_string());
    is_written.then_some(true).ok_or_else(unknown)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test panics on purpose")]
mod tests {
    use std::{cell::Cell, time::Duration};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Which of ten dead connections and a new one it is, where each dead one takes four seconds, and how many were asked.
    fn met_within(time: Duration) -> (Option<u32>, u32) {
        let (start, asked) = (Instant::now(), Cell::new(0));
        let now = || start + asked.get() * 4 * SECOND;
        let met = first_alive(10, start + time, now, || {
            asked.set(asked.get() + 1);
            Ok((asked.get() > 10).then_some(asked.get()))
        });
        (met.ok(), asked.get())
    }

    #[test]
    fn dead_connections_are_met_no_longer_than_somebody_waits() {
        assert_eq!(met_within(60 * SECOND), (Some(11), 11));
        assert_eq!(met_within(5 * SECOND), (None, 2));
        assert_eq!(met_within(Duration::ZERO), (None, 0));
    }
}
