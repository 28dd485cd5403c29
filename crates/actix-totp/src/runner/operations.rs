//! The operations that wait, each user's in a queue of its own.

use std::collections::{BTreeMap, HashMap, VecDeque};

use actix_totp_core::{Error, QueuedOperation, UserId};

use super::lots::{Lots, MAX_OF_ONE_USER};
use crate::sync::Instant;

/// So many of one user are in a batch: those that write nothing are done with one load.
const MAX_OF_ONE_USER_IN_A_BATCH: usize = 32;

/// An operation for which there is no room.
pub(super) struct Refused(pub(super) QueuedOperation, pub(super) Error);

pub(super) struct Operations {
    /// All that wait, by their numbers: the oldest, and so the first to be late, in front.
    waiting: BTreeMap<u64, QueuedOperation>,
    max_queued: usize,
    /// Users who have something waiting or under way.
    users: HashMap<UserId, User>,
    /// Users whose turn it is, the longest waiting first.
    ready: VecDeque<UserId>,
    /// Users whose operation lost against another writer, by when it is to be tried again.
    conflicts: BTreeMap<(Instant, u64), UserId>,
    began_at: Instant,
    last_number: u64,
    lots: Lots,
}

#[derive(Default)]
struct User {
    /// What waits, in its order.
    numbers: VecDeque<u64>,
    turn: Turn,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing waits and nothing is under way.
    #[default]
    None,
    /// The user stands in `ready`.
    Ready,
    UnderWay,
    /// The user stands in `conflicts`.
    Conflict,
}

impl Operations {
    pub(super) fn new(now: Instant, max_queued: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            max_queued,
            users: HashMap::new(),
            ready: VecDeque::new(),
            conflicts: BTreeMap::new(),
            began_at: now,
            last_number: 0,
            lots: Lots::default(),
        }
    }

    /// Whether it is somebody's turn.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(super) fn next_try(&self) -> Option<Instant> {
        self.conflicts.first_key_value().map(|(key, _)| key.0)
    }

    /// Adds an operation. Where the user's queue is full one of it is refused, by chance.
    pub(super) fn push(
        &mut self,
        mut operation: QueuedOperation,
        now: Instant,
        deadline: Instant,
    ) -> Option<Refused> {
        self.drop_late(now);
        if self.waiting.len() >= self.max_queued {
            return Some(Refused(operation, Error::Overloaded));
        }
        let number = self.number(deadline);
        let user = self.users.entry(operation.user().clone()).or_default();
        let mut refused = None;
        if user.numbers.len() >= MAX_OF_ONE_USER && !operation.is_by_operator() {
            let loser = user.numbers.get(self.lots.draw()).copied();
            let loser = loser.filter(|it| {
                let loser = self.waiting.get(it);
                loser.is_some_and(|it| !it.is_by_operator())
            });
            let Some(loser) = loser else {
                return Some(Refused(operation, Error::TooManyRequests));
            };
            user.numbers.retain(|it| *it != loser);
            let loser = self.waiting.remove(&loser);
            refused = loser.map(|it| Refused(it, Error::TooManyRequests));
        }
        if user.turn == Turn::None {
            user.turn = Turn::Ready;
            self.ready.push_back(operation.user().clone());
        }
        // What the application or an operator does for the user is not held up by who hammers the account.
        if operation.is_by_operator() {
            user.numbers.push_front(number);
        } else {
            user.numbers.push_back(number);
        }
        operation.set_number(number);
        self.waiting.insert(number, operation);
        refused
    }

    /// Operations of at most `most` users, whose turn it is.
    pub(super) fn take(&mut self, most: usize, now: Instant) -> Vec<QueuedOperation> {
        self.drop_late(now);
        let mut taken = Vec::new();
        let mut users = 0;
        while users < most
            && let Some(id) = self.ready.pop_front()
        {
            let Some(user) = self.users.get_mut(&id) else {
                continue;
            };
            if user.numbers.is_empty() {
                self.users.remove(&id); // all of them were late
                continue;
            }
            users += 1;
            user.turn = Turn::UnderWay;
            let count = user.numbers.len().min(MAX_OF_ONE_USER_IN_A_BATCH);
            let numbers = user.numbers.drain(..count);
            taken.extend(numbers.filter_map(|number| self.waiting.remove(&number)));
        }
        taken
    }

    /// Gives those their turn whose time has come.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(entry) = self.conflicts.first_entry()
            && entry.key().0 <= now
        {
            let id = entry.remove();
            if let Some(user) = self.users.get_mut(&id) {
                user.turn = Turn::Ready;
                self.ready.push_front(id);
            }
        }
    }

    /// What was taken and not tried waits again, in front, in its order.
    pub(super) fn put_back(&mut self, operations: Vec<QueuedOperation>) {
        for operation in operations.into_iter().rev() {
            let number = operation.number();
            let user = self.users.entry(operation.user().clone()).or_default();
            user.numbers.push_front(number);
            self.waiting.insert(number, operation);
        }
    }

    /// What lost against another writer waits again, in front, and its user until then.
    pub(super) fn try_again(&mut self, operation: QueuedOperation, at: Instant) {
        let id = operation.user().clone();
        self.conflicts.insert((at, operation.number()), id.clone());
        self.put_back(vec![operation]);
        self.users.entry(id).or_default().turn = Turn::Conflict;
    }

    /// What was under way of these users has ended.
    pub(super) fn finish(&mut self, users: Vec<UserId>) {
        for id in users {
            let Some(user) = self.users.get_mut(&id) else {
                continue;
            };
            if user.turn != Turn::UnderWay {
                continue;
            }
            if user.numbers.is_empty() {
                self.users.remove(&id);
            } else {
                user.turn = Turn::Ready;
                self.ready.push_back(id);
            }
        }
    }

    /// Drops those that nobody waits for any more. The oldest stand in front, in `waiting` and with each user.
    fn drop_late(&mut self, now: Instant) {
        let now = self.nanos(now);
        while let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= now
        {
            let (number, late) = entry.remove_entry();
            if let Some(user) = self.users.get_mut(late.user()) {
                user.numbers.retain(|it| *it != number);
            }
            late.refuse(Error::TimedOut);
        }
    }

    /// When an operation is late, in nanoseconds since the queue began: no two the same, and later ones greater.
    fn number(&mut self, deadline: Instant) -> u64 {
        self.last_number = self.nanos(deadline).max(self.last_number + 1);
        self.last_number
    }

    fn nanos(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.began_at).as_nanos() as u64
    }

    /// Drops all that waits, with its answers.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.users.clear();
        self.ready.clear();
        self.conflicts.clear();
    }
}
