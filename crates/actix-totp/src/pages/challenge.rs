//! `challenge/`: a code or a backup code, at sign-in and where a guard asks for a fresh one.

use super::{
    browser::{Answer, Browser},
    page::{Challenge, Page, Wait},
    request::{Shown, State},
};
use crate::{
    problem::Problem,
    request::Request,
    routes::{response::with_cookie, sign_in::sign_in},
};

pub(super) async fn show(state: &State<'_>, _: &Browser<'_>) -> Result<Shown, Problem> {
    if !state.status.enabled {
        return Ok(Shown::Redirect("setup/"));
    }
    Ok(Shown::Page(challenge(state, None)))
}

/// `ticket`: of somebody who is not signed in yet.
pub(super) fn challenge<'a>(state: &State<'_>, ticket: Option<&'a str>) -> Page<'a> {
    let trust_secs = state.totp.plugin.trust.secs();
    Page::Challenge(Challenge {
        ticket,
        trust_days: trust_secs.map(|secs| secs / 86_400),
        failed_attempts: state.status.failed_attempts,
        digits: state.digits(),
        wait: Wait::of(state.status),
    })
}

pub(super) async fn submit(request: &Request, browser: &Browser<'_>) -> Answer {
    let done = sign_in(request).await?;
    Ok(with_cookie(browser.go_on(), done.cookie.as_ref()))
}
