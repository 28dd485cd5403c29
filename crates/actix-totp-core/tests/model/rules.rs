//! The rules for one user, written down a second time. They know nothing of the code under test.

use std::collections::BTreeSet;

use actix_totp_core::Epoch;

use crate::world::World;

/// What the rules remember about a user.
#[derive(Default)]
pub(super) struct Model {
    pub(super) exists: bool,
    /// Outlives everything else.
    pub(super) deadline: Option<u64>,
    pub(super) live: Option<String>,
    pub(super) pending: Option<(String, u64)>,
    pub(super) last_step: Option<u64>,
    pub(super) last_code: Option<String>,
    pub(super) backup: Vec<String>,
    pub(super) ever_used: BTreeSet<String>,
    pub(super) consecutive: u32,
    pub(super) backup_failures: u32,
    pub(super) failed_at: Vec<u64>,
    pub(super) pending_failures: u32,
    /// When sessions with a proof failed while others had to wait.
    pub(super) proof_failed_at: Vec<u64>,
    pub(super) epoch: Option<Epoch>,
    /// After the clock went back the schedule is what the service says: the rules are for a clock that goes forward.
    pub(super) rewound: bool,
}

/// What the model says a token is worth.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Good,
    Refused(&'static str),
    /// Wrong, and counted.
    Counted,
    /// The tenth wrong first code.
    Discarded,
}

impl Model {
    /// Forgets everything but the deadline.
    pub(super) fn without_credentials(&mut self) {
        *self = Self {
            deadline: self.deadline,
            ..Self::default()
        };
    }

    /// Whether a code is looked at now.
    fn waits(&self, now: u64) -> Option<&'static str> {
        if self.consecutive >= 100 {
            return Some("locked");
        }
        let last = *self.failed_at.last()?;
        let mut wait = match self.consecutive {
            0..=4 => 0,
            5 => 30,
            6 => 60,
            7 => 120,
            8 => 240,
            9 => 480,
            10 => 960,
            11 => 1_920,
            _ => 3_600,
        };
        let in_a_day = self.failed_at.iter().filter(|at| now < *at + 86_400);
        if in_a_day.count() >= 20 {
            wait = 3_600;
        }
        (now < last + wait).then_some("throttled")
    }

    pub(super) fn count(&mut self, now: u64) {
        self.consecutive += 1;
        self.failed_at.push(now);
    }

    pub(super) fn forgive(&mut self) {
        self.consecutive = 0;
        self.backup_failures = 0;
    }

    pub(super) fn forget_failures(&mut self) {
        self.forgive();
        self.failed_at.clear();
        self.pending_failures = 0;
        self.proof_failed_at.clear();
        self.rewound = false;
    }
}

impl World {
    /// Compares a token with the live credential, by the rules.
    pub(super) fn examine(
        &mut self,
        who: usize,
        token: &str,
        code_only: bool,
        may_repair: bool,
    ) -> Verdict {
        let now = self.now();
        let secret = self.models[who].live.clone().unwrap();
        match token.len() {
            6 => {
                let waits = self.waits(who);
                let failed_at = &self.models[who].proof_failed_at;
                let lately = &failed_at[failed_at.len().saturating_sub(20)..];
                let lately = lately.iter().filter(|at| now < *at + 86_400).count();
                match waits {
                    Some("throttled") if may_repair && lately < 5 => {}
                    Some(why) => return Verdict::Refused(why),
                    None => {}
                }
                let step = self.step_of(&secret, token);
                let model = &mut self.models[who];
                match step {
                    Some(step) if model.last_step.is_some_and(|last| step <= last) => {
                        Verdict::Refused("invalid_token")
                    }
                    Some(step) => {
                        model.last_step = Some(step);
                        model.last_code = Some(token.to_owned());
                        model.forgive();
                        Verdict::Good
                    }
                    None => {
                        model.count(now);
                        if waits.is_some() {
                            model.proof_failed_at.push(now);
                        }
                        Verdict::Counted
                    }
                }
            }
            19 | 29 if code_only => Verdict::Refused("totp_code_needed"),
            19 | 29 => {
                let model = &mut self.models[who];
                if let Some(at) = model.backup.iter().position(|code| code == token) {
                    model.backup.remove(at);
                    assert!(model.ever_used.insert(token.to_owned()), "passed twice");
                    model.forgive();
                    return Verdict::Good;
                }
                model.backup_failures = (model.backup_failures + 1).min(100);
                Verdict::Counted
            }
            _ => Verdict::Refused("malformed_token"),
        }
    }

    fn waits(&self, who: usize) -> Option<&'static str> {
        let model = &self.models[who];
        if !model.rewound {
            return model.waits(self.now());
        }
        let status = self.fixture.totp.status(&self.users[who]).unwrap();
        let throttled = status.retry_after.map(|_| "throttled");
        throttled.or(status.locked.then_some("locked"))
    }

    pub(super) fn enroll(&mut self, who: usize, token: Option<&str>, has_proof: bool) -> Verdict {
        let verdict = match token {
            _ if self.models[who].live.is_none() => Verdict::Good,
            None => Verdict::Refused("already_confirmed"),
            Some(token) => self.examine(who, token, false, has_proof),
        };
        if verdict == Verdict::Good {
            self.models[who].pending_failures = 0;
        }
        verdict
    }

    pub(super) fn confirm(&mut self, who: usize, token: &str, has_proof: bool) -> Verdict {
        let now = self.now();
        let model = &self.models[who];
        if !model.exists {
            return Verdict::Refused("not_generated");
        }
        let Some((secret, at)) = model.pending.clone() else {
            return Verdict::Refused("already_confirmed");
        };
        if now > at + 900 {
            return Verdict::Refused("enrollment_expired");
        }
        match token.len() {
            6 => {}
            19 | 29 => return Verdict::Refused("totp_code_needed"),
            _ => return Verdict::Refused("malformed_token"),
        }
        if model.live.is_some() && !has_proof && model.pending_failures >= 5 {
            return Verdict::Refused("totp_required");
        }
        let Some(step) = self.step_of(&secret, token) else {
            let model = &mut self.models[who];
            model.pending_failures += 1;
            if model.pending_failures < 10 {
                return Verdict::Counted;
            }
            if model.live.is_none() {
                model.without_credentials();
            }
            (model.pending, model.pending_failures) = (None, 0);
            return Verdict::Discarded;
        };
        let model = &mut self.models[who];
        model.forget_failures();
        (model.live, model.pending) = (Some(secret), None);
        (model.last_step, model.last_code) = (Some(step), Some(token.to_owned()));
        Verdict::Good
    }
}
