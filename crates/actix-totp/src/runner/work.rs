//! What waits, and what is taken next.

use std::{collections::VecDeque, time::Instant};

use actix_totp_core::{Error, UserId};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Limits, Run, Seen, SignedIn, line::Line};

/// Where the store works for many together: so many looks at most, which are over soon,
const MOST_LOOKS: usize = 32;
/// and so many sign-ins. Those that come meanwhile are the next group.
const MOST_SIGN_INS: usize = 256;

pub(super) struct Work {
    looks: VecDeque<Look>,
    sign_ins: Line,
    jobs: VecDeque<Job>,
    /// Events that wait to be told, with the answers behind them.
    tellings: VecDeque<Job>,
    /// More does not wait: it is refused at once.
    max_queued: usize,
    /// So many groups of sign-ins at a time, if the store works for many users at the price of one.
    max_concurrent_batches: Option<usize>,
    groups: usize,
    /// So many threads at a time may be with the application's function.
    tellings_at_a_time: usize,
    telling: usize,
    /// Which kind is asked first the next time: none shall wait for the others.
    turn: usize,
    pub(super) threads: usize,
    pub(super) idle: usize,
    /// A thread was told to come and has not come yet.
    pub(super) waking: bool,
    pub(super) closed: bool,
}

/// Somebody's status is wanted.
pub(super) struct Look {
    pub(super) user: UserId,
    pub(super) answer: oneshot::Sender<Seen>,
    pub(super) until: Instant,
}

pub(super) struct SignIn {
    pub(super) user: UserId,
    pub(super) token: Zeroizing<String>,
    pub(super) answer: oneshot::Sender<SignedIn>,
    /// Whoever waits for it has been told by then that it is unknown: it is not begun any more.
    pub(super) until: Instant,
}

/// Any other operation, or what is left of a sign-in.
pub(super) struct Job {
    pub(super) run: Run,
    /// `None`: it was begun, and is ended.
    pub(super) until: Option<Instant>,
    /// Whose sign-in it is: it is under way until this has ended.
    pub(super) of: Option<UserId>,
}

pub(super) enum Task {
    Looks(Vec<Look>),
    SignIns(Vec<SignIn>),
    Alone(Job),
    Telling(Job),
}

