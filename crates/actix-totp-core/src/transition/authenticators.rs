//! What a user does with one authenticator of several: see them, rename one, remove one.

use super::{
    examine::{Accept, Purpose, examine},
    rules::{Accepted, Context, Next, Transition, require_live},
};
use crate::{
    authenticator::{Authenticator, AuthenticatorId, AuthenticatorName},
    device::Device,
    event::Event,
    outcome::{Rejection, Removed},
    token::TypedToken,
};

/// Lists the live ones, in the order in which they were added. Writes nothing.
pub(crate) fn authenticators(
    device: Option<Device>,
    context: &Context<'_>,
) -> Transition<Vec<Authenticator>> {
    let mut answer = Vec::new();
    if let Some(device) = device.filter(Device::is_confirmed) {
        let opened = context.open(device)?;
        let states = opened.device.authenticators.iter();
        let each = opened.live()?.iter().zip(states);
        answer.extend(each.map(|(live, state)| Authenticator {
            id: live.id,
            name: live.name.clone(),
            created_at: live.created_at,
            last_used_at: state.last_used_at,
        }));
    }
    Ok(Accepted {
        next: Next::Keep,
        answer,
        events: Vec::new(),
    })
}

/// Gives one another name, for a session that holds a proof.
pub(crate) fn rename_authenticator(
    device: Option<Device>,
    id: AuthenticatorId,
    name: &AuthenticatorName,
    context: &Context<'_>,
) -> Transition<()> {
    let device = require_live(device)?;
    if !context.has_proof(&device) {
        return Err(Rejection::ProofNeeded.into());
    }
    let mut opened = context.open(device)?;
    let at = opened.position(id).ok_or(Rejection::NoSuchAuthenticator)?;
    if opened.secrets().live[at].name == *name {
        return Ok(Accepted {
            next: Next::Keep,
            answer: (),
            events: Vec::new(),
        });
    }
    opened.secrets_mut().live[at].name = name.clone();
    let event = Event::AuthenticatorRenamed {
        user: opened.device.user.clone(),
        authenticator: id,
        name: name.clone(),
    };
    Ok(Accepted::put(opened, (), vec![event]))
}

/// Removes one of several for a good token, and ends its proofs. The last one goes with the second factor alone: `disable`.
pub(crate) fn remove_authenticator(
    device: Option<Device>,
    id: AuthenticatorId,
    typed: &TypedToken,
    context: &Context<'_>,
) -> Transition<Removed> {
    let opened = context.open(require_live(device)?)?;
    let at = opened.position(id).ok_or(Rejection::NoSuchAuthenticator)?;
    if opened.live()?.len() < 2 {
        return Err(Rejection::LastAuthenticator.into());
    }
    let good = examine(
        opened,
        typed,
        Accept::CodeOrBackupCode,
        Purpose::Other,
        context,
    )?;
    let (mut opened, mut events) = (good.opened, good.events);
    let removed = opened.remove(at);
    events.push(Event::AuthenticatorRemoved {
        user: opened.device.user.clone(),
        authenticator: id,
        name: removed.name.clone(),
    });
    let answer = Removed {
        method: good.method,
        proof: (good.authenticator != Some(id)).then_some(good.proof),
    };
    Ok(Accepted::put(opened, answer, events))
}
