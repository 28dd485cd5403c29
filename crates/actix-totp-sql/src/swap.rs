//! A swap on one connection, and many.

use std::{borrow::Borrow, collections::HashMap};

use actix_totp_core::{Device, Swap, UserId, Version};

use crate::{
    columns::Columns,
    driver::{Driver, Write, WriteKind},
};

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

/// Many swaps on a connection whose transaction has begun: the updates of users who come once together, where the driver has
/// that, and then the others in their order.
pub(crate) fn swap_all<D: Driver>(
    connection: &mut D::Connection,
    swaps: &[&Swap],
) -> Result<Vec<bool>, D::Error> {
    let mut updated = HashMap::new();
    if let Some(update_all) = D::UPDATE_ALL
        && let Some((_, updates)) = by_kind(swaps).find(|it| it.0 == WriteKind::Update)
    {
        let written = update_all(connection, &updates)?;
        updated.extend(updates.iter().map(|it| &it.swap.user).zip(written));
    }
    let written = |swap: &&Swap| match updated.get(&swap.user) {
        Some(written) => Ok(*written),
        None => swap_on::<D>(connection, &swap.user, swap.expected, swap.next.as_ref()),
    };
    swaps.iter().map(written).collect()
}

/// The swaps of which there are several of a kind, each of another user, in the order of the users, as another process does
/// it: two that lock rows in another order meet in a deadlock.
pub(crate) fn by_kind(
    swaps: &[impl Borrow<Swap>],
) -> impl Iterator<Item = (WriteKind, Vec<Write<'_>>)> {
    let swaps = || swaps.iter().map(Borrow::borrow);
    let mut times: HashMap<&UserId, u32> = HashMap::new();
    for swap in swaps() {
        *times.entry(&swap.user).or_default() += 1;
    }
    let mut only_ones: Vec<&Swap> = swaps().filter(|it| times[&it.user] == 1).collect();
    only_ones.sort_by(|a, b| a.user.cmp(&b.user));
    let writes = move |kind| {
        let of_the_kind = only_ones
            .iter()
            .filter(|it| WriteKind::of(it) == Some(kind));
        let writes: Vec<_> = of_the_kind.filter_map(|it| Write::of(it).ok()).collect();
        (writes.len() > 1).then_some((kind, writes))
    };
    [WriteKind::Update, WriteKind::Delete, WriteKind::Insert]
        .into_iter()
        .filter_map(writes)
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
