//! Where the work behind requests is done: on threads of the plugin's own, beside the workers of the application.
//!
//! 1. There are two kinds of work: reads (guards, status) and operations. Each kind waits in places of its own, and operations
//!    never hold all threads where there are several. So no read is refused for an operation or waits behind one.
//! 2. Of one user one batch of operations is under way at a time, whatever the endpoint, and the places of one user are
//!    bounded. So who hammers one account waits for themselves, and nobody else is refused for them.
//! 3. What waits together is given to the store together, if it works for many at about the price of one.
//! 4. An operation that another process beat goes back into the queue; no thread sleeps for it.
//! 5. Who waits is answered in time, also while the store hangs; what was not begun by then is not done at all.

mod lots;
mod operations;
mod queue;
#[cfg(test)]
mod tests;
mod threads;

use std::time::Duration;

use actix_totp_core::{Error, Operation, Outcome, TotpService, UserId};
use tokio::{sync::oneshot, time};

pub(crate) use self::queue::Limits;
use self::{
    queue::{Queue, Read, StatusAt},
    threads::Threads,
};
use crate::sync::Instant;

/// Does the work behind requests. What is accepted is still done when this value is gone, if the process lives on.
pub(crate) struct Runner {
    threads: Threads,
    operation_timeout: Duration,
}

impl Runner {
    pub(crate) fn new(service: TotpService, limits: Limits) -> Self {
        Self {
            threads: Threads::new(service, limits),
            operation_timeout: limits.operation_timeout,
        }
    }

    /// The status of a user and the time that it is for.
    ///
    /// # Errors
    ///
    /// As [`TotpService::status`]; [`Error::Overloaded`], [`Error::TimedOut`], and [`Error::Interrupted`] if the store panicked
    /// or no thread can be had.
    pub(crate) async fn read(&self, user: UserId) -> StatusAt {
        let (answer, answered) = oneshot::channel();
        self.wait(answered, |queue, now, deadline| {
            let read = Read {
                user,
                answer,
                deadline,
            };
            queue.push_read(read, now);
        })
        .await
    }

    /// Does an operation.
    ///
    /// # Errors
    ///
    /// Its own, and as [`read`](Self::read).
    pub(crate) async fn apply<T: Send + 'static>(
        &self,
        operation: Operation<T>,
    ) -> Result<Outcome<T>, Error> {
        let (answer, answered) = oneshot::channel();
        let operation = operation.answered_by(move |result| {
            let _ = answer.send(result); // whoever does not wait any more is gone
        });
        self.wait(answered, |queue, now, deadline| {
            queue.push_operation(operation, now, deadline);
        })
        .await
    }

    async fn wait<T>(
        &self,
        answered: oneshot::Receiver<Result<T, Error>>,
        push: impl FnOnce(&mut Queue, Instant, Instant),
    ) -> Result<T, Error> {
        let timeout = self.operation_timeout;
        (self.threads).push(|queue, now| push(queue, now, now + timeout));
        match time::timeout(timeout, answered).await {
            Ok(answered) => answered.unwrap_or(Err(Error::Interrupted)),
            Err(_) => Err(Error::TimedOut),
        }
    }
}
