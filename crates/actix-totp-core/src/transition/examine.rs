//! Comparing a token with the live credentials and the backup codes.

use std::time::Duration;

use zeroize::Zeroizing;

use super::rules::{Context, Next, Stop};
use crate::{
    authenticator::AuthenticatorId,
    backup_code::{self, BackupCode},
    credential::Match,
    device::Device,
    event::{Event, Method},
    opened::Opened,
    outcome::Rejection,
    proof::Proof,
    secrets::Live,
    throttle::{self, BACKUP_FAILURES_COUNTED, Gate},
    token::{Token, TypedToken},
};

/// Which tokens will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    CodeOrBackupCode,
    CodeOnly,
}

/// What the token is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A session that holds a proof repairs its account: it has tries of its own while the gate is closed, which nobody
    /// without a proof can use up.
    Repair,
    Other,
}

/// A token that was good. It is spent as soon as `opened` is written.
pub(super) struct Good {
    pub(super) opened: Opened,
    pub(super) method: Method,
    /// Whose code it was. `None`: a backup code.
    pub(super) authenticator: Option<AuthenticatorId>,
    pub(super) failed_attempts: u32,
    pub(super) proof: Proof,
    pub(super) events: Vec<Event>,
}

/// Compares a token with the live credentials: the only way to spend a code or a backup code, each once (RFC 6238 §5.2,
/// OWASP ASVS 5.0 §6.5.1).
pub(super) fn examine(
    opened: Opened,
    typed: &TypedToken,
    accept: Accept,
    purpose: Purpose,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    match read(opened.live()?, typed).ok_or(Rejection::MalformedToken)? {
        Read::Codes(codes) => examine_code(opened, &codes, purpose, context),
        Read::Backup(_) if accept == Accept::CodeOnly => Err(Rejection::TotpCodeNeeded.into()),
        Read::Backup(code) => examine_backup_code(opened, &code, context),
    }
}

/// What was typed, as the live credentials read it: their codes may have different numbers of digits.
enum Read {
    /// The code that each would have made, blank where it is none for it. The order is that of the credentials.
    Codes(Vec<Zeroizing<String>>),
    Backup(BackupCode),
}

fn read(live: &[Live], typed: &TypedToken) -> Option<Read> {
    let mut codes = Vec::with_capacity(live.len());
    for live in live {
        codes.push(
            match Token::read(typed, live.credential.parameters().digits) {
                Some(Token::Code(code)) => code,
                Some(Token::Backup(code)) => return Some(Read::Backup(code)), // the same for each of them
                None => Zeroizing::default(),
            },
        );
    }
    let is_code = codes.iter().any(|code| !code.is_empty());
    is_code.then_some(Read::Codes(codes))
}

fn examine_code(
    mut opened: Opened,
    codes: &[Zeroizing<String>],
    purpose: Purpose,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    let closed = require_open_gate(&opened.device, context).err();
    if let Some(rejection) = closed
        && !may_try_all_the_same(&opened.device, rejection, purpose, context)
    {
        return Err(rejection.into());
    }
    match spend(&mut opened, codes, context)? {
        Spending::Of(at) => Ok(good(opened, Some(at), Vec::new(), context)),
        // The answer of a wrong code, so that nobody learns that it was right once. It is not counted: owners may send a
        // form twice.
        Spending::Spent => Err(Rejection::InvalidToken.into()),
        Spending::Wrong => {
            if closed.is_some() {
                opened.device.proof_failures.record(context.now);
            }
            Err(count_failure(opened, Method::Totp, context))
        }
    }
}

/// What became of a code.
enum Spending {
    /// It is that of the live credential at this place, the first of those whose code it is.
    Of(usize),
    /// One of those whose code it is had accepted it, or a later one, before.
    Spent,
    Wrong,
}

/// Compares a code with every live credential, each over its whole window, so that the time says nothing of which it was. It is
/// spent for all whose code it is: one text is accepted once.
fn spend(
    opened: &mut Opened,
    codes: &[Zeroizing<String>],
    context: &Context<'_>,
) -> Result<Spending, Stop> {
    let states = opened.device.authenticators.iter();
    let candidates = opened.live()?.iter().zip(states).zip(codes);
    let matches: Vec<Match> = candidates
        .map(|((live, state), code)| {
            let (now, window) = (context.now, context.config.window);
            live.credential
                .match_code(code, now, window, state.last_step)
        })
        .collect();
    if matches.contains(&Match::Spent) {
        return Ok(Spending::Spent);
    }
    let mut first = None;
    let states = opened.device.authenticators.iter_mut();
    for (at, (state, found)) in states.zip(matches).enumerate() {
        if let Match::Step(step) = found {
            state.accept(step, context.now);
            first = first.or(Some(at));
        }
    }
    Ok(first.map_or(Spending::Wrong, Spending::Of))
}