impl Job {
    fn is_late(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// What is to be undone when a task has ended.
pub(super) enum Ended {
    Alone(Option<UserId>),
    Looks,
    SignIns(Vec<UserId>),
    Telling(Option<UserId>),
}

impl Work {
    pub(super) fn new(max_concurrent_batches: Option<usize>, limits: Limits) -> Self {
        Self {
            looks: VecDeque::new(),
            sign_ins: Line::default(),
            jobs: VecDeque::new(),
            tellings: VecDeque::new(),
            max_queued: limits.waiting,
            max_concurrent_batches,
            groups: 0,
            tellings_at_a_time: (limits.threads / 2).max(1),
            telling: 0,
            turn: 0,
            threads: 0,
            idle: 0,
            waking: false,
            closed: false,
        }
    }

    pub(super) fn look(&mut self, look: Look) {
        self.looks.push_back(look);
    }

    pub(super) fn sign_in(&mut self, sign_in: SignIn, now: Instant) -> Result<(), Error> {
        let has_room = self.sign_ins.push(sign_in, now);
        has_room.then_some(()).ok_or(Error::Overloaded)
    }

    pub(super) fn job(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// What has been begun goes on, however much waits: a sign-in that lost, or one whose events are to be told.
    pub(super) fn go_on(&mut self, lost: Vec<Job>, tellings: Vec<Job>) {
        // In front: they have waited longest.
        lost.into_iter()
            .rev()
            .for_each(|it| self.jobs.push_front(it));
        self.tellings.extend(tellings);
    }

    /// Faults are told all at once: who waits to do so tells those that come meanwhile, too.
    pub(super) fn tell_faults(&mut self, telling: Job) {
        if self.tellings.iter().all(|it| it.of.is_some()) {
            self.tellings.push_back(telling);
        }
    }

    /// To be asked before anything is added. Late ones take up no room, wherever they wait.
    pub(super) fn require_room(&mut self, now: Instant) -> Result<(), Error> {
        if self.waiting() >= self.max_queued {
            drop_late(&mut self.looks, |look| look.until <= now);
            self.drop_late_jobs(now);
            self.sign_ins.drop_late(now);
        }
        (self.waiting() < self.max_queued)
            .then_some(())
            .ok_or(Error::Overloaded)
    }

    fn waiting(&self) -> usize {
        self.looks.len() + self.sign_ins.len() + self.jobs.len() + self.tellings.len()
    }

    pub(super) fn has_something_to_take(&self) -> bool {
        !self.looks.is_empty() || self.may_sign_in() || !self.jobs.is_empty() || self.may_tell()
    }

    fn may_sign_in(&self) -> bool {
        self.sign_ins.is_ready() && self.groups < self.max_concurrent_batches.unwrap_or(usize::MAX)
    }

    fn may_tell(&self) -> bool {
        !self.tellings.is_empty() && self.telling < self.tellings_at_a_time
    }

    pub(super) fn take(&mut self, now: Instant) -> Option<Task> {
        self.drop_late_jobs(now); // first: it may be somebody's turn then
        for kind in self.turn..self.turn + 4 {
            let taken = match kind % 4 {
                0 => self.take_looks(now),
                1 => self.take_sign_ins(now),
                2 => self.take_job(),
                _ => self.take_telling(),
            };
            if taken.is_some() {
                self.turn = kind % 4 + 1;
                return taken;
            }
        }
        None
    }

    fn take_looks(&mut self, now: Instant) -> Option<Task> {
        drop_late(&mut self.looks, |look| look.until <= now);
        let most = self.max_concurrent_batches.map_or(1, |_| MOST_LOOKS);
        let count = self.looks.len().min(most);
        (count > 0).then(|| Task::Looks(self.looks.drain(..count).collect()))
    }

    fn take_sign_ins(&mut self, now: Instant) -> Option<Task> {
        if !self.may_sign_in() {
            return None;
        }
        let most = self.max_concurrent_batches.map_or(1, |_| MOST_SIGN_INS);
        let group = self.sign_ins.take(most, now);
        if group.is_empty() {
            return None;
        }
        self.groups += 1;
        Some(Task::SignIns(group))
    }

    fn take_job(&mut self) -> Option<Task> {
        self.jobs.pop_front().map(Task::Alone)
    }

    fn drop_late_jobs(&mut self, now: Instant) {
        while self.jobs.front().is_some_and(|job| job.is_late(now)) {
            let late = self.jobs.pop_front();
            self.finish(Ended::Alone(late.and_then(|job| job.of)));
        }
    }

    fn take_telling(&mut self) -> Option<Task> {
        if !self.may_tell() {
            return None;
        }
        self.telling += 1;
        self.tellings.pop_front().map(Task::Telling)
    }

    pub(super) fn finish(&mut self, ended: Ended) {
        match ended {
            Ended::Looks => {}
            Ended::Alone(user) => user.into_iter().for_each(|it| self.sign_ins.finish(it)),
            Ended::Telling(user) => {
                self.telling -= 1;
                user.into_iter().for_each(|it| self.sign_ins.finish(it));
            }
            Ended::SignIns(users) => {
                self.groups -= 1;
                users
                    .into_iter()
                    .for_each(|user| self.sign_ins.finish(user));
            }
        }
    }

    /// Drops all that waits, with its answers.
    pub(super) fn give_up(&mut self) {
        self.looks.clear();
        self.sign_ins = Line::default();
        self.jobs.clear();
        self.tellings.clear();
    }
}

/// Drops from the front those that nobody waits for any more.
pub(super) fn drop_late<T>(waiting: &mut VecDeque<T>, is_late: impl Fn(&T) -> bool) {
    while waiting.front().is_some_and(&is_late) {
        waiting.pop_front();
    }
}

impl Task {
    pub(super) fn when_ended(&self) -> Ended {
        match self {
            Self::Looks(_) => Ended::Looks,
            Self::Alone(job) => Ended::Alone(job.of.clone()),
            Self::Telling(job) => Ended::Telling(job.of.clone()),
            Self::SignIns(group) => {
                Ended::SignIns(group.iter().map(|it| it.user.clone()).collect())
            }
        }
    }
}
