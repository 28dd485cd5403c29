//! What waits, and what is taken next.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use actix_totp_core::{Error, QueuedOperation, Status, UserId};
use tokio::sync::oneshot;

use super::{
    lots::{Lots, MAX_OF_ONE_USER},
    operations::{Operations, Refused},
};
use crate::sync::Instant;

/// Where the store works for many at once: so many reads at most are a batch, as they are over soon.
const MAX_READS: usize = 32;
/// Likewise: operations of so many users are a batch. Those that come meanwhile are the next.
const MAX_USERS: usize = 256;

/// How much is done at a time, and how much and how long may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) worker_threads: usize,
    pub(crate) max_queued: usize,
    pub(crate) operation_timeout: Duration,
}

/// A user's status, and the time that it is for.
pub(super) type StatusAt = Result<(Status, u64), Error>;

/// Somebody's status is wanted.
pub(super) struct Read {
    pub(super) user: UserId,
    pub(super) answer: oneshot::Sender<StatusAt>,
    /// Whoever waits has their answer by then. It is not begun any more.
    pub(super) deadline: Instant,
}

pub(super) enum Task {
    Reads(Vec<Read>),
    Operations(Vec<QueuedOperation>),
}

/// Reads and operations have `max_queued` places each. More is refused at once.
pub(super) struct Queue {
    reads: VecDeque<Read>,
    reads_of_user: HashMap<UserId, usize>,
    lots: Lots,
    operations: Operations,
    max_queued: usize,
    /// Whether the store works for many at the price of one.
    has_batches: bool,
    /// So many threads at a time may be with operations.
    max_writing: usize,
    writing: usize,
    /// The other kind is asked first the next time: neither waits for a flood of the other.
    last_were_reads: bool,
}

impl Queue {
    /// `max_batches`: so many batches at a time, if the store works for many at the price of one.
    pub(super) fn new(max_batches: Option<usize>, limits: Limits, now: Instant) -> Self {
        let threads = limits.worker_threads;
        // A quarter of the threads is for reads alone.
        let max_writing = threads - threads.div_ceil(4).min(threads - 1);
        Self {
            reads: VecDeque::new(),
            reads_of_user: HashMap::new(),
            lots: Lots::default(),
            operations: Operations::new(now, limits.max_queued),
            max_queued: limits.max_queued,
            has_batches: max_batches.is_some(),
            max_writing: max_writing.min(max_batches.unwrap_or(usize::MAX)),
            writing: 0,
            last_were_reads: false,
        }
    }

    /// Adds a read. Where one user has too many one of them is refused, by chance: one account's flood leaves room for the others,
    /// and does not keep its owner out.
    pub(super) fn push_read(&mut self, read: Read, now: Instant) {
        if self.reads.len() >= self.max_queued {
            self.drop_late_reads(now);
        }
        if self.reads.len() >= self.max_queued {
            let _ = read.answer.send(Err(Error::Overloaded));
            return;
        }
        let of_user = self.reads_of_user.entry(read.user.clone()).or_default();
        if *of_user < MAX_OF_ONE_USER {
            *of_user += 1;
            self.reads.push_back(read);
            return;
        }
        let chosen = self.lots.draw();
        let waiting = self.reads.iter().enumerate();
        let mut of_user = waiting.filter(|(_, it)| it.user == read.user);
        let loser = of_user.nth(chosen).map(|(place, _)| place);
        let refused = match loser.and_then(|place| self.reads.remove(place)) {
            Some(loser) => {
                self.reads.push_back(read);
                loser
            }
            None => read,
        };
        let _ = refused.answer.send(Err(Error::TooManyRequests));
    }

    pub(super) fn push_operation(
        &mut self,
        operation: QueuedOperation,
        now: Instant,
        deadline: Instant,
    ) {
        if let Some(Refused(operation, error)) = self.operations.push(operation, now, deadline) {
            operation.refuse(error);
        }
    }

    pub(super) fn has_work(&self) -> bool {
        !self.reads.is_empty() || self.may_write()
    }

    /// When an operation that lost against another writer is to be tried again, if nothing else happens.
    pub(super) fn next_try(&self) -> Option<Instant> {
        let may_write = self.writing < self.max_writing;
        self.operations.next_try().filter(|_| may_write)
    }

    fn may_write(&self) -> bool {
        self.operations.is_ready() && self.writing < self.max_writing
    }

    pub(super) fn take(&mut self, now: Instant) -> Option<Task> {
        self.operations.wake(now);
        let task = if self.last_were_reads {
            self.take_operations(now).or_else(|| self.take_reads(now))
        } else {
            self.take_reads(now).or_else(|| self.take_operations(now))
        };
        self.last_were_reads = matches!(task, Some(Task::Reads(_)));
        task
    }

    fn take_reads(&mut self, now: Instant) -> Option<Task> {
        self.drop_late_reads(now);
        let most = if self.has_batches { MAX_READS } else { 1 };
        let count = self.reads.len().min(most);
        let reads: Vec<Read> = (0..count).filter_map(|_| self.pop_read()).collect();
        (!reads.is_empty()).then_some(Task::Reads(reads))
    }

    fn take_operations(&mut self, now: Instant) -> Option<Task> {
        if !self.may_write() {
            return None;
        }
        let most = if self.has_batches { MAX_USERS } else { 1 };
        let operations = self.operations.take(most, now);
        if operations.is_empty() {
            return None;
        }
        self.writing += 1;
        Some(Task::Operations(operations))
    }

    /// A batch of operations of these users has ended. What is left of it waits again, before what came later.
    pub(super) fn put_back(
        &mut self,
        users: Vec<UserId>,
        conflicts: Vec<(QueuedOperation, Duration)>,
        postponed: Vec<QueuedOperation>,
        now: Instant,
    ) {
        self.writing -= 1;
        self.operations.put_back(postponed);
        for (operation, wait) in conflicts {
            self.operations.try_again(operation, now + wait);
        }
        self.operations.finish(users);
    }

    fn drop_late_reads(&mut self, now: Instant) {
        while self.reads.front().is_some_and(|it| it.deadline <= now)
            && let Some(late) = self.pop_read()
        {
            let _ = late.answer.send(Err(Error::TimedOut));
        }
    }

    fn pop_read(&mut self) -> Option<Read> {
        let read = self.reads.pop_front()?;
        if let Some(of_user) = self.reads_of_user.get_mut(&read.user) {
            *of_user -= 1;
            if *of_user == 0 {
                self.reads_of_user.remove(&read.user);
            }
        }
        Some(read)
    }

    /// Drops all that waits, with its answers.
    pub(super) fn clear(&mut self) {
        self.reads.clear();
        self.reads_of_user.clear();
        self.operations.clear();
    }
}
