//! A new secret: the first one, or one that waits beside the live one to replace it.

use super::{
    Accepted, Context, Opened, Step,
    examine::{Accept, examine},
};
use crate::{
    credential::Credential,
    device::UserId,
    outcome::{Enrollment, Rejection},
    provisioning, token,
};

/// Makes a pending secret. While one is live, only for a good token; the live one keeps working until the new one is
/// confirmed.
pub(crate) fn enroll(
    opened: Option<Opened>,
    user: &UserId,
    label: &str,
    typed: Option<&str>,
    context: &Context<'_>,
) -> Step<Enrollment> {
    let (mut opened, events) = match opened {
        Some(opened) if opened.device.is_confirmed() => {
            let typed = typed
                .filter(|typed| !token::is_blank(typed))
                .ok_or(Rejection::AlreadyConfirmed)?;
            let good = examine(opened, typed, Accept::CodeOrBackupCode, context)?;
            (good.opened, good.events)
        }
        Some(mut pending) => {
            // While nothing is live the count belongs to the pending secret and dies with it.
            pending.device.clear_all_failures();
            (pending, Vec::new())
        }
        None => (Opened::new(user, context)?, Vec::new()),
    };
    let credential = Credential::generate(context.config.parameters, context.random)?;
    let label = if token::is_blank(label) {
        user.as_str()
    } else {
        label
    };
    let enrollment = provisioning::enrollment(&credential, &context.config.issuer, label);
    opened.secrets.pending = Some(credential);
    opened.device.pending_at = Some(context.now);
    opened.reseal = true;
    Ok(Accepted::put(opened, enrollment, events))
}
