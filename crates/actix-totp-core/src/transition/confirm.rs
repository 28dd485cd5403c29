//! The first code of a pending secret: it goes live.

use super::{
    Accepted, Context, Opened, Step,
    examine::{count_failure, renew, require_open_gate},
};
use crate::{
    credential::Match,
    event::{Event, Method},
    outcome::{Confirmed, Rejection},
    token::Token,
};

/// Confirms the pending credential. It takes the place of a live one, with a new epoch and new backup codes.
pub(crate) fn confirm(
    opened: Option<Opened>,
    typed: &str,
    context: &Context<'_>,
) -> Step<Confirmed> {
    let mut opened = opened.ok_or(Rejection::NotGenerated)?;
    let pending_at = opened
        .device
        .pending_at
        .ok_or(Rejection::AlreadyConfirmed)?;
    if context.now.saturating_sub(pending_at) > context.config.enrollment_lifetime_secs {
        return Err(Rejection::EnrollmentExpired.into());
    }
    let pending = opened.expect(opened.secrets.pending.as_ref())?;
    let code = match Token::read(typed, pending.parameters().digits) {
        Some(Token::Code(code)) => code,
        Some(Token::Backup(_)) => return Err(Rejection::TotpCodeNeeded.into()),
        None => return Err(Rejection::MalformedToken.into()),
    };
    // While a credential is live its count is the one that counts, so that guessing here is not free there.
    require_open_gate(&opened, context)?;
    let Match::Step(step) = pending.match_code(&code, context.now, context.config.window, None)
    else {
        let rejection = why_wrong(&opened, &code, context);
        return Err(count_failure(opened, Method::Totp, rejection, context));
    };

    let replaced = opened.device.is_confirmed();
    opened.secrets.live = opened.secrets.pending.take();
    opened.begin_epoch(context)?;
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
        proof: opened.proof(context),
    };
    Ok(Accepted::put(opened, answer, vec![event]))
}

/// During a first enrollment a clock that is off is named: the user cannot find out alone, and there is nothing to steal
/// yet.
fn why_wrong(opened: &Opened, code: &str, context: &Context<'_>) -> Rejection {
    if opened.device.is_confirmed() {
        return Rejection::InvalidToken;
    }
    let pending = opened.secrets.pending.as_ref();
    pending
        .and_then(|pending| pending.skew_of(code, context.now, context.config.window))
        .map_or(Rejection::InvalidToken, |skew_secs| Rejection::ClockSkew {
            skew_secs,
        })
}
