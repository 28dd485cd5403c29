//! `settings/`: the state, and what can be changed about it.

use actix_totp_core::Authenticator;
use actix_web::HttpResponse;

use super::{
    browser::{Answer, Browser},
    notice::Notice,
    page::{BackupCodes, Page, Settings},
    request::{Shown, State, refuse},
};
use crate::{
    local::with_next,
    problem::Problem,
    request::Request,
    routes::{
        authenticators::{give_name, shown_to, take_away},
        backup_codes::renew_codes,
        disable::turn_off,
        forget_browsers::end_others,
        response::with_cookie,
    },
};

pub(super) async fn show(state: &State<'_>, browser: &Browser<'_>) -> Result<Shown, Problem> {
    let back = browser.path_of("settings/");
    Ok(Shown::Page(Page::Settings(Settings::of(
        state.status,
        state.is_required,
        shown_authenticators(state, browser).await?,
        state.totp.service().max_authenticators(),
        with_next("challenge/", back.as_deref()),
    ))))
}

/// `None`: there are none, or not for who has not shown a good proof.
async fn shown_authenticators(
    state: &State<'_>,
    browser: &Browser<'_>,
) -> Result<Option<Vec<Authenticator>>, Problem> {
    if !state.status.enabled {
        return Ok(None);
    }
    match shown_to(browser.http, state.totp, state.user).await {
        Ok(authenticators) => Ok(Some(authenticators)),
        Err(problem) if is_about_proof(&problem) => Ok(None),
        Err(problem) => Err(problem),
    }
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

pub(super) async fn rename(request: &Request, browser: &Browser<'_>) -> Answer {
    match give_name(request).await {
        Ok(()) => Ok(back(request, browser, &Notice::renamed())),
        Err(error) => ask_for_code(request, browser, error),
    }
}

pub(super) async fn remove(request: &Request, browser: &Browser<'_>) -> Answer {
    take_away(request).await?;
    Ok(back(request, browser, &Notice::removed()))
}

pub(super) async fn forget(request: &Request, browser: &Browser<'_>) -> Answer {
    match end_others(request).await {
        Ok(_) => Ok(done(request, browser, &Notice::forgotten())),
        Err(problem) => ask_for_code(request, browser, problem.into()),
    }
}

/// Asks for a code first where the session has no fresh proof of its own; the challenge leads back.
fn ask_for_code(request: &Request, browser: &Browser<'_>, error: actix_web::Error) -> Answer {
    let Some(problem) = error.as_error().filter(|problem| is_about_proof(problem)) else {
        return Err(error);
    };
    let back = browser.path_of("settings/");
    let browser = browser.clone().going_on_to(back.as_deref());
    refuse(&browser, request, "challenge/", problem)
}

fn is_about_proof(problem: &Problem) -> bool {
    matches!(problem.code(), "totp_required" | "stale_proof")
}

/// Back to the settings, with the notice.
fn back(request: &Request, browser: &Browser<'_>, notice: &Notice) -> HttpResponse {
    browser.redirect_with_notice("settings/", &request.caller.id, notice)
}

/// The same. This browser is not trusted any more.
fn done(request: &Request, browser: &Browser<'_>, notice: &Notice) -> HttpResponse {
    let no_trust = request.no_trust_cookie();
    with_cookie(back(request, browser, notice), no_trust.as_ref())
}
