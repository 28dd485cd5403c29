//! What was asked and what was answered, and what must be true of it whatever broke meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::person::Person;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
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
pub enum Told {
    /// A success, with its body.
    Yes(Value),
    /// A refusal, with its code.
    No(String),
    /// No answer, or one that says that it is unknown.
    Unknown,
}

impl Told {
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    pub fn is_no(&self, code: &str) -> bool {
        matches!(self, Self::No(told) if told == code)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    fn backup_codes(&self) -> Vec<String> {
        let Self::Yes(body) = self else {
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
    pub person: usize,
    /// A sign-in with a password, and what followed in that browser.
    pub session: usize,
    pub ask: Ask,
    pub token: Token,
    /// `None`: no answer.
    pub status: Option<u16>,
    pub told: Told,
}

impl Entry {
    fn changes_the_device(&self) -> bool {
        matches!(self.ask, Ask::Verify | Ask::Disable)
    }

    fn is_before(&self, other: &Self) -> bool {
        self.ended <= other.began
    }

    /// Whether it can have had an effect.
    fn may_have_happened(&self) -> bool {
        !matches!(self.told, Told::No(_))
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

    /// The tokens of a person that were accepted.
    pub fn accepted(&self, person: &Person) -> Vec<Token> {
        let entries = self.0.lock().unwrap();
        let accepted = entries
            .iter()
            .filter(|it| it.person == person.number && it.told.is_yes())
            .filter(|it| matches!(it.token, Token::Code { .. } | Token::Backup(_)));
        accepted.map(|it| it.token.clone()).collect()
    }

    /// How often a token that had been accepted was refused later.
    pub fn replays_refused(&self) -> usize {
        let entries = self.0.lock().unwrap();
        let accepted = entries.iter().filter(|it| it.told.is_yes());
        let spent: HashMap<&Token, Instant> = accepted.map(|it| (&it.token, it.ended)).collect();
        let refused = entries.iter().filter(|it| it.told.is_no("invalid_token"));
        let later =
            refused.filter(|it| spent.get(&it.token).is_some_and(|ended| *ended < it.began));
        later.count()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub fn count(&self, ask: Ask, is: impl Fn(&Told) -> bool) -> usize {
        let entries = self.0.lock().unwrap();
        let counted = entries.iter().filter(|it| it.ask == ask && is(&it.told));
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
        let mut people: HashMap<usize, Vec<Entry>> = HashMap::new();
        for entry in self.entries() {
            people.entry(entry.person).or_default().push(entry);
        }
        let mut found = Vec::new();
        for mut entries in people.into_values() {
            entries.sort_by_key(|it| it.began);
            codes_are_accepted_once_and_upwards(&entries, &mut found);
            backup_codes_are_accepted_once(&entries, &mut found);
            no_guess_is_free(&entries, &mut found);
            what_was_acknowledged_is_true(&entries, &mut found);
            acknowledged_backup_codes_are_good(&entries, &mut found);
            no_vault_opens_without_a_proof(&entries, &mut found);
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

/// Accepted steps per credential strictly increase.
fn codes_are_accepted_once_and_upwards(entries: &[Entry], found: &mut Vec<String>) {
    let accepted = |it: &&Entry| it.told.is_yes() && matches!(it.token, Token::Code { .. });
    let accepted: Vec<&Entry> = entries.iter().filter(accepted).collect();
    for (n, a) in accepted.iter().enumerate() {
        for b in &accepted[n + 1..] {
            let (
                Token::Code { secret, step },
                Token::Code {
                    secret: other,
                    step: later,
                },
            ) = (&a.token, &b.token)
            else {
                continue;
            };
            if secret == other && (step == later || step > later && a.is_before(b)) {
                found.push(format!(
                    "step {later} was accepted after step {step}: {a:?} {b:?}"
                ));
            }
        }
    }
}

fn backup_codes_are_accepted_once(entries: &[Entry], found: &mut Vec<String>) {
    let mut accepted: HashMap<&str, usize> = HashMap::new();
    for entry in entries.iter().filter(|it| it.told.is_yes()) {
        if let Token::Backup(code) = &entry.token {
            *accepted.entry(code).or_default() += 1;
        }
    }
    let twice = accepted.into_iter().filter(|(_, times)| *times > 1);
    found.extend(twice.map(|(code, times)| format!("{code} was accepted {times} times")));
}

/// Of consecutive wrong codes five are compared at once, and then one after each wait.
fn no_guess_is_free(entries: &[Entry], found: &mut Vec<String>) {
    let mut compared: Vec<&Entry> = Vec::new();
    let mut by_end: Vec<&Entry> = entries.iter().collect();
    by_end.sort_by_key(|it| it.ended);
    for entry in by_end {
        match &entry.token {
            Token::Wrong { .. } if entry.told.is_no("invalid_token") => {
                if let Some(wait) = wait_after(compared.len()) {
                    let since = entry.ended - compared[compared.len() - 1].began;
                    if since + Duration::from_secs(1) < wait {
                        let n = compared.len() + 1;
                        found.push(format!("guess {n} was compared {since:?} after the last"));
                    }
                }
                compared.push(entry);
            }
            // A success, or what may be one, clears the count; and so does another device.
            Token::Code { .. } | Token::Backup(_) if entry.may_have_happened() => compared.clear(),
            _ => {}
        }
    }
}

/// How long nothing is compared after so many failures (DESIGN: 30 s · 2^(n-5) from the fifth on, an hour at most).
fn wait_after(failures: usize) -> Option<Duration> {
    let doublings = u32::try_from(failures.checked_sub(5)?).unwrap_or(u32::MAX);
    Some(Duration::from_secs((30_u64 << doublings.min(7)).min(3_600)))
}

/// Every acknowledged enrollment and disable is what `status/` says as long as nothing else changed it.
fn what_was_acknowledged_is_true(entries: &[Entry], found: &mut Vec<String>) {
    let changes: Vec<&Entry> = entries
        .iter()
        .filter(|it| it.changes_the_device() && it.may_have_happened())
        .collect();
    for look in entries.iter().filter(|it| it.ask == Ask::Status) {
        let Told::Yes(status) = &look.told else {
            continue;
        };
        let known = changes
            .iter()
            .filter(|it| it.told.is_yes() && it.is_before(look));
        let Some(last) = known.max_by_key(|it| it.ended) else {
            continue;
        };
        let is_alone = changes.iter().all(|it| {
            std::ptr::eq(*it, *last)
                || look.is_before(it)
                || it.told.is_yes() && it.is_before(last)
                || it.told.is_unknown() && last.began > it.began + LATE
        });
        let enabled = last.ask == Ask::Verify;
        if is_alone && status["otp_enabled"] != enabled {
            found.push(format!("{last:?} was acknowledged, and then {look:?}"));
        }
    }
}

/// What is unknown may still happen for so long: the work behind an answer goes on.
const LATE: Duration = Duration::from_secs(60);

/// A backup code of an acknowledged set that nobody used works, as long as the set is the last.
fn acknowledged_backup_codes_are_good(entries: &[Entry], found: &mut Vec<String>) {
    let sets: Vec<(&Entry, Vec<String>)> = entries
        .iter()
        .map(|it| (it, it.told.backup_codes()))
        .filter(|(_, codes)| !codes.is_empty())
        .collect();
    for entry in entries {
        let Token::Backup(code) = &entry.token else {
            continue;
        };
        let Some((set, _)) = sets.iter().find(|(_, codes)| codes.contains(code)) else {
            continue;
        };
        let others = || entries.iter().filter(|it| !std::ptr::eq(*it, entry));
        let voids = |it: &Entry| {
            !std::ptr::eq(it, *set)
                && matches!(it.ask, Ask::Verify | Ask::Renew | Ask::Disable)
                && it.may_have_happened()
        };
        let is_void =
            others().any(|it| voids(it) && it.began > set.began && it.began < entry.ended);
        let is_used = others().any(|it| it.token == entry.token && it.began < entry.ended);
        if !is_void && !is_used && entry.told.is_no("invalid_token") {
            found.push(format!(
                "a code of an acknowledged set was refused: {entry:?}"
            ));
        }
        let void = others()
            .find(|it| voids(it) && it.told.is_yes() && it.is_before(entry) && set.is_before(it));
        if let Some(void) = void
            && entry.told.is_yes()
        {
            found.push(format!(
                "a void code was accepted: {entry:?} after {void:?}"
            ));
        }
    }
}

/// No guarded 2xx without a device whose epoch the session's proof had.
fn no_vault_opens_without_a_proof(entries: &[Entry], found: &mut Vec<String>) {
    for open in entries
        .iter()
        .filter(|it| it.ask == Ask::Vault && it.told.is_yes())
    {
        let proofs = entries.iter().filter(|it| {
            it.session == open.session
                && matches!(it.ask, Ask::Validate | Ask::Verify)
                && it.told.is_yes()
                && it.began <= open.ended
        });
        let Some(proof) = proofs.max_by_key(|it| it.ended) else {
            found.push(format!("opened without a proof: {open:?}"));
            continue;
        };
        // Any proof is void after a disable, and after an enrollment or replacement by another session.
        let end = entries.iter().find(|it| {
            it.changes_the_device()
                && it.told.is_yes()
                && !std::ptr::eq(*it, proof)
                && proof.is_before(it)
                && it.is_before(open)
        });
        if let Some(end) = end {
            found.push(format!(
                "opened with a proof that {end:?} had ended: {open:?}"
            ));
        }
    }
}
