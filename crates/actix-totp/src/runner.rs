//! Where the work behind requests is done: on threads of the plugin's own, beside the workers of the application.
//!
//! 1. A thread that takes work wakes one more only while work waits. So work that does not block is done one after the
//!    other by one thread, without a switch between threads for each, and work that blocks is done by as many as there are.
//! 2. Looks at users, and sign-ins, that wait together are given to the store together, if it works for many at the price of
//!    one.
//! 3. Of one user at most one sign-in is under way, until its events are told: whoever hammers one account waits for himself
//!    and not for a lost swap, and nobody else waits for him.
//! 4. A function of the application that is told of sign-ins and outages may take its time: it has half of the threads at most.
//! 5. What waits is bounded; more is refused.
//! 6. Who waits is answered in time, also while the store hangs; what was not begun by then is not done at all.

mod line;
#[cfg(test)]
mod tests;
mod work;

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use actix_totp_core::{Authenticated, Error, Outcome, Status, TotpService, UserId, Written};
use tokio::{sync::oneshot, time};
use zeroize::Zeroizing;

use self::work::{Ended, Job, Look, SignIn, Task, Work};

type Run = Box<dyn FnOnce(&TotpService) + Send>;
type SignedIn = Result<Outcome<Authenticated>, Error>;
type Answer<T> = oneshot::Sender<Result<T, Error>>;
/// A user's status, and the time that it is for.
type Seen = Result<(Status, u64), Error>;

/// The threads. They start when there is work, and end with this value.
pub(crate) struct Runner(Arc<Shared>);

/// How much is done at a time, and how much and how long may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) threads: usize,
    pub(crate) waiting: usize,
    pub(crate) operation_timeout: Duration,
}

struct Shared {
    service: TotpService,
    limits: Limits,
    work: Mutex<Work>,
    wake: Condvar,
}

impl Runner {
    pub(crate) fn new(service: TotpService, limits: Limits) -> Self {
        let work = Mutex::new(Work::new(service.max_concurrent_batches(), limits));
        Self(Arc::new(Shared {
            service,
            limits,
            work,
            wake: Condvar::new(),
        }))
    }

    /// Runs an operation.
    ///
    /// # Errors
    ///
    /// Its own, [`Error::Overloaded`], [`Error::TimedOut`], and [`Error::Interrupted`] if it panicked or no thread can be
    /// had.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&TotpService) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.answer(|work, answer, _, until| {
            let run = Box::new(move |service: &TotpService| {
                let _ = answer.send(operation(service)); // whoever does not wait any more is gone
            });
            work.job(Job {
                run,
                until: Some(until),
                of: None,
            });
            Ok(())
        })
        .await
    }

    /// [`TotpService::status`], together with others, and the time that it is for.
    ///
    /// # Errors
    ///
    /// As there and as for [`run`](Self::run).
    pub(crate) async fn look(&self, user: UserId) -> Seen {
        self.answer(|work, answer, _, until| {
            work.look(Look {
                user,
                answer,
                until,
            });
            Ok(())
        })
        .await
    }

    /// [`TotpService::authenticate`], together with others.
    ///
    /// # Errors
    ///
    /// As there and as for [`run`](Self::run).
    pub(crate) async fn authenticate(&self, user: UserId, token: Zeroizing<String>) -> SignedIn {
        self.answer(|work, answer, now, until| {
            let sign_in = SignIn {
                user,
                token,
                answer,
                until,
            };
            work.sign_in(sign_in, now)
        })
        .await
    }

    async fn answer<T>(
        &self,
        put: impl FnOnce(&mut Work, Answer<T>, Instant, Instant) -> Result<(), Error>,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let within = self.0.limits.operation_timeout;
        {
            let mut work = self.0.work();
            let now = Instant::now();
            work.require_room(now)?;
            put(&mut work, answer, now, now + within)?;
            wake_one(&self.0, &mut work);
        }
        match time::timeout(within, answered).await {
            Ok(answered) => answered.unwrap_or(Err(Error::Interrupted)),
            Err(_) => Err(Error::TimedOut),
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.0.work().closed = true;
        self.0.wake.notify_all();
    }
}

