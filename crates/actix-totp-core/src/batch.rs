//! Operations of several users that are loaded and written together, where the store can.

use std::collections::HashMap;

use crate::{
    device::{Device, UserId},
    error::{Error, StoreError},
    event::Event,
    outcome::{Authenticated, Outcome, Status},
    store::{DeviceStore, Swap},
    totp::TotpService,
    transition,
};

/// One try of an operation: what is to be written (`None`: nothing), and what follows when it is.
pub(crate) struct Attempt<T> {
    pub(crate) swap: Option<Swap>,
    pub(crate) written: Written<T>,
}

/// An outcome that is written, with events that nobody has been told yet.
#[derive(Debug)]
#[must_use = "the events are not told yet"]
pub struct Written<T> {
    pub(crate) outcome: Outcome<T>,
    pub(crate) events: Vec<Event>,
}

impl<T> Written<T> {
    /// Whether [`tell`](Self::tell) calls the application's function, which may take its time.
    pub fn calls_the_application(&self, totp: &TotpService) -> bool {
        !self.events.is_empty() && totp.inner.on_event.is_some()
    }

    /// Tells the events. What is left is the outcome.
    pub fn tell(self, totp: &TotpService) -> Outcome<T> {
        self.events.iter().for_each(|event| totp.tell(event));
        self.outcome
    }
}

impl TotpService {
    /// In how many groups at a time the store does the work for many users at about the price of one. Then
    /// [`authenticate_batch`](Self::authenticate_batch) is cheaper than `authenticate` for each, and
    /// [`status_batch`](Self::status_batch) than `status`. `None`: it does not.
    pub fn max_concurrent_batches(&self) -> Option<usize> {
        let together = self.inner.store.batch()?;
        Some(together.max_concurrent_batches().max(1))
    }

    /// As [`status`](Self::status) for each user, with one read for all of them where the store can. The answers are in the
    /// order of the users. The second number is the time that they are for, in seconds since the Unix epoch.
    pub fn status_batch(&self, users: &[&UserId]) -> Vec<Result<(Status, u64), Error>> {
        let now = self.now().ok(); // before the load: what is seen is not younger than that
        let status = |device: Result<Option<Device>, Error>| {
            let now = now.ok_or(Error::Clock)?;
            Ok((self.status_of(device?.as_ref(), now), now))
        };
        self.load_all(users).into_iter().map(status).collect()
    }

    /// As [`authenticate`](Self::authenticate) for each user and token, with one read and one write for all of them where
    /// the store can. The answers are in the order of the tokens, and all are given after all are written. `Ok(None)`: somebody else
    /// was first; nothing was written or told for this one, and `authenticate` tries it again.
    ///
    /// Give each user once: of several tokens of one user at most one is not beaten by the others.
    pub fn authenticate_batch(
        &self,
        tokens: &[(&UserId, &str)],
    ) -> Vec<Result<Option<Written<Authenticated>>, Error>> {
        let users: Vec<&UserId> = tokens.iter().map(|(user, _)| *user).collect();
        let mut swaps = Vec::with_capacity(tokens.len());
        let attempts: Vec<Result<_, Error>> = tokens
            .iter()
            .zip(self.load_all(&users))
            .map(|((user, token), device)| {
                let attempt = self.attempt(user, device?, |opened, context| {
                    transition::authenticate(opened, token, context)
                });
                let attempt = attempt.inspect_err(|error| self.leave_fault(error));
                attempt.map(|Attempt { swap, written }| {
                    let writes = swap.is_some();
                    swaps.extend(swap);
                    (writes, written)
                })
            })
            .collect();
        let mut swapped = self.swap_all(swaps).into_iter();
        let mut is_written = |user: &UserId, writes: bool| {
            if !writes {
                return Ok(true);
            }
            let unanswered = || Err(StoreError::unavailable("a swap was not answered"));
            let swapped = swapped.next().unwrap_or_else(unanswered);
            self.leave(self.outage(&self.inner.outages.writes, user, &swapped));
            swapped
        };
        attempts
            .into_iter()
            .zip(users)
            .map(|(attempt, user)| {
                let (writes, written) = attempt?;
                Ok(is_written(user, writes)?.then_some(written))
            })
            .collect()
    }

    /// In the order of the users; one who comes several times is loaded once.
    fn load_all(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, Error>> {
        let store: &dyn DeviceStore = &*self.inner.store;
        let together = match store.batch() {
            Some(together) if users.len() > 1 => together,
            _ => return users.iter().map(|user| self.load_left(user)).collect(),
        };
        let mut places = HashMap::with_capacity(users.len());
        let mut distinct = Vec::with_capacity(users.len());
        for user in users {
            places.entry(*user).or_insert_with(|| {
                distinct.push(*user);
                distinct.len() - 1
            });
        }
        let mut loaded = together.load_batch(&distinct);
        // Nobody may be taken for somebody else because a store mixes up its answers.
        loaded.resize_with(distinct.len(), || {
            Err(StoreError::unavailable("a load was not answered"))
        });
        for (user, loaded) in distinct.iter().zip(&mut loaded) {
            if matches!(loaded, Ok(Some(device)) if device.user != **user) {
                *loaded = Err(StoreError::corrupt(
                    "a load gave the device of another user",
                ));
            }
            self.leave(self.outage(&self.inner.outages.reads, user, loaded));
        }
        if distinct.len() == users.len() {
            return loaded.into_iter().map(|loaded| Ok(loaded?)).collect();
        }
        users
            .iter()
            .map(|user| match &loaded[places[user]] {
                Ok(device) => Ok(device.clone()),
                Err(error) => Err(error.again().into()),
            })
            .collect()
    }

    /// As `load`, without telling anybody yet.
    fn load_left(&self, user: &UserId) -> Result<Option<Device>, Error> {
        let loaded = self.inner.store.load(user);
        self.leave(self.outage(&self.inner.outages.reads, user, &loaded));
        Ok(loaded?)
    }

    fn swap_all(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        let store: &dyn DeviceStore = &*self.inner.store;
        match store.batch() {
            Some(together) if swaps.len() > 1 => together.swap_batch(swaps),
            _ => swaps
                .iter()
                .map(|swap| store.swap(&swap.user, swap.expected, swap.next.as_ref()))
                .collect(),
        }
    }
}
