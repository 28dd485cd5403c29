//! The first code of a pending secret: it goes live.

use super::{
    rules::{Accepted, Context, Next, Stop, Transition, require_credential},
    setup::without_credentials,
    token::renew,
};
use crate::{
    authenticator::{AuthenticatorId, AuthenticatorState},
    credential::Match,
    device::Device,
    event::{Event, Method},
    opened::Opened,
    outcome::{Confirmed, Rejection},
    secrets::{Live, Place},
    throttle::{PENDING_FAILURES, PENDING_FAILURES_WITHOUT_PROOF},
    token::{Token, TypedToken},
};

/// Confirms the pending credential: the first one, or in the place that it was made for. The first one, and one that takes the place
/// of the only one, come with new backup codes and end every proof. Any other ends no proof but those of the one whose place it
/// takes, and clears no count of wrong codes: a guesser's stay.
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
    let opened = context.open(device)?;
    let pending = opened.pending()?;
    let credential = &pending.credential;
    let place = place(&opened, pending.place, context)?;
    let code = match Token::read(typed, credential.parameters().digits) {
        Some(Token::Code(code)) => code,
        Some(Token::Backup(_)) => return Err(Rejection::TotpCodeNeeded.into()),
        None => return Err(Rejection::MalformedToken.into()),
    };
    require_tries_left(&opened, context)?;
    let (now, window) = (context.now, context.config.window);
    let Match::Step(step) = credential.match_code(&code, now, window, None) else {
        let rejection = why_wrong(&opened, &code, context);
        return Err(count_failure(opened, rejection, context));
    };

    go_live(opened, place, step, context)
}

/// Where a confirmed credential goes, as things are now.
#[derive(Clone, Copy)]
enum Goes {
    Alone,
    Beside,
    /// To the place of this live one.
    To(usize),
}

/// One that was to take the place of another which is gone meanwhile is a further one, and so is one that is not the only one any
/// more.
fn place(opened: &Opened, place: Place, context: &Context<'_>) -> Result<Goes, Rejection> {
    let live = &opened.secrets().live;
    let taken = match place {
        Place::Only => (live.len() < 2).then_some(Goes::Alone),
        Place::Of(id) => opened.position(id).map(Goes::To),
        Place::Further => None,
    };
    match taken {
        Some(taken) => Ok(taken),
        None => context.require_room(live).map(|()| Goes::Beside),
    }
}

fn go_live(
    mut opened: Opened,
    place: Goes,
    step: u64,
    context: &Context<'_>,
) -> Transition<Confirmed> {
    let user = opened.device.user.clone();
    let Some(pending) = opened.secrets_mut().pending.take() else {
        return Err(Rejection::AlreadyConfirmed.into());
    };
    let replaced = match place {
        Goes::Alone if opened.device.is_confirmed() => Some(opened.remove(0)),
        Goes::To(at) => Some(opened.remove(at)),
        Goes::Alone | Goes::Beside => None,
    };
    let kept_name = || replaced.as_ref().map(|live| live.name.clone());
    let live = Live {
        id: AuthenticatorId::random(context.random)?,
        name: pending.name.clone().or_else(kept_name).unwrap_or_default(),
        created_at: context.now,
        credential: pending.credential.clone(),
    };
    let added = Event::AuthenticatorAdded {
        user: user.clone(),
        authenticator: live.id,
        name: live.name.clone(),
    };
    let authenticator = live.id;
    let mut state = AuthenticatorState::new(context.random)?;
    state.accept(step, context.now); // the code that confirms is spent too (RFC 6238 §5.2)
    opened.add(live, state);
    opened.device.pending_at = None;
    opened.device.pending_failures = 0;
    opened.device.last_used_at = Some(context.now);
    let by = opened.device.authenticators.len() - 1;
    let (backup_codes, events) = match (place, replaced) {
        (Goes::Alone, replaced) => {
            opened.begin_epochs(context.random)?;
            opened.device.clear_all_failures();
            opened.device.confirmed_at = Some(context.now);
            let event = match replaced {
                Some(_) => Event::Replaced { user },
                None => Event::Enrolled { user },
            };
            (renew(&mut opened, context)?, vec![event])
        }
        (_, None) => (Vec::new(), vec![added]),
        (_, Some(replaced)) => {
            let removed = Event::AuthenticatorRemoved {
                user,
                authenticator: replaced.id,
                name: replaced.name.clone(),
            };
            (Vec::new(), vec![removed, added])
        }
    };
    let answer = Confirmed {
        backup_codes,
        proof: opened.proof(Some(by), context.now),
        authenticator,
    };
    Ok(Accepted::put(opened, answer, events))
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
        .and_then(|it| {
            let credential = &it.credential;
            credential.skew_of(code, context.now, context.config.window)
        })
        .map_or(Rejection::InvalidToken, |skew_secs| Rejection::ClockSkew {
            skew_secs,
        })
}
