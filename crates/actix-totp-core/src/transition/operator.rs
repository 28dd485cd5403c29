//! What operators do to a device, and what ends proofs.

use super::{
    rules::{Accepted, Context, Next, Transition, require_credential, require_live},
    setup::without_credentials,
};
use crate::{
    authenticator::{AuthenticatorId, AuthenticatorState},
    credential::Credential,
    device::{Device, UserId},
    event::Event,
    opened::Opened,
    outcome::Rejection,
    proof::Proof,
    secrets::Live,
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
    opened.begin_epochs(context.random)?;
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
    let by = device.authenticators.position(proof.epoch);
    let mut opened = context.open(device)?;
    opened.begin_epochs(context.random)?;
    let successor = opened.proof(by, proof.at);
    let user = opened.device.user.clone();
    Ok(Accepted::put(
        opened,
        successor,
        vec![Event::ProofsEnded { user }],
    ))
}

/// Takes over a secret that the user's authenticator already holds: the first one, for which there are no backup codes until they
/// are renewed, or a further one, for which no proof ends and no code changes.
pub(crate) fn import(
    device: Option<Device>,
    user: &UserId,
    credential: &Credential,
    confirmed_at: u64,
    context: &Context<'_>,
) -> Transition<AuthenticatorId> {
    let mut opened = match device {
        Some(device) => context.open(device)?,
        None => Opened::new(user, context.now, context.random)?,
    };
    if opened.device.is_confirmed() {
        let live = opened.live()?;
        if live
            .iter()
            .any(|live| live.credential.has_secret_of(credential))
        {
            return Err(Rejection::AlreadyConfirmed.into());
        }
        context.require_room(live)?;
    } else {
        // What is pending was made without a token: it must not be confirmed beside a live one.
        opened.secrets_mut().pending = None;
        opened.begin_epochs(context.random)?;
        opened.device.clear_all_failures();
        opened.device.pending_at = None;
        opened.device.confirmed_at = Some(confirmed_at);
    }
    let id = AuthenticatorId::random(context.random)?;
    let live = Live {
        id,
        name: context.name.cloned().unwrap_or_default(),
        created_at: confirmed_at,
        credential: credential.clone(),
    };
    opened.add(live, AuthenticatorState::new(context.random)?);
    let user = user.clone();
    Ok(Accepted::put(opened, id, vec![Event::Imported { user }]))
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
