//! A new secret: the first one, or one that waits beside those that are live.

use super::{
    examine::{Accept, Purpose, examine},
    rules::{Accepted, Context, Transition},
};
use crate::{
    credential::Credential,
    device::{Device, UserId},
    opened::Opened,
    outcome::{Enrollment, Rejection},
    provisioning,
    secrets::{Live, Pending, Place},
    token::TypedToken,
};

/// Makes a pending secret. While one is live, only for a good token; what is live keeps working, until the new one is confirmed and
/// takes its place, and beside it otherwise.
pub(crate) fn enroll(
    device: Option<Device>,
    user: &UserId,
    label: &str,
    typed: Option<&TypedToken>,
    context: &Context<'_>,
) -> Transition<Enrollment> {
    let (mut opened, place, events, proof) = match device {
        Some(device) if device.is_confirmed() => {
            let opened = context.open(device)?;
            let typed = typed
                .filter(|typed| !typed.is_blank())
                .ok_or(Rejection::AlreadyConfirmed)?;
            let place = place(opened.live()?, context)?;
            let good = examine(
                opened,
                typed,
                Accept::CodeOrBackupCode,
                Purpose::Repair,
                context,
            )?;
            (good.opened, place, good.events, Some(good.proof))
        }
        _ if context.replacing.is_some() => return Err(Rejection::NoSuchAuthenticator.into()),
        pending => {
            let opened = match pending {
                Some(pending) => context.open(pending)?,
                None => Opened::new(user, context.now, context.random)?,
            };
            (opened, Place::Only, Vec::new(), None)
        }
    };
    let credential = Credential::generate(context.config.parameters, context.random)?;
    let label = if label.trim().is_empty() {
        user.as_str()
    } else {
        label
    };
    let secret = credential.to_base32();
    let enrollment = Enrollment {
        otpauth_url: provisioning::otpauth_url(
            credential.parameters(),
            &secret,
            context.issuer,
            label,
        ),
        secret,
        proof,
    };
    opened.secrets_mut().pending = Some(Pending {
        place,
        name: context.name.cloned(),
        credential,
    });
    opened.device.pending_at = Some(context.now);
    opened.device.pending_failures = 0;
    Ok(Accepted::put(opened, enrollment, events))
}

/// Where the new one is to go, before a token is spent for it.
fn place(live: &[Live], context: &Context<'_>) -> Result<Place, Rejection> {
    match (context.replacing, live) {
        (Some(id), _) if live.iter().any(|live| live.id == id) => Ok(Place::Of(id)),
        (Some(_), _) => Err(Rejection::NoSuchAuthenticator),
        (None, [_]) if context.name.is_none() => Ok(Place::Only),
        (None, _) => context.require_room(live).map(|()| Place::Further),
    }
}
