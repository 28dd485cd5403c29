//! How long to wait after n failures.
//!
//! Sources: NIST SP 800-63B-4 §3.2.2 (at most 100 consecutive failures), RFC 4226 §7.3 (delays that grow).
//!
//! 1. Failures 1 to 4 are free. After failure n ≥ 5 the next code is compared 30 s · 2^(n-5) later, at most one hour.
//! 2. At 100 consecutive failures TOTP codes are locked, until a backup code or an operator opens them.
//! 3. From 20 failures within 24 hours on, one code an hour is compared, whatever succeeded in between: the owner's
//!    sign-ins must not refill a thief's allowance.
//!
//! While waiting nothing is compared and nothing counted, so a right code stays unused.
//!
//! A session that holds a proof may renew its backup codes and replace its authenticator all the same, with 5 wrong codes in
//! 24 hours: somebody who only knows the password can close the gate for the owner, but not this way out.
//!
//! A pending secret has a count of its own: after 10 wrong codes it is dropped.

use serde::{Deserialize, Serialize};

/// Consecutive failures that cost no waiting. The next one does.
pub(crate) const FREE_FAILURES: u32 = 4;
/// Consecutive failures at which TOTP codes are locked (SP 800-63B-4 §3.2.2).
pub(crate) const LOCKING_FAILURES: u32 = 100;
/// Wrong backup codes that are counted. More are refused without a write.
pub(crate) const BACKUP_FAILURES_COUNTED: u32 = 100;
/// Wrong first codes after which a pending secret is dropped.
pub(crate) const PENDING_FAILURES: u32 = 10;
/// So many of them may come from sessions without a proof while a credential is live.
pub(crate) const PENDING_FAILURES_WITHOUT_PROOF: u32 = 5;
/// Wrong codes within 24 hours that sessions with a proof may send while the gate is closed.
const REPAIR_FAILURES: usize = 5;
const FIRST_WAIT_SECS: u64 = 30;
const LONGEST_WAIT_SECS: u64 = 3_600;
const RECENT_LIMIT: usize = 20;
const RECENT_PERIOD_SECS: u64 = 86_400;

/// When the last wrong codes came: up to 20 times, oldest first, in seconds since the Unix epoch.
///
/// Twenty are enough to know whether there were twenty in the last 24 hours, exactly and in a sliding window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>")]
pub struct RecentFailures(Vec<u64>);

impl RecentFailures {
    /// The bytes for a column: each time as 8 bytes, big endian; at most 160 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|at| at.to_be_bytes()).collect()
    }

    /// From the bytes that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    ///
    /// [`InvalidRecentFailures`] if they are not a whole number of times, or more than 20.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidRecentFailures> {
        let (times, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(InvalidRecentFailures);
        }
        let times: Vec<u64> = times.iter().map(|at| u64::from_be_bytes(*at)).collect();
        times.try_into()
    }

    pub(crate) fn record(&mut self, now: u64) {
        if self.0.len() == RECENT_LIMIT {
            self.0.remove(0);
        }
        self.0.push(now);
    }

    fn last(&self) -> Option<u64> {
        self.0.last().copied()
    }

    fn within_a_day(&self, now: u64) -> usize {
        let is_recent = |at: &&u64| now < at.saturating_add(RECENT_PERIOD_SECS);
        self.0.iter().filter(is_recent).count()
    }

    fn exhausted(&self, now: u64) -> bool {
        self.0.len() == RECENT_LIMIT && now < self.0[0].saturating_add(RECENT_PERIOD_SECS)
    }
}

/// From times, oldest first. More than 20 are refused: the window is counted over exactly so many.
impl TryFrom<Vec<u64>> for RecentFailures {
    type Error = InvalidRecentFailures;

    fn try_from(times: Vec<u64>) -> Result<Self, InvalidRecentFailures> {
        (times.len() <= RECENT_LIMIT)
            .then_some(Self(times))
            .ok_or(InvalidRecentFailures)
    }
}

/// The bytes are no list of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no list of at most 20 times")]
pub struct InvalidRecentFailures;

/// Whether a TOTP code is compared now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// In so many seconds, 1 or more.
    Wait(u64),
    /// Not before a backup code or an operator's unlock.
    Locked,
}

