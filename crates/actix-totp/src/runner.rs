//! Where the work behind requests is done: on threads of the plugin's own, beside the workers of the application.
//!
//! 1. A thread that takes work wakes one more only while work waits. So work that does not block is done one after the
//!    other by one thread, without a switch between threads for each, and work that blocks is done by as many as there are.
//! 2. Sign-ins that wait together are given to the store together, if it works for many at the price of one.
//! 3. Of one user at most one sign-in is under way: whoever hammers one account waits for himself and not for a lost swap,
//!    and nobody else waits for him.

use std::{
    collections::{HashSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use actix_totp_core::{Authenticated, Error, Outcome, TotpService, UserId, Written};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Where the store works for many together: so many sign-ins at most, and one group at a time. Those that come meanwhile are the
/// next one.
const LARGEST_GROUP: usize = 256;

type Job = Box<dyn FnOnce(&TotpService) + Send>;
type SignedIn = Result<Outcome<Authenticated>, Error>;

/// The threads. They start when there is work, and end with this value.
pub(crate) struct Runner(Arc<Shared>);

struct Shared {
    service: TotpService,
    most_threads: usize,
    work: Mutex<Work>,
    wake: Condvar,
}

/// What waits, and who does it.
struct Work {
    jobs: VecDeque<Job>,
    sign_ins: VecDeque<SignIn>,
    /// Users with a sign-in under way.
    signing_in: HashSet<UserId>,
    groups: usize,
    most_groups: usize,
    largest_group: usize,
    /// Whether the last that was taken was a job: neither kind shall wait for the other.
    jobs_had_their_turn: bool,
    threads: usize,
    idle: usize,
    /// A thread was told to come and has not come yet.
    waking: bool,
    closed: bool,
}

struct SignIn {
    user: UserId,
    token: Zeroizing<String>,
    answer: oneshot::Sender<SignedIn>,
}

enum Task {
    Job(Job),
    Group(Vec<SignIn>),
}

impl Runner {
    pub(crate) fn new(service: TotpService, most_threads: usize) -> Self {
        let together = service.works_together();
        Self(Arc::new(Shared {
            service,
            most_threads,
            work: Mutex::new(Work {
                jobs: VecDeque::new(),
                sign_ins: VecDeque::new(),
                signing_in: HashSet::new(),
                groups: 0,
                most_groups: if together { 1 } else { usize::MAX },
                largest_group: if together { LARGEST_GROUP } else { 1 },
                jobs_had_their_turn: false,
                threads: 0,
                idle: 0,
                waking: false,
                closed: false,
            }),
            wake: Condvar::new(),
        }))
    }

    /// Runs an operation.
    ///
    /// # Errors
    ///
    /// Its own, and [`Error::Interrupted`] if it panicked or no thread can be had.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&TotpService) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.submit(|work| {
            work.jobs.push_back(Box::new(move |service| {
                let _ = answer.send(operation(service)); // whoever does not wait any more is gone
            }));
        });
        answered.await.unwrap_or(Err(Error::Interrupted))
    }

    /// [`TotpService::authenticate`], together with others.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Interrupted`] if it panicked or no thread can be had.
    pub(crate) async fn authenticate(&self, user: UserId, token: Zeroizing<String>) -> SignedIn {
        let (answer, answered) = oneshot::channel();
        self.submit(|work| {
            work.sign_ins.push_back(SignIn {
                user,
                token,
                answer,
            });
        });
        answered.await.unwrap_or(Err(Error::Interrupted))
    }

    fn submit(&self, put: impl FnOnce(&mut Work)) {
        let mut work = self.0.work();
        put(&mut work);
        wake_one(&self.0, &mut work);
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
    } else if work.threads < shared.most_threads {
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
                work.jobs.clear();
                work.sign_ins.clear();
            }
            Err(_) => {} // the others will come
        }
    }
}

fn do_work(shared: &Arc<Shared>) {
    let mut work = shared.work();
    work.waking = false;
    loop {
        if let Some(task) = work.take() {
            wake_one(shared, &mut work);
            drop(work);
            let users = task.users();
            // What panics is dropped with its answer: the request learns that it was interrupted.
            let _ = catch_unwind(AssertUnwindSafe(|| task.run(shared)));
            work = shared.work();
            work.finish(users);
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

impl Work {
    fn has_something_to_take(&self) -> bool {
        !self.jobs.is_empty() || self.may_sign_in()
    }

    fn may_sign_in(&self) -> bool {
        !self.sign_ins.is_empty() && self.groups < self.most_groups
    }

    fn take(&mut self) -> Option<Task> {
        if self.jobs_had_their_turn
            && let Some(group) = self.take_group()
        {
            return Some(group);
        }
        if let Some(job) = self.jobs.pop_front() {
            self.jobs_had_their_turn = true;
            return Some(Task::Job(job));
        }
        self.take_group()
    }

    /// The sign-ins that have waited longest, one of each user.
    fn take_group(&mut self) -> Option<Task> {
        if !self.may_sign_in() {
            return None;
        }
        let (mut group, mut at) = (Vec::new(), 0);
        while group.len() < self.largest_group && at < self.sign_ins.len() {
            if self.signing_in.insert(self.sign_ins[at].user.clone()) {
                group.extend(self.sign_ins.remove(at));
            } else {
                at += 1;
            }
        }
        if group.is_empty() {
            return None;
        }
        self.groups += 1;
        self.jobs_had_their_turn = false;
        Some(Task::Group(group))
    }

    /// Lets the next sign-ins of these users go on; `None`: a job has ended.
    fn finish(&mut self, users: Option<Vec<UserId>>) {
        let Some(users) = users else {
            return;
        };
        self.groups -= 1;
        for user in users {
            self.signing_in.remove(&user);
        }
    }
}

impl Task {
    fn users(&self) -> Option<Vec<UserId>> {
        match self {
            Self::Job(_) => None,
            Self::Group(group) => Some(group.iter().map(|it| it.user.clone()).collect()),
        }
    }

    fn run(self, shared: &Arc<Shared>) {
        match self {
            Self::Job(job) => job(&shared.service),
            Self::Group(group) => sign_in(group, shared),
        }
    }
}

fn sign_in(group: Vec<SignIn>, shared: &Arc<Shared>) {
    let service = &shared.service;
    let tokens: Vec<(&UserId, &str)> = group.iter().map(|it| (&it.user, &**it.token)).collect();
    let answers = service.authenticate_together(&tokens);
    let (mut lost, mut telling) = (Vec::new(), Vec::new());
    for (sign_in, answer) in group.into_iter().zip(answers) {
        match answer {
            Ok(None) => lost.push(sign_in),
            Ok(Some(written)) if written.has_events() => telling.push((sign_in.answer, written)),
            Ok(Some(written)) => drop(sign_in.answer.send(Ok(written.tell(service)))),
            Err(error) => drop(sign_in.answer.send(Err(error))),
        }
    }
    if !telling.is_empty() {
        let mut work = shared.work();
        for (answer, written) in telling {
            work.jobs.push_back(telling_job(answer, written));
        }
        wake_one(shared, &mut work);
    }
    // Another process was first.
    for sign_in in lost {
        let answer = service.authenticate(&sign_in.user, &sign_in.token);
        let _ = sign_in.answer.send(answer);
    }
}

/// The application's function may block: nobody else's answer shall wait for it.
fn telling_job(answer: oneshot::Sender<SignedIn>, written: Written<Authenticated>) -> Job {
    Box::new(move |service| {
        let _ = answer.send(Ok(written.tell(service)));
    })
}
