//! The sign-ins that wait, each user's in a line of its own: of one user one is under way at a time.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

use actix_totp_core::UserId;

use super::work::{SignIn, drop_late};

/// Of one user no more than so many wait: the account is hammered.
const MOST_OF_ONE_USER: usize = 128;

#[derive(Default)]
pub(super) struct Line {
    /// Those whose turn it is, the longest waiting first.
    ready: VecDeque<UserId>,
    /// The sign-ins of everybody who is ready or has one under way.
    waiting: HashMap<UserId, VecDeque<SignIn>>,
    count: usize,
}

impl Line {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Whether somebody's turn it is.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// `false`: too many of this user wait.
    pub(super) fn push(&mut self, sign_in: SignIn, now: Instant) -> bool {
        match self.waiting.entry(sign_in.user.clone()) {
            Entry::Vacant(nobody) => {
                self.ready.push_back(sign_in.user.clone());
                nobody.insert(VecDeque::from([sign_in]));
            }
            Entry::Occupied(mut own) => {
                let own = own.get_mut();
                if own.len() >= MOST_OF_ONE_USER {
                    let waiting = own.len();
                    drop_late(own, |it| it.until <= now);
                    self.count -= waiting - own.len();
                }
                if own.len() >= MOST_OF_ONE_USER {
                    return false;
                }
                own.push_back(sign_in);
            }
        }
        self.count += 1;
        true
    }

    /// One sign-in of each of at most `most` users. Those that nobody waits for any more are dropped.
    pub(super) fn take(&mut self, most: usize, now: Instant) -> Vec<SignIn> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(user) = self.ready.pop_front()
        {
            let Some(own) = self.waiting.get_mut(&user) else {
                continue;
            };
            let waiting = own.len();
            drop_late(own, |it| it.until <= now);
            let next = own.pop_front();
            self.count -= waiting - own.len();
            match next {
                Some(sign_in) => taken.push(sign_in),
                None => drop(self.waiting.remove(&user)),
            }
        }
        taken
    }

    /// Drops those that nobody waits for any more, also behind one that is under way.
    pub(super) fn drop_late(&mut self, now: Instant) {
        for own in self.waiting.values_mut() {
            let waiting = own.len();
            drop_late(own, |it| it.until <= now);
            self.count -= waiting - own.len();
        }
    }

    /// The sign-in of this user that was under way has ended.
    pub(super) fn finish(&mut self, user: UserId) {
        match self.waiting.get(&user) {
            Some(own) if own.is_empty() => {
                self.waiting.remove(&user);
            }
            Some(_) => self.ready.push_back(user),
            None => {}
        }
    }
}
