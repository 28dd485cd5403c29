//! Many users at about the price of one: SQLite's writer commits for all of them, PostgreSQL has one statement for their
//! updates, one for their deletes and one for their inserts.

use std::{collections::HashMap, time::Instant};

use actix_totp_core::{BatchStore, Device, DeviceStore, StoreError, Swap, UserId};

use crate::{
    answers::{Answers, EachAlone, all_failed},
    checkout,
    columns::Row,
    driver::{Driver, WriteAll},
    pools::Pools,
    swap::by_kind,
};

impl<D: Driver> BatchStore for Pools<D> {
    fn load_batch(&self, users: &[&UserId]) -> Answers<Option<Device>> {
        let until = self.until();
        let device = |row: Option<Row>| row.map(Row::into_device).transpose();
        match checkout::read_all::<D>(self.connections(), until, users) {
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
        match self.queue() {
            Some(queue) => queue
                .swap(swaps)
                .unwrap_or_else(|error| all_failed(&error, count)),
            None => self.kinds_first(&swaps),
        }
    }
}

type AnswersOf<'a> = HashMap<&'a UserId, Result<bool, StoreError>>;

impl<D: Driver> Pools<D> {
    /// One statement for those of a kind, and then what is left each alone, in its order.
    fn kinds_first(&self, swaps: &[Swap]) -> Answers<bool> {
        let until = self.until();
        let mut alone = EachAlone::new(Instant::now);
        let mut answers = AnswersOf::new();
        let left = match D::WRITE_ALL {
            Some(write_all) => self.write_kinds(swaps, write_all, &mut alone, until, &mut answers),
            None => Ok(()),
        };
        let answer = |swap: &Swap| {
            let (user, next) = (&swap.user, swap.next.as_ref());
            answers.remove(user).unwrap_or_else(|| match &left {
                Ok(()) => alone.run(until, || self.swap(user, swap.expected, next)),
                Err(error) => Err(StoreError::unavailable(error.to_string())),
            })
        };
        swaps.iter().map(answer).collect()
    }

    /// Those that a conflict parted, and those of a kind by themselves, get no answer.
    ///
    /// # Errors
    ///
    /// No connection can be had, or there was no time for all: then it is unknown what became of those without an answer.
    fn write_kinds<'a>(
        &self,
        swaps: &'a [Swap],
        write_all: WriteAll<D>,
        alone: &mut EachAlone<impl Fn() -> Instant>,
        until: Instant,
        answers: &mut AnswersOf<'a>,
    ) -> Result<(), StoreError> {
        for (kind, writes) in by_kind(swaps) {
            alone.may_begin(until)?;
            let statement = |connection: &mut D::Connection| write_all(connection, kind, &writes);
            let written =
                checkout::write_all::<D>(self.connections(), until, statement, &writes, alone)?;
            let users = writes.iter().map(|write| &write.swap.user);
            answers.extend(users.zip(written.into_iter().flatten()));
        }
        Ok(())
    }
}