impl Shared {
    // A panic elsewhere cannot leave it half changed: nothing in between calls foreign code.
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that a thread comes for what waits.
fn wake_one(shared: &Arc<Shared>, work: &mut Work) {
    if work.waking || !work.has_something_to_take() {
        return;
    }
    if work.idle > 0 {
        work.waking = true;
        shared.wake.notify_one();
    } else if work.threads < shared.limits.threads {
        let name = format!("actix-totp-{}", work.threads + 1);
        let of_thread = Arc::clone(shared);
        let started = thread::Builder::new()
            .name(name)
            .spawn(move || do_work(&of_thread));
        match started {
            Ok(_) => {
                work.threads += 1;
                work.waking = true;
            }
            Err(error) if work.threads == 0 => {
                tracing::error!(%error, "no thread can be started");
                work.give_up();
            }
            Err(_) => {} // the others will come
        }
    }
}

fn do_work(shared: &Arc<Shared>) {
    let mut work = shared.work();
    work.waking = false;
    loop {
        if let Some(task) = work.take(Instant::now()) {
            wake_one(shared, &mut work);
            drop(work);
            let mut ending = Ending {
                shared,
                ended: Some(task.when_ended()),
            };
            // What panics is dropped with its answer: the request learns that it was interrupted.
            let _ = catch_unwind(AssertUnwindSafe(|| task.run(&mut ending)));
            ending.end();
            work = shared.work();
        } else if work.closed {
            return;
        } else {
            work.idle += 1;
            work = shared
                .wake
                .wait(work)
                .unwrap_or_else(PoisonError::into_inner);
            work.idle -= 1;
            work.waking = false;
        }
    }
}

/// A task under way.
struct Ending<'a> {
    shared: &'a Arc<Shared>,
    ended: Option<Ended>,
}

impl Ending<'_> {
    /// Lets those go on who wait for its end. Once.
    fn end(&mut self) {
        if let Some(ended) = self.ended.take() {
            self.shared.work().finish(ended);
        }
    }

    /// The same, but not for those whose sign-in goes on.
    fn end_but<'a>(&mut self, going_on: impl Iterator<Item = &'a Job>) {
        let going_on: HashSet<&UserId> = going_on.filter_map(|job| job.of.as_ref()).collect();
        if let Some(Ended::SignIns(users)) = &mut self.ended {
            users.retain(|user| !going_on.contains(user));
        }
        self.end();
    }
}

impl Task {
    fn run(self, ending: &mut Ending<'_>) {
        let service = &ending.shared.service;
        match self {
            Self::Alone(job) | Self::Telling(job) => (job.run)(service),
            Self::Looks(looks) => look(looks, ending),
            Self::SignIns(group) => sign_in(group, ending),
        }
    }
}

fn look(looks: Vec<Look>, ending: &Ending<'_>) {
    let service = &ending.shared.service;
    let users: Vec<&UserId> = looks.iter().map(|look| &look.user).collect();
    let seen = service.status_batch(&users);
    for (look, seen) in looks.into_iter().zip(seen) {
        let _ = look.answer.send(seen);
    }
    if service.has_untold_faults() {
        ending.shared.work().tell_faults(tell_faults());
    }
}

fn sign_in(group: Vec<SignIn>, ending: &mut Ending<'_>) {
    let shared = ending.shared;
    let service = &shared.service;
    let tokens: Vec<(&UserId, &str)> = group.iter().map(|it| (&it.user, &**it.token)).collect();
    let answers = service.authenticate_batch(&tokens);
    let (mut lost, mut telling, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for (sign_in, answer) in group.into_iter().zip(answers) {
        match answer {
            Ok(None) => lost.push(again(sign_in)),
            Ok(Some(written)) if written.calls_the_application(service) => {
                telling.push(tell(sign_in, written));
            }
            Ok(Some(written)) => ended.push((sign_in.answer, Ok(written))),
            Err(error) => ended.push((sign_in.answer, Err(error))),
        }
    }
    ending.end_but(lost.iter().chain(&telling));
    {
        let mut work = shared.work();
        work.go_on(lost, telling);
        if service.has_untold_faults() {
            work.tell_faults(tell_faults());
        }
        wake_one(shared, &mut work); // for the next group, while this one is answered
    }
    for (sign_in, answer) in ended {
        let _ = sign_in.send(answer.map(|written| written.tell(service)));
    }
}

/// Another process was first. It is tried again alone, which may take its time; nothing was written so far, so that it is
/// not begun any more when nobody waits for it.
fn again(sign_in: SignIn) -> Job {
    Job {
        until: Some(sign_in.until),
        of: Some(sign_in.user.clone()),
        run: Box::new(move |service| {
            let answer = service.authenticate(&sign_in.user, &sign_in.token);
            let _ = sign_in.answer.send(answer);
        }),
    }
}

fn tell_faults() -> Job {
    Job {
        run: Box::new(TotpService::tell_faults),
        until: None,
        of: None,
    }
}

/// The application's function may block: nobody else's answer shall wait for it.
fn tell(sign_in: SignIn, written: Written<Authenticated>) -> Job {
    Job {
        until: None,
        of: Some(sign_in.user),
        run: Box::new(move |service| {
            let _ = sign_in.answer.send(Ok(written.tell(service)));
        }),
    }
}
