//! Operations that wait for a batch, each with the function that takes its answer.

use std::time::Duration;

use crate::{
    device::{Device, UserId},
    error::{Error, StoreError},
    event::{Event, EventContext},
    operation::{Attempt, Operation},
    outcome::Outcome,
    retry::Retry,
    service::TotpService,
    store::Swap,
    sync::Arc,
};

/// An operation and the function that takes its answer, ready for a batch.
#[must_use = "nothing is done before it is applied"]
pub struct QueuedOperation {
    pub(crate) entry: Box<dyn Entry>,
    number: u64,
}

/// An operation that is done. Its answer is not given yet.
#[must_use = "somebody waits for the answer"]
pub struct Answered(pub(crate) Box<dyn Entry>);

/// What a batch needs of an operation, whatever its answer.
pub(crate) trait Entry: Send {
    fn user(&self) -> &UserId;
    /// Tries it on the device as it was loaded. What it answers is kept here.
    fn attempt(
        &mut self,
        service: &TotpService,
        device: Result<Option<Device>, Error>,
    ) -> Option<Swap>;
    /// What became of the swap. A conflict says how long to wait before the next try.
    fn settle(
        &mut self,
        service: &TotpService,
        written: Result<bool, StoreError>,
    ) -> Option<Duration>;
    fn event_context<'a>(&'a self, service: &'a TotpService) -> Option<&'a Arc<EventContext>>;
    fn is_by_operator(&self) -> bool;
    fn fail(&mut self, error: Error);
    fn answer(self: Box<Self>);
}

struct Waiting<T, F> {
    operation: Operation<T>,
    retry: Retry,
    result: Option<Result<Settled<T>, Error>>,
    answer: F,
}

/// An outcome, with the events that follow when it is written.
type Settled<T> = (Outcome<T>, Vec<Event>);

impl<T: Send + 'static> Operation<T> {
    /// Makes it ready for a batch. `answer` is called when it is done; it must not block.
    pub fn answered_by(
        self,
        answer: impl FnOnce(Result<Outcome<T>, Error>) + Send + 'static,
    ) -> QueuedOperation {
        QueuedOperation {
            entry: Box::new(Waiting {
                operation: self,
                retry: Retry::default(),
                result: None,
                answer,
            }),
            number: 0,
        }
    }
}

impl QueuedOperation {
    /// Whose second factor it is about.
    pub fn user(&self) -> &UserId {
        self.entry.user()
    }

    /// Whether an operator or the application itself asks for it, and not the user: it goes before what users ask for.
    pub fn is_by_operator(&self) -> bool {
        self.entry.is_by_operator()
    }

    /// A number of the caller's own, which comes back with it from a batch. Default: 0.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Sets [`number`](Self::number).
    pub const fn set_number(&mut self, number: u64) {
        self.number = number;
    }

    /// Answers it with an error instead of doing it.
    pub fn refuse(mut self, error: Error) {
        self.entry.fail(error);
        self.entry.answer();
    }
}

impl Answered {
    /// Gives the answer.
    pub fn answer(self) {
        self.0.answer();
    }
}

impl<T, F> Entry for Waiting<T, F>
where
    T: Send,
    F: FnOnce(Result<Outcome<T>, Error>) + Send,
{
    fn user(&self) -> &UserId {
        self.operation.user()
    }

    fn attempt(
        &mut self,
        service: &TotpService,
        device: Result<Option<Device>, Error>,
    ) -> Option<Swap> {
        let _entered = self.operation.span().enter();
        self.retry.begin(service);
        let attempt = device.and_then(|device| self.operation.attempt(service, device));
        let attempt = attempt.inspect_err(|error| self.operation.notify_fault(service, error));
        let (swap, result) = match attempt {
            Ok(Attempt {
                swap,
                outcome,
                events,
            }) => (swap, Ok((outcome, events))),
            Err(error) => (None, Err(error)),
        };
        self.result = Some(result);
        swap
    }

    fn settle(
        &mut self,
        service: &TotpService,
        written: Result<bool, StoreError>,
    ) -> Option<Duration> {
        let _entered = self.operation.span().enter();
        let error = match written {
            Ok(true) => {
                if let Some(Ok((_, events))) = &mut self.result {
                    self.operation.notify(service, std::mem::take(events));
                }
                return None;
            }
            Ok(false) => match self.retry.after_conflict(service) {
                Ok(wait) => return Some(wait),
                Err(error) => error,
            },
            Err(error) => error.into(),
        };
        self.result = Some(Err(error));
        None
    }

    fn event_context<'a>(&'a self, service: &'a TotpService) -> Option<&'a Arc<EventContext>> {
        self.operation.event_context(service)
    }

    fn is_by_operator(&self) -> bool {
        self.operation.is_by_operator()
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            (self.answer)(result.map(|(outcome, _)| outcome));
        }
    }
}

impl std::fmt::Debug for QueuedOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueuedOperation")
            .field("user", self.user())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answered")
            .field("user", self.0.user())
            .finish_non_exhaustive()
    }
}
