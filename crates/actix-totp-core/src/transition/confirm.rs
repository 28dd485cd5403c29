//! The first code of a pending secret: it goes live.

use super::{
    rules::{Accepted, Context, Next, Stop, Transition, require_credential},
    setup::without_credentials,
    token::renew,
};
use crate::{
    credential::Match,
    device::Device,
    event::{Event, Method},
    opened::Opened,
    outcome::{Confirmed, Rejection},
    throttle::{PENDING_FAILURES, PENDING_FAILURES_WITHOUT_PROOF},
    token::{Token, TypedToken},
};

/// Confirms the pending credential. It takes the place of a live one, with a new epoch and new backup codes.
pub(crate) fn confirm(
    device: Option<Device>,
    typed: &TypedToken,
    context: &Context<'_>,
) -> Transition<Confirmed> {
    let device = require_credential(device).map_err(|_| Rejection::NotGenerated)?;
    let pending_at = device.pending_at.ok_or(Rejection::AlreadyConfirmed)?;
    if context.now.saturating_sub(pending_at) > context.config.enrollment_lifetime_secs {
        return Err(Rejection::EnrollmentExpired.into());
    }
    let mut opened = context.open(device)?;
    let pending = opened.pending()?;
    let code = match Token::read(typed, pending.parameters().digits) {
        Some(Token::Code(code)) => code,
        Some(Token::Backup(_)) => return Err(Rejection::TotpCodeNeeded.into()),
        None => return Err(Rejection::MalformedToken.into()),
    };
    require_tries_left(&opened, context)?;
    let Match::Step(step) = pending.match_code(&code, context.now, context.config.window, None)
    else {
        let rejection = why_wrong(&opened, &code, context);
        return Err(count_failure(opened, rejection, context));
    };

    let replaced = opened.device.is_confirmed();
    let secrets = opened.secrets_mut();
    secrets.live = secrets.pending.take();
    opened.begin_epoch(context.random)?;
    opened.device.clear_all_failures();
    opened.device.pending_at = None;
    opened.device.confirmed_at = Some(context.now);
    opened.device.last_step = Some(step); // the code that confirms is spent too (RFC 6238 §5.2)
    opened.device.last_used_at = Some(context.now);
    let backup_codes = renew(&mut opened, context)?;
    let user = opened.device.user.clone();
    let event = if replaced {
        Event::Replaced { user }
    } else {
        Event::Enrolled { user }
    };
    let answer = Confirmed {
        backup_codes,
        proof: opened.proof(context.now),
    };
    Ok(Accepted::put(opened, answer, vec![event]))
}

/// A thief who has the password alone must not use up all tries of a replacement: some are left for a session that holds a
/// proof.
fn require_tries_left(opened: &Opened, context: &Context<'_>) -> Result<(), Rejection> {
    let device = &opened.device;
    let is_without_proof = device.is_confirmed() && !context.has_proof(device);
    if is_without_proof && device.pending_failures >= PENDING_FAILURES_WITHOUT_PROOF {
        return Err(Rejection::ProofNeeded);
    }
    Ok(())
}

/// Counts a wrong first code against the pending secret, which is dropped at the last one. The count of the live credential
/// stays as it is: a pending secret exists only for a good token, or where nothing is live.
fn count_failure(mut opened: Opened, rejection: Rejection, context: &Context<'_>) -> Stop {
    opened.device.pending_failures = opened.device.pending_failures.saturating_add(1);
    let failures = opened.device.pending_failures;
    let user = opened.device.user.clone();
    let mut events = vec![Event::Rejected {
        user: user.clone(),
        method: Method::Totp,
        failures,
    }];
    if failures < PENDING_FAILURES {
        return Stop::Refused {
            next: Some(Next::Put(Box::new(opened))),
            rejection,
            events,
        };
    }
    events.push(Event::EnrollmentDiscarded { user });
    match without_pending(opened, context) {
        Ok(next) => Stop::Refused {
            next: Some(next),
            rejection: Rejection::EnrollmentDiscarded,
            events,
        },
        Err(fault) => fault,
    }
}

fn without_pending(mut opened: Opened, context: &Context<'_>) -> Result<Next, Stop> {
    if !opened.device.is_confirmed() {
        return without_credentials(&opened.device, context);
    }
    opened.secrets_mut().pending = None;
    opened.device.pending_at = None;
    opened.device.pending_failures = 0;
    Ok(Next::Put(Box::new(opened)))
}

/// During a first enrollment the answer names a clock that is off: users cannot find out alone, and there is nothing to
/// steal yet.
fn why_wrong(opened: &Opened, code: &str, context: &Context<'_>) -> Rejection {
    if opened.device.is_confirmed() {
        return Rejection::InvalidToken;
    }
    let pending = opened.secrets().pending.as_ref();
    pending
        .and_then(|pending| pending.skew_of(code, context.now, context.config.window))
        .map_or(Rejection::InvalidToken, |skew_secs| Rejection::ClockSkew {
            skew_secs,
        })
}
