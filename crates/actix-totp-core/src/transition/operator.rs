//! What operators do to a device, and what ends proofs.

use super::{Accepted, Context, Opened, Step};
use crate::{
    credential::Credential,
    device::UserId,
    event::Event,
    outcome::{Proof, Rejection},
};

/// Clears the failure counts and keeps everything else.
pub(crate) fn unlock(opened: Option<Opened>, _: &Context<'_>) -> Step<()> {
    let mut opened = opened.ok_or(Rejection::NotEnabled)?;
    opened.device.clear_all_failures();
    let event = Event::Unlocked {
        user: opened.device.user.clone(),
    };
    Ok(Accepted::put(opened, (), vec![event]))
}

/// Ends every proof of the user.
pub(crate) fn end_all_proofs(opened: Option<Opened>, context: &Context<'_>) -> Step<()> {
    let mut opened = opened.ok_or(Rejection::NotEnabled)?;
    opened.begin_epoch(context)?;
    let event = Event::ProofsEnded {
        user: opened.device.user.clone(),
    };
    Ok(Accepted::put(opened, (), vec![event]))
}

/// Ends every proof of the user but the one that asks. Its successor is no fresher: nothing was proved anew.
pub(crate) fn end_other_proofs(
    opened: Option<Opened>,
    proof: &Proof,
    context: &Context<'_>,
) -> Step<Proof> {
    let mut opened = opened
        .filter(|opened| opened.device.is_confirmed())
        .ok_or(Rejection::NotEnabled)?;
    if proof.user != opened.device.user || proof.epoch != opened.device.epoch {
        return Err(Rejection::ProofEnded.into());
    }
    opened.begin_epoch(context)?;
    let successor = Proof {
        at: proof.at,
        ..opened.proof(context)
    };
    let event = Event::ProofsEnded {
        user: opened.device.user.clone(),
    };
    Ok(Accepted::put(opened, successor, vec![event]))
}

/// Takes over a secret that the user's authenticator already holds. There are no backup codes until they are renewed.
pub(crate) fn import(
    opened: Option<Opened>,
    user: &UserId,
    credential: &Credential,
    confirmed_at: u64,
    context: &Context<'_>,
) -> Step<()> {
    let mut opened = match opened {
        Some(opened) if opened.device.is_confirmed() => {
            return Err(Rejection::AlreadyConfirmed.into());
        }
        Some(pending) => pending,
        None => Opened::new(user, context)?,
    };
    opened.secrets.live = Some(credential.clone());
    opened.secrets.pending = None;
    opened.begin_epoch(context)?;
    opened.device.clear_all_failures();
    opened.device.pending_at = None;
    opened.device.confirmed_at = Some(confirmed_at);
    let event = Event::Imported { user: user.clone() };
    Ok(Accepted::put(opened, (), vec![event]))
}
