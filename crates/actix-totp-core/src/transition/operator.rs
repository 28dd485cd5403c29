//! What operators do to a device, and what ends proofs.

use super::{
    rules::{Accepted, Context, Next, Transition, require_credential, require_live},
    setup::without_credentials,
};
use crate::{
    credential::Credential,
    device::{Device, UserId},
    event::Event,
    opened::Opened,
    outcome::Rejection,
    proof::Proof,
};

/// Clears the failure counts and keeps everything else.
pub(crate) fn unlock(device: Option<Device>, context: &Context<'_>) -> Transition<()> {
    let device = require_credential(device)?;
    let mut opened = context.open(device)?;
    opened.device.clear_all_failures();
    let user = opened.device.user.clone();
    Ok(Accepted::put(opened, (), vec![Event::Unlocked { user }]))
}

/// Deletes the device without opening its box. Its deadline stays.
pub(crate) fn reset(device: Option<Device>, context: &Context<'_>) -> Transition<()> {
    let device = require_credential(device)?;
    Ok(Accepted {
        next: without_credentials(&device, context)?,
        answer: (),
        events: vec![Event::Reset { user: device.user }],
    })
}

/// Deletes the row, without opening its box.
pub(crate) fn delete(device: Option<Device>) -> Transition<()> {
    let user = device.ok_or(Rejection::NoDevice)?.user;
    Ok(Accepted {
        next: Next::Delete,
        answer: (),
        events: vec![Event::Deleted { user }],
    })
}

/// Ends every proof of the user.
pub(crate) fn end_all_proofs(device: Option<Device>, context: &Context<'_>) -> Transition<()> {
    let device = require_credential(device)?;
    let mut opened = context.open(device)?;
    opened.begin_epoch(context.random)?;
    let user = opened.device.user.clone();
    Ok(Accepted::put(opened, (), vec![Event::ProofsEnded { user }]))
}

/// Ends every proof of the user but the one that asks. Its successor is no fresher: nothing was proved anew.
pub(crate) fn end_other_proofs(
    device: Option<Device>,
    proof: &Proof,
    context: &Context<'_>,
) -> Transition<Proof> {
    let device = require_live(device)?;
    if !proof.counts_for(&device) {
        return Err(Rejection::ProofNeeded.into());
    }
    let mut opened = context.open(device)?;
    opened.begin_epoch(context.random)?;
    let successor = opened.proof(proof.at);
    let user = opened.device.user.clone();
    Ok(Accepted::put(
        opened,
        successor,
        vec![Event::ProofsEnded { user }],
    ))
}

/// Takes over a secret that the user's authenticator already holds. There are no backup codes until they are renewed.
pub(crate) fn import(
    device: Option<Device>,
    user: &UserId,
    credential: &Credential,
    confirmed_at: u64,
    context: &Context<'_>,
) -> Transition<()> {
    let mut opened = match device {
        Some(device) if device.is_confirmed() => {
            return Err(Rejection::AlreadyConfirmed.into());
        }
        Some(pending) => context.open(pending)?,
        None => Opened::new(user, context.now, context.random)?,
    };
    let secrets = opened.secrets_mut();
    secrets.live = Some(credential.clone());
    secrets.pending = None;
    opened.begin_epoch(context.random)?;
    opened.device.clear_all_failures();
    opened.device.pending_at = None;
    opened.device.confirmed_at = Some(confirmed_at);
    let user = user.clone();
    Ok(Accepted::put(opened, (), vec![Event::Imported { user }]))
}

/// Seals the box under the first key. A user who was deleted meanwhile has none.
pub(crate) fn reseal(device: Option<Device>, context: &Context<'_>) -> Transition<()> {
    let device = device.ok_or(Rejection::NoDevice)?;
    Ok(Accepted {
        next: Next::Reseal(Box::new(context.open(device)?)),
        answer: (),
        events: Vec::new(),
    })
}
