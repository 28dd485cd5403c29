//! Comparing a token with the live credential, and what a good one allows: sign in, renew backup codes, disable.

use std::time::Duration;

use super::{
    rules::{Accepted, Context, Next, Stop, Transition, require_credential, require_live},
    setup::without_credentials,
};
use crate::{
    backup_code::{self, BackupCode},
    credential::Match,
    device::Device,
    event::{Event, Method},
    opened::Opened,
    outcome::{Authenticated, Disabled, Rejection, Renewed},
    throttle::{self, BACKUP_FAILURES_COUNTED, Gate},
    ticket::PendingSignIn,
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
    pub(super) failed_attempts: u32,
    pub(super) events: Vec<Event>,
}

/// Signs in: RFC 6238 code or backup code.
pub(crate) fn authenticate(
    device: Option<Device>,
    typed: &TypedToken,
    context: &Context<'_>,
) -> Transition<Authenticated> {
    let opened = context.open(require_live(device)?)?;
    let good = examine(
        opened,
        typed,
        Accept::CodeOrBackupCode,
        Purpose::Other,
        context,
    )?;
    let answer = Authenticated {
        method: good.method,
        failed_attempts: good.failed_attempts,
        proof: good.opened.proof(context.now),
    };
    Ok(Accepted::put(good.opened, answer, good.events))
}

/// Signs in whoever brings a ticket. It is void once any token was accepted after it was issued: so of all that are sent with one
/// ticket, whichever codes they bring, one signs in.
pub(crate) fn complete_sign_in(
    device: Option<Device>,
    pending: &PendingSignIn,
    typed: &TypedToken,
    context: &Context<'_>,
) -> Transition<Authenticated> {
    let is_timely = pending.is_timely(context.now, context.config.sign_in_lifetime_secs);
    let device = device.filter(|device| is_timely && pending.counts_for(device));
    if device.is_none() {
        return Err(Rejection::InvalidTicket.into());
    }
    authenticate(device, typed, context)
}

/// Makes a new set of backup codes. It takes a code of the authenticator only: users who mistake one form for another must
/// not spend a backup code on voiding the others.
pub(crate) fn renew_backup_codes(
    device: Option<Device>,
    typed: &TypedToken,
    context: &Context<'_>,
) -> Transition<Renewed> {
    let opened = context.open(require_live(device)?)?;
    let Good {
        mut opened,
        mut events,
        ..
    } = examine(opened, typed, Accept::CodeOnly, Purpose::Repair, context)?;
    let backup_codes = renew(&mut opened, context)?;
    events.push(Event::BackupCodesRenewed {
        user: opened.device.user.clone(),
    });
    Ok(Accepted::put(opened, Renewed { backup_codes }, events))
}

/// Turns the second factor off. A device that is only pending protects nothing and needs no token.
pub(crate) fn disable(
    device: Option<Device>,
    typed: Option<&TypedToken>,
    context: &Context<'_>,
) -> Transition<Disabled> {
    let opened = context.open(require_credential(device)?)?;
    if !opened.device.is_confirmed() {
        return Ok(Accepted {
            next: without_credentials(&opened.device, context)?,
            answer: Disabled { method: None },
            events: Vec::new(),
        });
    }
    let typed = typed
        .filter(|typed| !typed.is_blank())
        .ok_or(Rejection::TokenNeeded)?;
    let good = examine(
        opened,
        typed,
        Accept::CodeOrBackupCode,
        Purpose::Other,
        context,
    )?;
    let device = good.opened.device;
    Ok(Accepted {
        next: without_credentials(&device, context)?,
        answer: Disabled {
            method: Some(good.method),
        },
        events: vec![Event::Disabled {
            user: device.user,
            method: good.method,
        }],
    })
}

/// Puts a new set of backup codes into the box.
pub(super) fn renew(opened: &mut Opened, context: &Context<'_>) -> Result<Vec<BackupCode>, Stop> {
    let (codes, digests) = backup_code::generate_set(
        context.config.backup_codes,
        &opened.device.user,
        context.random,
    )?;
    opened.device.backup_codes_remaining = digests.len() as u32;
    opened.secrets_mut().backup_codes = digests;
    Ok(codes)
}

/// Compares a token with the live credential: the only way to spend a code or a backup code, each once (RFC 6238 §5.2,
/// OWASP ASVS 5.0 §6.5.1).
pub(super) fn examine(
    opened: Opened,
    typed: &TypedToken,
    accept: Accept,
    purpose: Purpose,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    let digits = opened.live()?.parameters().digits;
    match Token::read(typed, digits).ok_or(Rejection::MalformedToken)? {
        Token::Code(code) => examine_code(opened, &code, purpose, context),
        Token::Backup(_) if accept == Accept::CodeOnly => Err(Rejection::TotpCodeNeeded.into()),
        Token::Backup(code) => examine_backup_code(opened, &code, context),
    }
}

fn examine_code(
    mut opened: Opened,
    code: &str,
    purpose: Purpose,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    let closed = require_open_gate(&opened.device, context).err();
    if let Some(rejection) = closed
        && !may_try_all_the_same(&opened.device, rejection, purpose, context)
    {
        return Err(rejection.into());
    }
    let (window, last_step) = (context.config.window, opened.device.last_step);
    match opened
        .live()?
        .match_code(code, context.now, window, last_step)
    {
        Match::Step(step) => {
            opened.device.last_step = Some(step);
            Ok(good(opened, Method::Totp, Vec::new(), context))
        }
        // The answer of a wrong code, so that nobody learns that it was right once. It is not counted: owners may send a
        // form twice.
        Match::Spent => Err(Rejection::InvalidToken.into()),
        Match::Wrong => {
            if closed.is_some() {
                opened.device.proof_failures.record(context.now);
            }
            Err(count_failure(opened, Method::Totp, context))
        }
    }
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
            Ok(good(opened, Method::BackupCode, vec![used], context))
        }
        None if context.config.throttle_backup_codes => {
            Err(count_failure(opened, Method::BackupCode, context))
        }
        None => Err(count_backup_failure(opened)),
    }
}

fn good(mut opened: Opened, method: Method, mut events: Vec<Event>, context: &Context<'_>) -> Good {
    let failed_attempts = opened.device.failed_attempts();
    opened.device.clear_consecutive_failures();
    opened.device.last_used_at = Some(context.now);
    events.push(Event::Verified {
        user: opened.device.user.clone(),
        method,
        failed_attempts,
    });
    Good {
        opened,
        method,
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
