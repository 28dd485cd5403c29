//! Many users at about the price of one: SQLite's writer commits for all of them, PostgreSQL has one statement for all.

use std::collections::{HashMap, HashSet};

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
        let device = |row: Option<Row>| row.map(Row::into_device).transpose();
        match checkout::read_all(self.connections(), users) {
            Ok(Some(rows)) => rows.into_iter().map(device).collect(),
            // A fault of one must not be everybody's.
            Ok(None) => users.iter().map(|user| self.load(user)).collect(),
            Err(error) => everybodys(&error, users.len()),
        }
    }

    fn most_groups(&self) -> usize {
        if self.queue().is_some() { 1 } else { 4 }
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
        // In the order of the users, as another process does it: two that lock rows in another order meet in a deadlock.
        let mut sorted: Vec<&Swap> = swaps.iter().collect();
        sorted.sort_by(|a, b| a.user.cmp(&b.user));
        let Some(updates) = updates(&sorted) else {
            return alone();
        };
        let updates = updates.map_err(StoreError::unavailable)?;
        let Some(answers) = checkout::write_all(self.connections(), &sorted, &updates)? else {
            return alone(); // the statement lost as a whole: each may still win
        };
        let mut answers: HashMap<&UserId, _> =
            sorted.iter().map(|it| &it.user).zip(answers).collect();
        let unanswered = || Err(StoreError::unavailable("a swap was not answered"));
        let answer = |swap: &Swap| answers.remove(&swap.user).unwrap_or_else(unanswered);
        Ok(swaps.iter().map(answer).collect())
    }
}

/// The swaps as updates, if all of them are, each of another user.
fn updates<'a>(swaps: &[&'a Swap]) -> Option<QueryResult<Vec<(i64, Values<'a>)>>> {
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
