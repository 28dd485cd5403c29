//! What waits, and what is taken next.

use std::collections::VecDeque;

use actix_totp_core::{Error, UserId};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Job, Seen, SignedIn, line::Line};

/// More does not wait: it is refused at once.
const MOST_WAITING: usize = 4_096;
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
    /// So many groups of sign-ins at a time, if the store works for many users at the price of one.
    groups_at_a_time: Option<usize>,
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
}

pub(super) struct SignIn {
    pub(super) user: UserId,
    pub(super) token: Zeroizing<String>,
    pub(super) answer: oneshot::Sender<SignedIn>,
}

pub(super) enum Task {
    Looks(Vec<Look>),
    SignIns(Vec<SignIn>),
    Job(Job),
    Telling(Job),
}

/// What is to be undone when a task has ended.
pub(super) enum Ended {
    Alone,
    SignIns(Vec<UserId>),
    Telling,
}

impl Work {
    pub(super) fn new(groups_at_a_time: Option<usize>, most_threads: usize) -> Self {
        Self {
            looks: VecDeque::new(),
            sign_ins: Line::default(),
            jobs: VecDeque::new(),
            tellings: VecDeque::new(),
            groups_at_a_time,
            groups: 0,
            tellings_at_a_time: (most_threads / 2).max(1),
            telling: 0,
            turn: 0,
            threads: 0,
            idle: 0,
            waking: false,
            closed: false,
        }
    }

    pub(super) fn look(&mut self, look: Look) -> Result<(), Error> {
        self.require_room()?;
        self.looks.push_back(look);
        Ok(())
    }

    pub(super) fn sign_in(&mut self, sign_in: SignIn) -> Result<(), Error> {
        self.require_room()?;
        let has_room = self.sign_ins.push(sign_in);
        has_room.then_some(()).ok_or(Error::Overloaded)
    }

    pub(super) fn job(&mut self, job: Job) -> Result<(), Error> {
        self.require_room()?;
        self.jobs.push_back(job);
        Ok(())
    }

    /// What has been begun is ended, however much waits: a sign-in that lost, or one whose events are to be told.
    pub(super) fn go_on(&mut self, jobs: Vec<Job>, tellings: Vec<Job>) {
        self.jobs.extend(jobs);
        self.tellings.extend(tellings);
    }

    fn require_room(&self) -> Result<(), Error> {
        let waiting = self.looks.len() + self.sign_ins.len() + self.jobs.len();
        (waiting < MOST_WAITING)
            .then_some(())
            .ok_or(Error::Overloaded)
    }

    pub(super) fn has_something_to_take(&self) -> bool {
        !self.looks.is_empty() || self.may_sign_in() || !self.jobs.is_empty() || self.may_tell()
    }

    fn may_sign_in(&self) -> bool {
        self.sign_ins.is_ready() && self.groups < self.groups_at_a_time.unwrap_or(usize::MAX)
    }

    fn may_tell(&self) -> bool {
        !self.tellings.is_empty() && self.telling < self.tellings_at_a_time
    }

    pub(super) fn take(&mut self) -> Option<Task> {
        for kind in self.turn..self.turn + 4 {
            let taken = match kind % 4 {
                0 => self.take_looks(),
                1 => self.take_sign_ins(),
                2 => self.jobs.pop_front().map(Task::Job),
                _ => self.take_telling(),
            };
            if taken.is_some() {
                self.turn = kind % 4 + 1;
                return taken;
            }
        }
        None
    }

    fn take_looks(&mut self) -> Option<Task> {
        let most = self.groups_at_a_time.map_or(1, |_| MOST_LOOKS);
        let count = self.looks.len().min(most);
        (count > 0).then(|| Task::Looks(self.looks.drain(..count).collect()))
    }

    fn take_sign_ins(&mut self) -> Option<Task> {
        if !self.may_sign_in() {
            return None;
        }
        self.groups += 1;
        let most = self.groups_at_a_time.map_or(1, |_| MOST_SIGN_INS);
        Some(Task::SignIns(self.sign_ins.take(most)))
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
            Ended::Alone => {}
            Ended::Telling => self.telling -= 1,
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

impl Task {
    pub(super) fn when_ended(&self) -> Ended {
        match self {
            Self::Looks(_) | Self::Job(_) => Ended::Alone,
            Self::Telling(_) => Ended::Telling,
            Self::SignIns(group) => {
                Ended::SignIns(group.iter().map(|it| it.user.clone()).collect())
            }
        }
    }
}
