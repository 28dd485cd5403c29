//! A swap on one connection.

use actix_totp_core::{Device, UserId, Version};

use crate::{columns::Columns, driver::Driver};

/// One conditional statement. A row that is there already is a conflict, and so is what the database reports as one.
pub(crate) fn swap_on<D: Driver>(
    connection: &mut D::Connection,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> Result<bool, D::Error> {
    let next = next.map(Columns::of).transpose().map_err(D::out_of_range)?;
    let written = match (expected.map(Version::to_i64), next) {
        (None, None) => return D::find(connection, user).map(|row| row.is_none()),
        (None, Some(next)) => D::insert(connection, user, &next),
        (Some(expected), None) => D::delete(connection, user, expected),
        (Some(expected), Some(next)) => D::update(connection, user, expected, &next),
    };
    match written {
        Ok(rows) => Ok(rows == 1),
        Err(error) if D::is_conflict(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether this swap is written now, by this try or by one before whose answer was lost: the version that it writes is nobody
/// else's. `false`: it is unknown. A row that is gone does not say who deleted it.
pub(crate) fn swap_again<D: Driver>(
    connection: &mut D::Connection,
    user: &UserId,
    expected: Option<Version>,
    next: Option<&Device>,
) -> Result<bool, D::Error> {
    if swap_on::<D>(connection, user, expected, next)? {
        return Ok(true);
    }
    let Some(next) = next else {
        return Ok(false);
    };
    let row = D::find(connection, user)?;
    Ok(row.is_some_and(|row| row.version() == next.version))
}