/// The rules above as one function.
pub(crate) fn gate(consecutive: u32, recent: &RecentFailures, now: u64) -> Gate {
    if consecutive >= LOCKING_FAILURES {
        return Gate::Locked;
    }
    let Some(last) = recent.last() else {
        return Gate::Open;
    };
    let daily = if recent.exhausted(now) {
        LONGEST_WAIT_SECS
    } else {
        0
    };
    let wait = wait_secs(consecutive).max(daily);
    // A failure from further ahead than clocks of instances may differ was recorded before the clock was set back: it
    // must not close the gate for as long as the clock was wrong. It is counted all the same.
    if wait == 0 || last > now.saturating_add(LONGEST_WAIT_SECS) {
        return Gate::Open;
    }
    let until = last.saturating_add(wait);
    match until.saturating_sub(now) {
        0 => Gate::Open,
        secs => Gate::Wait(secs),
    }
}

/// Whether a session that holds a proof may try a code while the gate is closed. `failures` are those of such tries.
pub(crate) fn has_repair_tries(failures: &RecentFailures, now: u64) -> bool {
    failures.within_a_day(now) < REPAIR_FAILURES
}

fn wait_secs(consecutive: u32) -> u64 {
    if consecutive <= FREE_FAILURES {
        return 0;
    }
    let doublings = (consecutive - FREE_FAILURES - 1).min(7); // 30 s · 2^7 is above one hour
    (FIRST_WAIT_SECS << doublings).min(LONGEST_WAIT_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_700_000_000;

    fn recent(times: impl IntoIterator<Item = u64>) -> RecentFailures {
        let mut recent = RecentFailures::default();
        times.into_iter().for_each(|at| recent.record(at));
        recent
    }

    #[test]
    fn the_wait_doubles_from_the_fifth_failure_to_one_hour() {
        let waits: Vec<u64> = (0..=14).map(wait_secs).collect();
        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
        assert_eq!(wait_secs(u32::MAX), 3600);
    }

    #[test]
    fn the_gate_opens_on_the_second_that_the_wait_ends() {
        let recent = recent([NOON]);
        assert_eq!(gate(5, &recent, NOON), Gate::Wait(30));
        assert_eq!(gate(5, &recent, NOON + 29), Gate::Wait(1));
        assert_eq!(gate(5, &recent, NOON + 30), Gate::Open);
    }

    #[test]
    fn a_clock_that_was_set_back_closes_the_door_for_no_longer_than_two_hours() {
        assert_eq!(gate(1, &recent([NOON + 60]), NOON), Gate::Open);
        assert_eq!(gate(5, &recent([NOON + 60]), NOON), Gate::Wait(90)); // instances whose clocks differ
        assert_eq!(gate(12, &recent([NOON + 3_600]), NOON), Gate::Wait(7_200));
        assert_eq!(gate(12, &recent([NOON + 3_601]), NOON), Gate::Open);
        assert_eq!(gate(100, &recent([NOON + 3_601]), NOON), Gate::Locked);
    }

    #[test]
    fn a_hundred_consecutive_failures_lock() {
        assert_eq!(gate(99, &recent([0]), NOON), Gate::Open);
        assert_eq!(gate(100, &recent([0]), NOON), Gate::Locked);
    }

    #[test]
    fn twenty_failures_in_a_day_leave_one_code_an_hour_even_after_a_success() {
        let busy = recent((0..20).map(|n| NOON + n));
        assert_eq!(gate(0, &busy, NOON + 20), Gate::Wait(3599));
        assert_eq!(gate(0, &busy, NOON + 19 + 3600), Gate::Open);
        let nineteen = recent((0..19).map(|n| NOON + n));
        assert_eq!(gate(0, &nineteen, NOON + 20), Gate::Open);
        let spread = recent((0..20).map(|n| NOON + n * 4_600)); // the first is a day older than the last
        assert_eq!(gate(0, &spread, NOON + 19 * 4_600), Gate::Open);
    }

    #[test]
    fn the_column_holds_twenty_times_and_nothing_else() {
        let full = recent(NOON..NOON + 25);
        assert_eq!(full.to_bytes().len(), 160);
        assert_eq!(RecentFailures::from_bytes(&full.to_bytes()), Ok(full));
        assert!(RecentFailures::from_bytes(&[0; 7]).is_err());
        assert!(RecentFailures::from_bytes(&[0; 168]).is_err());
    }

    /// What a thief who has the password can try in a year, as fast as the rules allow, while the owner signs in
    /// `sign_ins` times a day. Each sign-in clears the consecutive count: that is the worst case, as a real owner would
    /// often be told to wait.
    fn guesses_in_a_year(sign_ins: u64) -> u32 {
        let (mut failures, mut recent, mut guesses, mut now) = (0, RecentFailures::default(), 0, 0);
        let every = 86_400_u64.checked_div(sign_ins);
        while now < 365 * 86_400 {
            let next_sign_in = every.map_or(u64::MAX, |every| (now / every + 1) * every);
            match gate(failures, &recent, now) {
                Gate::Open => {
                    guesses += 1;
                    failures += 1;
                    recent.record(now);
                }
                Gate::Wait(secs) if now + secs < next_sign_in => now += secs,
                _ if next_sign_in == u64::MAX => break,
                _ => {
                    now = next_sign_in;
                    failures = 0;
                }
            }
        }
        guesses
    }

    #[test]
    fn a_thief_has_these_odds_in_a_year() {
        // Three of a million codes are good at any time: the window is one step on each side.
        let percent = |guesses: u32| 100.0 * (1.0 - (1.0 - 3e-6_f64).powf(guesses.into()));
        let odds: Vec<(u64, u32, String)> = [0, 1, 10]
            .map(|sign_ins| {
                let guesses = guesses_in_a_year(sign_ins);
                (sign_ins, guesses, format!("{:.2}", percent(guesses)))
            })
            .into();
        let expected = [(0, 100, "0.03"), (1, 8_770, "2.60"), (10, 8_777, "2.60")];
        assert_eq!(
            odds,
            expected.map(|(n, guesses, odds)| (n, guesses, odds.to_owned()))
        );
    }

    #[test]
    fn each_authenticator_more_gives_a_thief_these_odds_in_a_year_where_the_owner_never_signs_in() {
        let guesses = guesses_in_a_year(0);
        assert_eq!(guesses, LOCKING_FAILURES);
        // Three of a million codes are those of each authenticator at any time.
        let odds = [1, 2, 5, 20].map(|authenticators| {
            let hit = 3e-6 * f64::from(authenticators);
            100.0 * (1.0 - (1.0 - hit).powf(guesses.into()))
        });
        let told = odds.map(|odds| format!("{odds:.2}"));
        assert_eq!(told, ["0.03", "0.06", "0.15", "0.60"]);
        let default = usize::from(crate::config::Config::default().max_authenticators);
        assert_eq!(default, 5);
        assert!(odds[2] < 0.2, "the default");
    }

    #[test]
    fn a_thief_who_has_a_session_with_a_proof_has_these_odds_more() {
        let (mut failures, mut guesses) = (RecentFailures::default(), 0);
        for now in (0..365 * 86_400).step_by(3_600) {
            while has_repair_tries(&failures, now) {
                failures.record(now);
                guesses += 1;
            }
        }
        assert_eq!(guesses, 5 * 365);
        let odds = 100.0 * (1.0 - (1.0 - 3e-6_f64).powi(guesses));
        assert_eq!(format!("{odds:.2}"), "0.55");
    }

    #[test]
    fn more_than_twenty_times_are_refused_in_every_form() {
        let json = |count: u64| serde_json::to_string(&(0..count).collect::<Vec<_>>()).unwrap();
        let twenty: RecentFailures = serde_json::from_str(&json(20)).unwrap();
        assert_eq!(serde_json::to_string(&twenty).unwrap(), json(20));
        assert!(serde_json::from_str::<RecentFailures>(&json(21)).is_err());
        assert!(RecentFailures::from_bytes(&[0; 21 * 8]).is_err());
        assert_eq!(RecentFailures::from_bytes(&twenty.to_bytes()), Ok(twenty));
    }
}
