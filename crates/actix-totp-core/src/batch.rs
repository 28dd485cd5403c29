//! Operations and reads of many users at once: one load and one write for all of them, where the store can.

use std::{collections::HashMap, time::Duration};

use crate::{
    device::{Device, UserId},
    error::{Error, StoreError},
    queued::{Answered, QueuedOperation},
    service::TotpService,
    status::Status,
    store::{DeviceStore, Swap},
};

/// What became of a batch. Nothing that is written is in `conflicts` or `postponed`.
#[must_use = "somebody waits for the answers"]
#[derive(Debug, Default)]
pub struct BatchResult {
    /// Those that are done: written, refused or failed.
    pub answered: Vec<Answered>,
    /// Another writer was first: to be tried again, each after its time.
    pub conflicts: Vec<(QueuedOperation, Duration)>,
    /// Not tried, since an operation of the same user before them wrote: to be tried in a batch of its own.
    pub postponed: Vec<QueuedOperation>,
}

impl TotpService {
    /// In how many batches at a time the store works for many users at about the price of one: then
    /// [`apply_batch`](Self::apply_batch) is cheaper than one operation after the other, and
    /// [`status_batch`](Self::status_batch) than `status` for each. `None`: it does not.
    pub fn max_concurrent_batches(&self) -> Option<usize> {
        let batch = self.inner.store.batch()?;
        Some(batch.max_concurrent_batches().max(1))
    }

    /// Tries each operation once, with one load and one write for all of them where the store can. All answers are ready after
    /// all writes are done.
    ///
    /// The operations of one user are tried in their order: those that have nothing to write are done at once, and the first
    /// that has ends the user's turn. So a user is written once per batch, and a flood of refusals costs one load.
    pub fn apply_batch(&self, operations: Vec<QueuedOperation>) -> BatchResult {
        let mut result = BatchResult::default();
        let users: Vec<UserId> = operations.iter().map(|it| it.user().clone()).collect();
        let (distinct, places) = distinct(users.iter());
        let mut loaded = self.load_batch(&distinct);
        let mut left = vec![0_usize; distinct.len()];
        places.iter().for_each(|place| left[*place] += 1);
        let mut is_written = vec![false; distinct.len()];
        let (mut swaps, mut writing) = (Vec::new(), Vec::new());
        for (mut operation, place) in operations.into_iter().zip(places) {
            left[place] -= 1;
            if is_written[place] {
                result.postponed.push(operation);
                continue;
            }
            let device = match &mut loaded[place] {
                last if left[place] == 0 => std::mem::replace(last, Ok(None)).map_err(Error::from),
                Ok(device) => Ok(device.clone()),
                Err(error) => Err(error.again().into()),
            };
            match operation.entry.attempt(self, device) {
                None => result.answered.push(Answered(operation.entry)),
                Some(swap) => {
                    is_written[place] = true;
                    swaps.push(swap);
                    writing.push(operation);
                }
            }
        }
        let mut swapped = self.swap_batch(swaps).into_iter();
        for mut operation in writing {
            let unanswered = || Err(StoreError::unavailable("a swap was not answered"));
            let swapped = swapped.next().unwrap_or_else(unanswered);
            let context = operation.entry.event_context(self);
            self.report_outage(
                &self.inner.outages.writes,
                operation.user(),
                &swapped,
                context,
            );
            match operation.entry.settle(self, swapped) {
                None => result.answered.push(Answered(operation.entry)),
                Some(wait) => result.conflicts.push((operation, wait)),
            }
        }
        result
    }

    /// As [`status`](Self::status) for each user, with one read for all of them where the store can. The answers are in the
    /// order of the users. The second number is the time that they are for, in seconds since the Unix epoch.
    pub fn status_batch(&self, users: &[&UserId]) -> Vec<Result<(Status, u64), Error>> {
        let now = self.now().ok(); // before the load: what is read is not younger than that
        let (distinct, places) = distinct(users.iter().copied());
        let loaded = self.load_batch(&distinct);
        let status = |place: usize| {
            let now = now.ok_or(Error::Clock)?;
            match &loaded[place] {
                Ok(device) => Ok((self.status_of(device.as_ref(), now), now)),
                Err(error) => Err(error.again().into()),
            }
        };
        places.into_iter().map(status).collect()
    }

    pub(crate) fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let unanswered = || Err(StoreError::unavailable("a load was not answered"));
        self.load_batch(&[user]).pop().unwrap_or_else(unanswered)
    }

    /// Every load of the service. A store that mixes up its answers, or folds case, must not let a user in as another one.
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        let store: &dyn DeviceStore = &*self.inner.store;
        let mut loaded = match store.batch() {
            Some(batch) if users.len() > 1 => batch.load_batch(users),
            _ => users.iter().map(|user| store.load(user)).collect(),
        };
        loaded.resize_with(users.len(), || {
            Err(StoreError::unavailable("a load was not answered"))
        });
        for (user, loaded) in users.iter().zip(&mut loaded) {
            if matches!(loaded, Ok(Some(device)) if device.user != **user) {
                *loaded = Err(StoreError::corrupt(
                    "a load gave the device of another user",
                ));
            }
            let context = self.event_context.as_ref();
            self.report_outage(&self.inner.outages.reads, user, loaded, context);
        }
        loaded
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        let store: &dyn DeviceStore = &*self.inner.store;
        match store.batch() {
            Some(batch) if swaps.len() > 1 => batch.swap_batch(swaps),
            _ => swaps
                .iter()
                .map(|swap| store.swap(&swap.user, swap.expected, swap.next.as_ref()))
                .collect(),
        }
    }
}

/// The users, each once, and for each that was given where it is among them.
fn distinct<'a>(users: impl Iterator<Item = &'a UserId>) -> (Vec<&'a UserId>, Vec<usize>) {
    let mut known = HashMap::new();
    let mut distinct = Vec::new();
    let places = users
        .map(|user| {
            *known.entry(user).or_insert_with(|| {
                distinct.push(user);
                distinct.len() - 1
            })
        })
        .collect();
    (distinct, places)
}
