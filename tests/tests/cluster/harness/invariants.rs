//! What must be true of the record, whatever broke meanwhile.

use std::{collections::HashMap, time::Duration};

use super::record::{Entry, Outcome, Request, Token};

/// Puts into `found` what one user's answers, in the order of their requests, have against the rules.
pub(super) fn check(entries: &[Entry], found: &mut Vec<String>) {
    codes_are_accepted_once_and_upwards(entries, found);
    backup_codes_are_accepted_once(entries, found);
    no_guess_is_free(entries, found);
    what_was_acknowledged_is_true(entries, found);
    acknowledged_backup_codes_are_good(entries, found);
    no_vault_opens_without_a_proof(entries, found);
}

/// Accepted steps per credential strictly increase.
fn codes_are_accepted_once_and_upwards(entries: &[Entry], found: &mut Vec<String>) {
    let accepted = |it: &&Entry| it.outcome.is_accepted() && matches!(it.token, Token::Code { .. });
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
    for entry in entries.iter().filter(|it| it.outcome.is_accepted()) {
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
            Token::Wrong { .. } if entry.outcome.is_refused("invalid_token") => {
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

/// How long nothing is compared after so many failures (30 s · 2^(n-5) from the fifth on, an hour at most).
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
    for read in entries.iter().filter(|it| it.request == Request::Status) {
        let Outcome::Accepted(status) = &read.outcome else {
            continue;
        };
        let known = changes
            .iter()
            .filter(|it| it.outcome.is_accepted() && it.is_before(read));
        let Some(last) = known.max_by_key(|it| it.ended) else {
            continue;
        };
        let is_alone = changes.iter().all(|it| {
            std::ptr::eq(*it, *last)
                || read.is_before(it)
                || it.outcome.is_accepted() && it.is_before(last)
                || it.outcome.is_unknown() && last.began > it.began + LATE
        });
        let enabled = last.request == Request::Verify;
        if is_alone && status["otp_enabled"] != enabled {
            found.push(format!("{last:?} was acknowledged, and then {read:?}"));
        }
    }
}

/// What is unknown may still happen for so long: the work behind an answer goes on.
const LATE: Duration = Duration::from_secs(60);

/// A backup code of an acknowledged set that nobody used works, as long as the set is the last.
fn acknowledged_backup_codes_are_good(entries: &[Entry], found: &mut Vec<String>) {
    let sets: Vec<(&Entry, Vec<String>)> = entries
        .iter()
        .map(|it| (it, it.outcome.backup_codes()))
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
                && matches!(
                    it.request,
                    Request::Verify | Request::Renew | Request::Disable
                )
                && it.may_have_happened()
        };
        let is_void =
            others().any(|it| voids(it) && it.began > set.began && it.began < entry.ended);
        let is_used = others().any(|it| it.token == entry.token && it.began < entry.ended);
        if !is_void && !is_used && entry.outcome.is_refused("invalid_token") {
            found.push(format!(
                "a code of an acknowledged set was refused: {entry:?}"
            ));
        }
        let void = others().find(|it| {
            voids(it) && it.outcome.is_accepted() && it.is_before(entry) && set.is_before(it)
        });
        if let Some(void) = void
            && entry.outcome.is_accepted()
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
        .filter(|it| it.request == Request::Vault && it.outcome.is_accepted())
    {
        let proofs = entries.iter().filter(|it| {
            it.session == open.session
                && matches!(it.request, Request::Validate | Request::Verify)
                && it.outcome.is_accepted()
                && it.began <= open.ended
        });
        let Some(proof) = proofs.max_by_key(|it| it.ended) else {
            found.push(format!("opened without a proof: {open:?}"));
            continue;
        };
        // Any proof is void after a disable, and after an enrollment or replacement by another session.
        let end = entries.iter().find(|it| {
            it.changes_the_device()
                && it.outcome.is_accepted()
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
