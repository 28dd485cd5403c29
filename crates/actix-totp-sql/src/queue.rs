//! One writer, and one commit for all swaps that wait together.
//!
//! On SQLite the commit is the cost of a swap: it waits for the disk. While one commit is under way the next swaps queue
//! up, and then share the next one. Each is still answered only after its commit, so nothing is less durable; and as there is
//! one writer, nobody starves.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use actix_totp_core::{StoreError, Swap};

use crate::{
    answers::{Answers, EachAlone},
    checkout::check_out,
    driver::{Driver, WriterConnection},
    error::OpenError,
    swap::swap_all,
};

/// At most so many swaps share a commit.
const LARGEST_BATCH: usize = 256;
/// At most so many requests wait: as many as actix's pool for blocking work has threads, each of which waits for one. More
/// there are only while the writer hangs, and nobody waits for the oldest any more.
const MOST_REQUESTS: usize = 512;

/// Where swaps wait for the writer.
pub(crate) struct Queue {
    requests: SyncSender<Request>,
    /// After this time a swap that got no answer is unknown: the writer hangs, or its queue is too long.
    timeout: Duration,
}

/// Swaps that came together, and who waits for their answers.
struct Request {
    swaps: Vec<Swap>,
    answer: SyncSender<Answers<bool>>,
    /// Whoever waits for it gives up then: what is not begun is not written any more.
    until: Instant,
}

impl Queue {
    /// Starts the writer. It ends when the last handle of the queue is gone.
    pub(crate) fn start<D: Driver>(
        writer: WriterConnection<D>,
        timeout: Duration,
    ) -> Result<Self, OpenError> {
        let (requests, received) = sync_channel(MOST_REQUESTS);
        thread::Builder::new()
            .name("actix-totp-writer".into())
            .spawn(move || write(writer, &received))
            .map_err(|error| OpenError::new("", &error))?;
        Ok(Self { requests, timeout })
    }

    /// Waits until these swaps are committed. The answers are in their order.
    pub(crate) fn swap(&self, swaps: Vec<Swap>) -> Result<Answers<bool>, StoreError> {
        let (answer, answered) = sync_channel(1);
        let request = Request {
            swaps,
            answer,
            until: Instant::now() + self.timeout,
        };
        self.requests.try_send(request).map_err(|error| {
            StoreError::unavailable(match error {
                TrySendError::Full(_) => "the queue of the writer is full",
                TrySendError::Disconnected(_) => "the writer has ended",
            })
        })?;
        answered
            .recv_timeout(self.timeout)
            .map_err(StoreError::unavailable)
    }
}

fn write<D: Driver>(mut writer: WriterConnection<D>, requests: &Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut count = first.swaps.len();
        let mut batch = vec![first];
        while count < LARGEST_BATCH
            && let Ok(next) = requests.try_recv()
        {
            count += next.swaps.len();
            batch.push(next);
        }
        let now = Instant::now();
        batch.retain(|request| now < request.until);
        if batch.is_empty() {
            continue;
        }
        let swaps: Vec<(&Swap, Instant)> = batch
            .iter()
            .flat_map(|request| request.swaps.iter().map(|swap| (swap, request.until)))
            .collect();
        let commit = |swaps: &[&Swap]| commit(&writer, swaps);
        let answers = answers::<D>(&swaps, commit, Instant::now);
        let written = answers.iter().filter(|it| matches!(it, Ok(true))).count();
        let mut answers = answers.into_iter();
        for request in &batch {
            let answers = answers.by_ref().take(request.swaps.len()).collect();
            let _ = request.answer.send(answers); // whoever gave up waiting is gone
        }
        (writer.after_commit)(written);
    }
}

/// The answers to swaps, each with the time until which somebody waits for it.
fn answers<D: Driver>(
    swaps: &[(&Swap, Instant)],
    commit: impl Fn(&[&Swap]) -> Result<Vec<bool>, Fault<D::Error>>,
    now: impl Fn() -> Instant,
) -> Answers<bool> {
    let all: Vec<&Swap> = swaps.iter().map(|(swap, _)| *swap).collect();
    match commit(&all) {
        Ok(written) => written.into_iter().map(Ok).collect(),
        // Nothing was written so far.
        Err(Fault::Statement(_)) if swaps.len() > 1 => {
            let mut alone = EachAlone::new(now);
            let commit_one = |swap: &Swap| match commit(&[swap]) {
                Ok(written) => Ok(written == [true]),
                Err(fault) => fault.answer::<D>(),
            };
            let answer = |(swap, until): &(&Swap, _)| alone.run(*until, || commit_one(swap));
            swaps.iter().map(answer).collect()
        }
        Err(fault) => swaps.iter().map(|_| fault.answer::<D>()).collect(),
    }
}

/// Why nothing of a commit is known to be written.
enum Fault<E> {
    /// No connection could be had, or it panicked.
    Connection(StoreError),
    /// A statement failed; the transaction was rolled back.
    Statement(E),
    /// The transaction could not begin, or could not be committed.
    Transaction(E),
}

impl<E: std::error::Error> Fault<E> {
    fn answer<D: Driver<Error = E>>(&self) -> Result<bool, StoreError> {
        match self {
            Self::Connection(error) => Err(StoreError::unavailable(error.to_string())),
            Self::Statement(error) | Self::Transaction(error) if D::is_conflict(error) => Ok(false),
            Self::Statement(error) | Self::Transaction(error) => {
                Err(StoreError::unavailable(error.to_string()))
            }
        }
    }
}

/// Which of the swaps were written, all in one commit. A panic is a fault of this batch and not the end of the writer.
fn commit<D: Driver>(
    writer: &WriterConnection<D>,
    swaps: &[&Swap],
) -> Result<Vec<bool>, Fault<D::Error>> {
    catch_unwind(AssertUnwindSafe(|| try_commit(writer, swaps))).unwrap_or_else(|_| {
        let panicked = StoreError::unavailable("the writer panicked");
        Err(Fault::Connection(panicked))
    })
}

fn try_commit<D: Driver>(
    writer: &WriterConnection<D>,
    swaps: &[&Swap],
) -> Result<Vec<bool>, Fault<D::Error>> {
    let mut connection = check_out::<D>(&writer.pool).map_err(Fault::Connection)?;
    let mut written = Vec::new();
    let mut statement_failed = false;
    let committed = (writer.transaction)(&mut connection, &mut |connection| {
        let swapped = swap_all::<D>(connection, swaps);
        statement_failed = swapped.is_err();
        written = swapped?;
        Ok(())
    });
    match committed {
        Ok(()) => Ok(written),
        Err(error) if statement_failed => Err(Fault::Statement(error)),
        Err(error) => Err(Fault::Transaction(error)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test panics on purpose")]
mod tests;
