//! One writer, and one commit for all swaps that wait together.
//!
//! On SQLite the commit is the cost of a swap: it waits for the disk. While one commit is under way the next swaps queue
//! up, and then share the next one. Each is still told only after its commit, so nothing is less durable; and as there is
//! one writer, nobody starves.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
    time::{Duration, Instant},
};

use actix_totp_core::{StoreError, Swap};
use diesel::{
    QueryResult,
    r2d2::{ConnectionManager, Pool},
};

use crate::{backend::Backend, checkout::check_out, error::OpenError, store::swap_on};

/// At most so many swaps share a commit.
const LARGEST_BATCH: usize = 256;

/// Runs a function in one transaction that takes the write lock at its start.
pub(crate) type Transact<C> =
    fn(&mut C, &mut dyn FnMut(&mut C) -> QueryResult<()>) -> QueryResult<()>;

/// Where swaps wait for the writer.
pub(crate) struct Queue {
    jobs: Sender<Job>,
    /// After this time a swap that got no answer is unknown: the writer hangs, or its queue is too long.
    patience: Duration,
}

/// Swaps that came together, and who waits for their answers.
struct Job {
    swaps: Vec<Swap>,
    answer: SyncSender<Answers>,
    /// Whoever waits for it gives up then: it is not written any more.
    until: Instant,
}

pub(crate) type Answers = Vec<Result<bool, StoreError>>;

impl Queue {
    /// Starts the writer. It ends when the last handle of the queue is gone.
    pub(crate) fn start<C: Backend>(
        pool: Pool<ConnectionManager<C>>,
        transact: Transact<C>,
        patience: Duration,
    ) -> Result<Self, OpenError> {
        let (send, receive) = channel();
        thread::Builder::new()
            .name("actix-totp-writer".into())
            .spawn(move || write(&pool, transact, &receive))
            .map_err(|error| OpenError::new("", &error))?;
        Ok(Self {
            jobs: send,
            patience,
        })
    }

    /// Waits until these swaps are committed. The answers are in their order.
    pub(crate) fn swap(&self, swaps: Vec<Swap>) -> Result<Answers, StoreError> {
        let (answer, answered) = sync_channel(1);
        self.jobs
            .send(Job {
                swaps,
                answer,
                until: Instant::now() + self.patience,
            })
            .map_err(|_| StoreError::unavailable("the writer has ended"))?;
        answered
            .recv_timeout(self.patience)
            .map_err(StoreError::unavailable)
    }
}

fn write<C: Backend>(
    pool: &Pool<ConnectionManager<C>>,
    transact: Transact<C>,
    jobs: &Receiver<Job>,
) {
    while let Ok(first) = jobs.recv() {
        let mut count = first.swaps.len();
        let mut batch = vec![first];
        while count < LARGEST_BATCH
            && let Ok(next) = jobs.try_recv()
        {
            count += next.swaps.len();
            batch.push(next);
        }
        let now = Instant::now();
        batch.retain(|job| now < job.until);
        if batch.is_empty() {
            continue;
        }
        let swaps: Vec<&Swap> = batch.iter().flat_map(|job| &job.swaps).collect();
        let mut answers = answers(pool, transact, &swaps).into_iter();
        for job in &batch {
            let answers = answers.by_ref().take(job.swaps.len()).collect();
            let _ = job.answer.send(answers); // whoever gave up waiting is gone
        }
    }
}

fn answers<C: Backend>(
    pool: &Pool<ConnectionManager<C>>,
    transact: Transact<C>,
    swaps: &[&Swap],
) -> Answers {
    match commit(pool, transact, swaps) {
        Ok(written) => written.into_iter().map(Ok).collect(),
        // A fault of one must not be everybody's: alone, each is answered for itself. Nothing was written so far.
        Err(Fault::Statement(_)) if swaps.len() > 1 => swaps
            .iter()
            .flat_map(|swap| answers(pool, transact, &[swap]))
            .collect(),
        Err(fault) => swaps.iter().map(|_| fault.told::<C>()).collect(),
    }
}

enum Fault {
    /// No connection could be had, or it panicked.
    Connection(StoreError),
    /// A statement failed; the transaction was rolled back.
    Statement(diesel::result::Error),
    /// The transaction could not begin, or could not be committed.
    Transaction(diesel::result::Error),
}

impl Fault {
    fn told<C: Backend>(&self) -> Result<bool, StoreError> {
        match self {
            Self::Connection(error) => Err(StoreError::unavailable(error.to_string())),
            Self::Statement(error) | Self::Transaction(error) if C::is_conflict(error) => Ok(false),
            Self::Statement(error) | Self::Transaction(error) => {
                Err(StoreError::unavailable(error.to_string()))
            }
        }
    }
}

/// Which of the swaps were written, all in one commit. A panic is a fault of this batch and not the end of the writer.
fn commit<C: Backend>(
    pool: &Pool<ConnectionManager<C>>,
    transact: Transact<C>,
    swaps: &[&Swap],
) -> Result<Vec<bool>, Fault> {
    catch_unwind(AssertUnwindSafe(|| try_commit(pool, transact, swaps))).unwrap_or_else(|_| {
        let panicked = StoreError::unavailable("the writer panicked");
        Err(Fault::Connection(panicked))
    })
}

fn try_commit<C: Backend>(
    pool: &Pool<ConnectionManager<C>>,
    transact: Transact<C>,
    swaps: &[&Swap],
) -> Result<Vec<bool>, Fault> {
    let mut connection = check_out(pool).map_err(Fault::Connection)?;
    let mut written = Vec::with_capacity(swaps.len());
    let mut statement_failed = false;
    let committed = transact(&mut connection, &mut |connection| {
        for swap in swaps {
            let swapped = swap_on(connection, &swap.user, swap.expected, swap.next.as_ref());
            statement_failed = swapped.is_err();
            written.push(swapped?);
        }
        Ok(())
    });
    match committed {
        Ok(()) => Ok(written),
        Err(error) if statement_failed => Err(Fault::Statement(error)),
        Err(error) => Err(Fault::Transaction(error)),
    }
}

#[cfg(all(test, feature = "sqlite"))]
#[allow(clippy::unwrap_used, reason = "a test panics on purpose")]
mod tests;
