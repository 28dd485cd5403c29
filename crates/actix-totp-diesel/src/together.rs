//! Many users at about the price of one: SQLite's writer commits for all of them, PostgreSQL has one statement for all.

use std::collections::HashSet;

use actix_totp_core::{Device, StoreError, Swap, Together, UserId};
use diesel::QueryResult;

use crate::{
    backend::Backend,
    checkout,
    row::{Row, Values},
    store::Pools,
};

type Answers<T> = Vec<Result<T, StoreError>>;

impl<C: Backend> Together for Pools<C> {
    fn load_together(&self, users: &[&UserId]) -> Answers<Option<Device>> {
        match checkout::read(self.connections(), |connection| connection.find_all(users)) {
            Ok(rows) => rows
                .into_iter()
                .map(|row| row.map(Row::into_device).transpose())
                .collect(),
            Err(error) => everybodys(&error, users.len()),
        }
    }

    fn swap_together(&self, swaps: Vec<Swap>) -> Answers<bool> {
        let count = swaps.len();
        let answers = match self.queue() {
            Some(queue) => queue.swap(swaps),
            None => self.update_all(&swaps),
        };
        answers.unwrap_or_else(|error| everybodys(&error, count))
    }
}

impl<C: Backend> Pools<C> {
    fn update_all(&self, swaps: &[Swap]) -> Result<Answers<bool>, StoreError> {
        let alone = || {
            let swap = |it: &Swap| self.swap(&it.user, it.expected, it.next.as_ref());
            Ok(swaps.iter().map(swap).collect())
        };
        let Some(updates) = updates(swaps) else {
            return alone();
        };
        let updates = updates.map_err(StoreError::unavailable)?;
        match checkout::write_all(self.connections(), swaps, &updates)? {
            Some(answers) => Ok(answers),
            // A fault of one must not be everybody's.
            None => alone(),
        }
    }
}

/// The swaps as updates, if all of them are, each of another user.
fn updates(swaps: &[Swap]) -> Option<QueryResult<Vec<(i64, Values<'_>)>>> {
    let users: HashSet<&UserId> = swaps.iter().map(|swap| &swap.user).collect();
    if users.len() < swaps.len() {
        return None;
    }
    swaps
        .iter()
        .map(|swap| {
            let values = Values::of(swap.next.as_ref()?);
            let expected = swap.expected?.to_i64();
            Some(values.map(|values| (expected, values)))
        })
        .collect()
}

fn everybodys<T>(error: &StoreError, count: usize) -> Answers<T> {
    (0..count)
        .map(|_| Err(StoreError::unavailable(error.to_string())))
        .collect()
}
