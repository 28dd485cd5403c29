//! Many users at about the price of one: SQLite's writer commits for all of them, PostgreSQL has one statement for all.

use std::collections::{HashMap, HashSet};

use actix_totp_core::{BatchStore, Device, StoreError, Swap, UserId};
use diesel::QueryResult;

use crate::{
    backend::Backend,
    checkout,
    row::{Row, Values},
    store::Pools,
};

type Answers<T> = Vec<Result<T, StoreError>>;

impl<C: Backend> BatchStore for Pools<C> {
    fn load_batch(&self, users: &[&UserId]) -> Answers<Option<Device>> {
        let device = |row: Option<Row>| row.map(Row::into_device).transpose();
        match checkout::read_all(self.connections(), users) {
            Ok(Some(rows)) => rows.into_iter().map(device).collect(),
            // A fault of one must not be everybody's.
            Ok(None) => each_alone(users, |user| self.load(user)),
            Err(error) => everybodys(&error, users.len()),
        }
    }

    fn max_concurrent_batches(&self) -> usize {
        if self.queue().is_some() { 1 } else { 4 }
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Answers<bool> {
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
        let swap = |it: &Swap| self.swap(&it.user, it.expected, it.next.as_ref());
        let alone = || Ok(each_alone(swaps, swap));
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

/// One fails by itself. Where a second one fails it is the database, which may have taken its time: the others are not asked
/// to wait as long, too.
fn each_alone<I, T>(items: &[I], run: impl Fn(&I) -> Result<T, StoreError>) -> Answers<T> {
    let mut failures = 0;
    let run_one = |item| {
        if failures > 1 {
            return Err(StoreError::unavailable("others of the group failed"));
        }
        let answer = run(item);
        failures += usize::from(answer.is_err());
        answer
    };
    items.iter().map(run_one).collect()
}

fn everybodys<T>(error: &StoreError, count: usize) -> Answers<T> {
    (0..count)
        .map(|_| Err(StoreError::unavailable(error.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn answered(bad: &[u32]) -> (Vec<bool>, u32) {
        let asked = Cell::new(0);
        let answers = each_alone(&[0, 1, 2, 3, 4], |n| {
            asked.set(asked.get() + 1);
            let good = !bad.contains(n);
            good.then_some(())
                .ok_or_else(|| StoreError::unavailable("bad"))
        });
        (answers.iter().map(Result::is_ok).collect(), asked.get())
    }

    #[test]
    fn one_that_fails_leaves_the_others_alone_and_a_second_ends_it() {
        assert_eq!(answered(&[1]), (vec![true, false, true, true, true], 5));
        let all_bad = answered(&[0, 1, 2, 3, 4]);
        assert_eq!(
            all_bad,
            (vec![false; 5], 2),
            "three do not wait for a timeout"
        );
    }
}