/// While the gate is closed: whether a session that holds a proof has tries left to repair its account.
fn may_try_all_the_same(
    device: &Device,
    closed: Rejection,
    purpose: Purpose,
    context: &Context<'_>,
) -> bool {
    purpose == Purpose::Repair
        && closed != Rejection::Locked
        && context.has_proof(device)
        && throttle::has_repair_tries(&device.proof_failures, context.now)
}

fn examine_backup_code(
    mut opened: Opened,
    code: &BackupCode,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    if context.config.throttle_backup_codes {
        require_open_gate(&opened.device, context)?;
    }
    let digest = code.digest(&opened.device.user);
    match backup_code::position(&opened.secrets().backup_codes, &digest) {
        Some(at) => {
            let secrets = opened.secrets_mut();
            secrets.backup_codes.remove(at);
            let remaining = secrets.backup_codes.len() as u32;
            opened.device.backup_codes_remaining = remaining;
            let used = Event::BackupCodeUsed {
                user: opened.device.user.clone(),
                remaining,
            };
            Ok(good(opened, None, vec![used], context))
        }
        None if context.config.throttle_backup_codes => {
            Err(count_failure(opened, Method::BackupCode, context))
        }
        None => Err(count_backup_failure(opened)),
    }
}

/// `by`: the place of the authenticator whose code it was; none for a backup code.
fn good(
    mut opened: Opened,
    by: Option<usize>,
    mut events: Vec<Event>,
    context: &Context<'_>,
) -> Good {
    let method = by.map_or(Method::BackupCode, |_| Method::Totp);
    let live = by.and_then(|at| opened.secrets().live.get(at));
    let authenticator = live.map(|live| live.id);
    let failed_attempts = opened.device.failed_attempts();
    opened.device.clear_consecutive_failures();
    opened.device.last_used_at = Some(context.now);
    events.push(Event::Verified {
        user: opened.device.user.clone(),
        method,
        authenticator,
        failed_attempts,
    });
    Good {
        proof: opened.proof(by, context.now),
        opened,
        method,
        authenticator,
        failed_attempts,
        events,
    }
}

/// While the gate is closed nothing is compared, nothing is counted, and a right code stays unused.
fn require_open_gate(device: &Device, context: &Context<'_>) -> Result<(), Rejection> {
    match throttle::gate(device.failures, &device.recent_failures, context.now) {
        Gate::Open => Ok(()),
        Gate::Locked => Err(Rejection::Locked),
        Gate::Wait(secs) => Err(Rejection::Throttled {
            retry_after: Duration::from_secs(secs),
        }),
    }
}

/// Counts a wrong token against the throttle.
fn count_failure(mut opened: Opened, method: Method, context: &Context<'_>) -> Stop {
    let device = &mut opened.device;
    device.failures = device.failures.saturating_add(1);
    device.recent_failures.record(context.now);
    let user = device.user.clone();
    let mut events = vec![Event::Rejected {
        user: user.clone(),
        method,
        failures: device.failures,
    }];
    match throttle::gate(device.failures, &device.recent_failures, context.now) {
        Gate::Open => {}
        Gate::Locked => events.push(Event::Locked { user }),
        Gate::Wait(secs) => events.push(Event::Throttled {
            user,
            retry_after: Duration::from_secs(secs),
        }),
    }
    Stop::Refused {
        next: Some(Next::Put(Box::new(opened))),
        rejection: Rejection::InvalidToken,
        events,
    }
}

/// Counts a wrong backup code. It delays nothing: at 80 bits and more guessing is hopeless, and a delay would let a thief close
/// the owner's way out. After the hundredth nothing is written: a refusal costs a read, so that a flood of them holds up
/// the owner no longer than that.
fn count_backup_failure(mut opened: Opened) -> Stop {
    let device = &mut opened.device;
    if device.backup_failures >= BACKUP_FAILURES_COUNTED {
        return Rejection::InvalidToken.into();
    }
    device.backup_failures += 1;
    let failures = device.backup_failures;
    let user = device.user.clone();
    let mut events = vec![Event::Rejected {
        user: user.clone(),
        method: Method::BackupCode,
        failures,
    }];
    if matches!(failures, 5 | 20 | BACKUP_FAILURES_COUNTED) {
        events.push(Event::BackupCodeGuessing { user, failures });
    }
    Stop::Refused {
        next: Some(Next::Put(Box::new(opened))),
        rejection: Rejection::InvalidToken,
        events,
    }
}
