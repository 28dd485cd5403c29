//! `settings/`: the state, and what can be changed about it.

use super::{
    browser::{Answer, Browser},
    notice::Notice,
    page::{BackupCodes, Page, Settings},
    request::{Shown, State, refuse},
};
use crate::{
    request::Request,
    routes::{
        backup_codes::renew_codes, disable::turn_off, forget_browsers::end_others,
        response::with_cookie,
    },
};

pub(super) fn show(state: &State<'_>) -> Shown {
    Shown::Page(Page::Settings(Settings::of(
        state.status,
        state.is_required,
    )))
}

pub(super) async fn renew(request: &Request, browser: &Browser<'_>) -> Answer {
    let renewed = renew_codes(request).await?;
    let codes = BackupCodes::new(&renewed.backup_codes, false);
    browser.show(&Page::BackupCodes(codes))
}

pub(super) async fn disable(request: &Request, browser: &Browser<'_>) -> Answer {
    turn_off(request).await?;
    Ok(done(request, browser, &Notice::disabled()))
}

/// Asks for a code first where the session has no fresh proof of its own; the challenge leads back.
pub(super) async fn forget(request: &Request, browser: &Browser<'_>) -> Answer {
    match end_others(request).await {
        Ok(_) => Ok(done(request, browser, &Notice::forgotten())),
        Err(problem) if matches!(problem.code(), "totp_required" | "stale_proof") => {
            let back = browser.path_of("settings/");
            let browser = browser.clone().going_on_to(back.as_deref());
            refuse(&browser, request, "challenge/", &problem)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Back to the settings, with the notice. This browser is not trusted any more.
fn done(request: &Request, browser: &Browser<'_>, notice: &Notice) -> actix_web::HttpResponse {
    let answer = browser.redirect_with_notice("settings/", &request.caller.id, notice);
    let no_trust = request.no_trust_cookie();
    with_cookie(answer, no_trust.as_ref())
}
