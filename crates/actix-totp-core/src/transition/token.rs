//! What a good token allows: sign in, renew backup codes, disable.

use super::{
    examine::{Accept, Good, Purpose, examine},
    rules::{Accepted, Context, Stop, Transition, require_credential, require_live},
    setup::without_credentials,
};
use crate::{
    backup_code::{self, BackupCode},
    device::Device,
    event::Event,
    opened::Opened,
    outcome::{Authenticated, Disabled, Rejection, Renewed},
    ticket::PendingSignIn,
    token::TypedToken,
};

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
        authenticator: good.authenticator,
        failed_attempts: good.failed_attempts,
        proof: good.proof,
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
