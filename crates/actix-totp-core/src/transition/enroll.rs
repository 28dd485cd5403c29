//! A new secret: the first one, or one that waits beside the live one to replace it.

use super::{
    rules::{Accepted, Context, Transition},
    token::{Accept, Purpose, examine},
};
use crate::{
    credential::Credential,
    device::{Device, UserId},
    opened::Opened,
    outcome::{Enrollment, Rejection},
    provisioning,
    token::TypedToken,
};

/// Makes a pending secret. While one is live, only for a good token; the live one keeps working until the new one is
/// confirmed.
pub(crate) fn enroll(
    device: Option<Device>,
    user: &UserId,
    label: &str,
    typed: Option<&TypedToken>,
    context: &Context<'_>,
) -> Transition<Enrollment> {
    let (mut opened, events, proof) = match device {
        Some(device) if device.is_confirmed() => {
            let opened = context.open(device)?;
            let typed = typed
                .filter(|typed| !typed.is_blank())
                .ok_or(Rejection::AlreadyConfirmed)?;
            let good = examine(
                opened,
                typed,
                Accept::CodeOrBackupCode,
                Purpose::Repair,
                context,
            )?;
            let proof = good.opened.proof(context.now);
            (good.opened, good.events, Some(proof))
        }
        Some(pending) => (context.open(pending)?, Vec::new(), None),
        None => (
            Opened::new(user, context.now, context.random)?,
            Vec::new(),
            None,
        ),
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
    opened.secrets_mut().pending = Some(credential);
    opened.device.pending_at = Some(context.now);
    opened.device.pending_failures = 0;
    Ok(Accepted::put(opened, enrollment, events))
}
