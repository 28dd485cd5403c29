//! A swap on one connection.

use actix_totp_core::{Device, UserId, Version};
use diesel::QueryResult;

use crate::{backend::Backend, columns::Columns};

/// One conditional statement. A row that is there already is a conflict, and so is what the database reports as one.
pub(crate) fn swap_on<C: Backend>(
    connection: &mut C,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> QueryResult<bool> {
    let next = next.map(Columns::of).transpose()?;
    let written = match (expected.map(Version::to_i64), next) {
        (None, None) => return connection.find(user).map(|row| row.is_none()),
        (None, Some(next)) => connection.insert(user, &next),
        (Some(expected), None) => connection.delete(user, expected),
        (Some(expected), Some(next)) => connection.update(user, expected, &next),
    };
    match written {
        Ok(rows) => Ok(rows == 1),
        Err(error) if C::is_conflict(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether this swap is written now, by this try or by one before whose answer was lost: the version that it writes is nobody
/// else's. `false`: it is unknown. A row that is gone does not say who deleted it.
pub(crate) fn swap_again<C: Backend>(
    connection: &mut C,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> QueryResult<bool> {
    if swap_on(connection, user, expected, next)? {
        return Ok(true);
    }
    let Some(next) = next else {
        return Ok(false);
    };
    let row = connection.find(user)?;
    Ok(row.is_some_and(|row| row.version() == next.version))
}
