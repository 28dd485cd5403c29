//! What was asked and what was answered. `invariants` says what must be true of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use serde_json::Value;

use super::{client::User, invariants};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Generate,
    Verify,
    Validate,
    Renew,
    Disable,
    Status,
    /// A guarded route.
    Vault,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Token {
    None,
    /// The code of a secret for a step.
    Code {
        secret: String,
        step: u64,
    },
    Backup(String),
    /// A code that a secret has at no time near now.
    Wrong {
        secret: String,
    },
}

#[derive(Debug, Clone)]
pub enum Outcome {
    /// A success, with its body.
    Accepted(Value),
    /// A refusal, with its code.
    Refused(String),
    /// No answer, or one that says that it is unknown.
    Unknown,
}

impl Outcome {
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    pub fn is_refused(&self, code: &str) -> bool {
        matches!(self, Self::Refused(reason) if reason == code)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    pub(super) fn backup_codes(&self) -> Vec<String> {
        let Self::Accepted(body) = self else {
            return Vec::new();
        };
        let codes = body["backup_codes"].as_array().into_iter().flatten();
        codes
            .map(|code| code.as_str().unwrap().to_owned())
            .collect()
    }
}

/// One request. What it did, it did between the two times; if it is unknown, perhaps later.
#[derive(Debug, Clone)]
pub struct Entry {
    pub began: Instant,
    pub ended: Instant,
    pub user: usize,
    /// A sign-in with a password, and what followed in that browser.
    pub session: usize,
    pub request: Request,
    pub token: Token,
    /// `None`: no answer.
    pub status: Option<u16>,
    pub outcome: Outcome,
}

impl Entry {
    pub(super) fn changes_the_device(&self) -> bool {
        matches!(self.request, Request::Verify | Request::Disable)
    }

    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.ended <= other.began
    }

    /// Whether it can have had an effect.
    pub(super) fn may_have_happened(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused(_))
    }
}

/// The harness's own record of every answer.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Vec<Entry>>>);

impl Record {
    pub fn add(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    /// The tokens of a user that were accepted.
    pub fn accepted(&self, user: &User) -> Vec<Token> {
        let entries = self.0.lock().unwrap();
        let accepted = entries
            .iter()
            .filter(|it| it.user == user.number && it.outcome.is_accepted())
            .filter(|it| matches!(it.token, Token::Code { .. } | Token::Backup(_)));
        accepted.map(|it| it.token.clone()).collect()
    }

    /// How often a token that had been accepted was refused later.
    pub fn replays_refused(&self) -> usize {
        let entries = self.0.lock().unwrap();
        let accepted = entries.iter().filter(|it| it.outcome.is_accepted());
        let spent: HashMap<&Token, Instant> = accepted.map(|it| (&it.token, it.ended)).collect();
        let refused = entries
            .iter()
            .filter(|it| it.outcome.is_refused("invalid_token"));
        let later =
            refused.filter(|it| spent.get(&it.token).is_some_and(|ended| *ended < it.began));
        later.count()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub fn count(&self, request: Request, is: impl Fn(&Outcome) -> bool) -> usize {
        let entries = self.0.lock().unwrap();
        let counted = entries
            .iter()
            .filter(|it| it.request == request && is(&it.outcome));
        counted.count()
    }

    /// How often each status was answered.
    pub fn statuses(&self) -> HashMap<Option<u16>, usize> {
        let mut statuses = HashMap::new();
        for entry in &*self.0.lock().unwrap() {
            *statuses.entry(entry.status).or_default() += 1;
        }
        statuses
    }

    /// Everything that must not have happened and did.
    pub fn violations(&self) -> Vec<String> {
        let mut by_user: HashMap<usize, Vec<Entry>> = HashMap::new();
        for entry in self.entries() {
            by_user.entry(entry.user).or_default().push(entry);
        }
        let mut found = Vec::new();
        for mut entries in by_user.into_values() {
            entries.sort_by_key(|it| it.began);
            invariants::check(&entries, &mut found);
        }
        found
    }

    #[track_caller]
    pub fn assert_holds(&self) {
        let found = self.violations();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    /// Where nothing was killed, nothing may be a fault: a conflict with another writer is none.
    #[track_caller]
    pub fn assert_no_fault(&self) {
        let statuses = self.statuses();
        let is_fault = |status: &Option<u16>| status.is_none_or(|it| it >= 500);
        assert!(!statuses.keys().any(is_fault), "{statuses:?}");
    }
}
