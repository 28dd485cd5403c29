//! What waits, and what is taken next.

use std::collections::{HashSet, VecDeque};

use actix_totp_core::UserId;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Job, Seen, SignedIn};

/// Where the store works for many together: so many looks at most, which are over soon,
const MOST_LOOKS: usize = 32;
/// and so many sign-ins, in one group at a time. Those that come meanwhile are the next one.
const MOST_SIGN_INS: usize = 256;

pub(super) struct Work {
    pub(super) jobs: VecDeque<Job>,
    pub(super) looks: VecDeque<Look>,
    pub(super) sign_ins: VecDeque<SignIn>,
    together: bool,
    /// Users with a sign-in under way, and in how many groups.
    signing_in: HashSet<UserId>,
    groups: usize,
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
    Job(Job),
    Looks(Vec<Look>),
    SignIns(Vec<SignIn>),
}

impl Work {
    /// `together`: whether the store works for many users at the price of one.
    pub(super) fn new(together: bool) -> Self {
        Self {
            jobs: VecDeque::new(),
            looks: VecDeque::new(),
            sign_ins: VecDeque::new(),
            together,
            signing_in: HashSet::new(),
            groups: 0,
            turn: 0,
            threads: 0,
            idle: 0,
            waking: false,
            closed: false,
        }
    }

    pub(super) fn has_something_to_take(&self) -> bool {
        !self.jobs.is_empty() || !self.looks.is_empty() || self.may_sign_in()
    }

    fn may_sign_in(&self) -> bool {
        !self.sign_ins.is_empty() && (self.groups == 0 || !self.together)
    }

    pub(super) fn take(&mut self) -> Option<Task> {
        for kind in [self.turn, self.turn + 1, self.turn + 2] {
            let taken = match kind % 3 {
                0 => self.take_looks(),
                1 => self.take_sign_ins(),
                _ => self.jobs.pop_front().map(Task::Job),
            };
            if taken.is_some() {
                self.turn = kind % 3 + 1;
                return taken;
            }
        }
        None
    }

    fn take_looks(&mut self) -> Option<Task> {
        let most = if self.together { MOST_LOOKS } else { 1 };
        let count = self.looks.len().min(most);
        (count > 0).then(|| Task::Looks(self.looks.drain(..count).collect()))
    }

    /// The sign-ins that have waited longest, one of each user.
    fn take_sign_ins(&mut self) -> Option<Task> {
        if !self.may_sign_in() {
            return None;
        }
        let most = if self.together { MOST_SIGN_INS } else { 1 };
        let (mut group, mut at) = (Vec::new(), 0);
        while group.len() < most && at < self.sign_ins.len() {
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
        Some(Task::SignIns(group))
    }

    /// Lets the next sign-ins of these users go on. `None`: the task was none.
    pub(super) fn finish(&mut self, users: Option<Vec<UserId>>) {
        let Some(users) = users else {
            return;
        };
        self.groups -= 1;
        for user in users {
            self.signing_in.remove(&user);
        }
    }

    /// Drops all that waits, with its answers.
    pub(super) fn give_up(&mut self) {
        self.jobs.clear();
        self.looks.clear();
        self.sign_ins.clear();
    }
}

impl Task {
    /// Whose sign-ins these are. `None`: they are none.
    pub(super) fn signing_in(&self) -> Option<Vec<UserId>> {
        match self {
            Self::Job(_) | Self::Looks(_) => None,
            Self::SignIns(group) => Some(group.iter().map(|it| it.user.clone()).collect()),
        }
    }
}
