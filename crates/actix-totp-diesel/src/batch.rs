//! Many users at about the price of one: SQLite's writer commits for all of them, PostgreSQL has one statement for their
//! updates.

use std::{collections::HashMap, time::Instant};

use actix_totp_core::{BatchStore, Device, StoreError, Swap, UserId};

use crate::{
    answers::{Answers, EachAlone, all_failed},
    backend::{Backend, Update},
    checkout,
    columns::{Columns, Row},
    pools::Pools,
};

impl<C: Backend> BatchStore for Pools<C> {
    fn load_batch(&self, users: &[&UserId]) -> Answers<Option<Device>> {
        let until = Instant::now() + self.batch_timeout;
        let device = |row: Option<Row>| row.map(Row::into_device).transpose();
        match checkout::read_all(self.connections(), users) {
            Ok(Some(rows)) => rows.into_iter().map(device).collect(),
            Ok(None) => {
                let mut alone = EachAlone::new(Instant::now);
                let load = |user: &&UserId| alone.run(until, || self.load(user));
                users.iter().map(load).collect()
            }
            Err(error) => all_failed(&error, users.len()),
        }
    }

    fn max_concurrent_batches(&self) -> usize {
        if self.queue().is_some() { 1 } else { 4 }
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Answers<bool> {
        let count = swaps.len();
        let answers = match self.queue() {
            Some(queue) => queue.swap(swaps),
            None => self.updates_first(&swaps),
        };
        answers.unwrap_or_else(|error| all_failed(&error, count))
    }
}

impl<C: Backend> Pools<C> {
    /// The updates as one statement, and then what is left each alone, in its order.
    fn updates_first(&self, swaps: &[Swap]) -> Result<Answers<bool>, StoreError> {
        let until = Instant::now() + self.batch_timeout;
        let mut alone = EachAlone::new(Instant::now);
        let updates = updates(swaps);
        let mut answers: HashMap<&UserId, Result<bool, StoreError>> = HashMap::new();
        if let Some(update_all) = C::UPDATE_ALL
            && updates.len() > 1
            && let Some(written) =
                checkout::write_all(self.connections(), update_all, &updates, &mut alone, until)?
        {
            answers = updates
                .iter()
                .map(|it| &it.next.user)
                .zip(written)
                .collect();
        }
        let answer = |swap: &Swap| {
            let (user, next) = (&swap.user, swap.next.as_ref());
            let swap_alone = || alone.run(until, || self.swap(user, swap.expected, next));
            answers.remove(user).unwrap_or_else(swap_alone)
        };
        Ok(swaps.iter().map(answer).collect())
    }
}

/// The swaps that are updates, each of another user, in the order of the users, as another process does it: two that lock
/// rows in another order meet in a deadlock.
fn updates<'a>(swaps: &'a [Swap]) -> Vec<Update<'a>> {
    let mut times: HashMap<&UserId, u32> = HashMap::new();
    for swap in swaps {
        *times.entry(&swap.user).or_default() += 1;
    }
    let only_ones = swaps.iter().filter(|swap| times[&swap.user] == 1);
    let update = |swap: &'a Swap| {
        let next = swap.next.as_ref()?;
        Some(Update {
            expected: swap.expected?,
            next,
            columns: Columns::of(next).ok()?,
        })
    };
    let mut updates: Vec<_> = only_ones.filter_map(update).collect();
    updates.sort_by(|a, b| a.next.user.cmp(&b.next.user));
    updates
}
