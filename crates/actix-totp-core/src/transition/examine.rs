//! Comparing a token with the live credential, and what a good one allows: sign in, renew backup codes, disable.

use std::time::Duration;

use super::{Accepted, Context, Next, Opened, Step, Stop};
use crate::{
    backup_code::{self, BackupCode},
    credential::Match,
    event::{Event, Method},
    outcome::{Authenticated, Disabled, Rejection, Renewed},
    throttle::{self, Gate},
    token::{self, Token},
};

/// Which tokens will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    CodeOrBackupCode,
    CodeOnly,
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
    opened: Option<Opened>,
    typed: &str,
    context: &Context<'_>,
) -> Step<Authenticated> {
    let opened = require_live(opened)?;
    let good = examine(opened, typed, Accept::CodeOrBackupCode, context)?;
    let answer = Authenticated {
        method: good.method,
        failed_attempts: good.failed_attempts,
        proof: good.opened.proof(context),
    };
    Ok(Accepted::put(good.opened, answer, good.events))
}

/// Makes a new set of backup codes. A code of the authenticator only: whoever mistakes the pages must not spend a
/// backup code on voiding the others.
pub(crate) fn renew_backup_codes(
    opened: Option<Opened>,
    typed: &str,
    context: &Context<'_>,
) -> Step<Renewed> {
    let opened = require_live(opened)?;
    let Good {
        mut opened,
        mut events,
        ..
    } = examine(opened, typed, Accept::CodeOnly, context)?;
    let backup_codes = renew(&mut opened, context)?;
    events.push(Event::BackupCodesRenewed {
        user: opened.device.user.clone(),
    });
    Ok(Accepted::put(opened, Renewed { backup_codes }, events))
}

/// Turns the second factor off. A device that is only pending protects nothing and needs no token.
pub(crate) fn disable(
    opened: Option<Opened>,
    typed: Option<&str>,
    context: &Context<'_>,
) -> Step<Disabled> {
    let opened = opened.ok_or(Rejection::NotEnabled)?;
    if !opened.device.is_confirmed() {
        return Ok(deleted(Vec::new()));
    }
    let typed = typed
        .filter(|typed| !token::is_blank(typed))
        .ok_or(Rejection::TokenNeeded)?;
    let good = examine(opened, typed, Accept::CodeOrBackupCode, context)?;
    Ok(deleted(vec![Event::Disabled {
        user: good.opened.device.user,
        method: good.method,
    }]))
}

fn deleted(events: Vec<Event>) -> Accepted<Disabled> {
    Accepted {
        next: Next::Delete,
        answer: Disabled,
        events,
    }
}

fn require_live(opened: Option<Opened>) -> Result<Opened, Rejection> {
    opened
        .filter(|opened| opened.device.is_confirmed())
        .ok_or(Rejection::NotEnabled)
}

/// Puts a new set of backup codes into the box.
pub(super) fn renew(opened: &mut Opened, context: &Context<'_>) -> Result<Vec<BackupCode>, Stop> {
    let (codes, digests) = backup_code::generate_set(&opened.device.user, context.random)?;
    opened.device.backup_codes_remaining = digests.len() as u32;
    opened.secrets.backup_codes = digests;
    opened.reseal = true;
    Ok(codes)
}

/// Compares a token with the live credential: the only way to spend a code or a backup code, each once (RFC 6238 §5.2,
/// OWASP ASVS 5.0 §6.5.1).
pub(super) fn examine(
    opened: Opened,
    typed: &str,
    accept: Accept,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    let live = opened.expect(opened.secrets.live.as_ref())?;
    match Token::read(typed, live.parameters().digits).ok_or(Rejection::MalformedToken)? {
        Token::Code(code) => examine_code(opened, &code, context),
        Token::Backup(_) if accept == Accept::CodeOnly => Err(Rejection::TotpCodeNeeded.into()),
        Token::Backup(code) => examine_backup_code(opened, &code, context),
    }
}

fn examine_code(mut opened: Opened, code: &str, context: &Context<'_>) -> Result<Good, Stop> {
    require_open_gate(&opened, context)?;
    let live = opened.expect(opened.secrets.live.as_ref())?;
    match live.match_code(
        code,
        context.now,
        context.config.window,
        opened.device.last_step,
    ) {
        Match::Step(step) => {
            opened.device.last_step = Some(step);
            Ok(good(opened, Method::Totp, Vec::new(), context))
        }
        // The answer of a wrong code, so that nobody learns that it was right once; the owner who sends a form twice
        // is not punished.
        Match::Spent => Err(Rejection::InvalidToken.into()),
        Match::Wrong => Err(count_failure(
            opened,
            Method::Totp,
            Rejection::InvalidToken,
            context,
        )),
    }
}

fn examine_backup_code(
    mut opened: Opened,
    code: &BackupCode,
    context: &Context<'_>,
) -> Result<Good, Stop> {
    if context.config.throttle_backup_codes {
        require_open_gate(&opened, context)?;
    }
    let digest = code.digest(&opened.device.user);
    match backup_code::position(&opened.secrets.backup_codes, &digest) {
        Some(at) => {
            opened.secrets.backup_codes.remove(at);
            opened.reseal = true;
            let remaining = opened.secrets.backup_codes.len() as u32;
            opened.device.backup_codes_remaining = remaining;
            let used = Event::BackupCodeUsed {
                user: opened.device.user.clone(),
                remaining,
            };
            Ok(good(opened, Method::BackupCode, vec![used], context))
        }
        None if context.config.throttle_backup_codes => Err(count_failure(
            opened,
            Method::BackupCode,
            Rejection::InvalidToken,
            context,
        )),
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

/// While the user must wait nothing is compared, nothing counted, and a right code stays unused.
pub(super) fn require_open_gate(opened: &Opened, context: &Context<'_>) -> Result<(), Rejection> {
    let device = &opened.device;
    match throttle::gate(device.failures, &device.recent_failures, context.now) {
        Gate::Open => Ok(()),
        Gate::Locked => Err(Rejection::Locked),
        Gate::Wait(secs) => Err(Rejection::Throttled {
            retry_after: Duration::from_secs(secs),
        }),
    }
}

/// Counts a wrong token against the throttle.
pub(super) fn count_failure(
    mut opened: Opened,
    method: Method,
    rejection: Rejection,
    context: &Context<'_>,
) -> Stop {
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
        count: Some(Box::new(opened)),
        rejection,
        events,
    }
}

/// Counts a wrong backup code. It delays nothing: at 80 bits guessing is hopeless, and a delay would let a thief close
/// the owner's way out.
fn count_backup_failure(mut opened: Opened) -> Stop {
    let device = &mut opened.device;
    device.backup_failures = device.backup_failures.saturating_add(1);
    let failures = device.backup_failures;
    let user = device.user.clone();
    let mut events = vec![Event::Rejected {
        user: user.clone(),
        method: Method::BackupCode,
        failures,
    }];
    if matches!(failures, 5 | 20 | 100) {
        events.push(Event::BackupCodeGuessing { user, failures });
    }
    Stop::Refused {
        count: Some(Box::new(opened)),
        rejection: Rejection::InvalidToken,
        events,
    }
}
