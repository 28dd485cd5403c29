//! `challenge/`: a code or a backup code, at sign-in and where a guard asks for a fresh one.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};

use super::{
    notice::{Field, Notice},
    page::{Challenge, Page, Wait},
    visit::Visit,
};
use crate::{
    plugin::Totp,
    routes::{Sent, caller, sign_in, with_cookie},
};

type Answer = Result<HttpResponse, actix_web::Error>;

pub(super) async fn show(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    let visit = Visit::new(&totp, &req)?;
    visit.end(page(&visit).await)
}

async fn page(visit: &Visit<'_>) -> Answer {
    let status = visit.status().await?;
    if !status.enabled {
        return Ok(visit.to("setup/"));
    }
    let told = visit.told(&[Field::Code, Field::Backup]);
    let trust_secs = visit.totp.0.trust.secs();
    let page = Page::Challenge(Challenge {
        trust_days: trust_secs.map(|secs| secs / 86_400),
        failed_attempts: status.failed_attempts,
        digits: digits(visit, told.as_ref()),
        wait: Wait::of(&status),
    });
    visit.show(StatusCode::OK, &page, told.as_ref())
}

/// How many digits the script waits for. Not after something that had no shape of a code: the user's may be longer than those
/// that are made now, and the script must not cut it off.
pub(super) fn digits(visit: &Visit<'_>, told: Option<&Notice>) -> Option<u8> {
    let digits = visit.totp.service().parameters().digits;
    (!told.is_some_and(Notice::is_malformed)).then_some(digits)
}

pub(super) async fn submit(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = check(&mut visit, payload).await;
    visit.end(answer)
}

async fn check(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    let (totp, req) = (visit.totp, visit.req);
    let user = caller(totp, req).await?;
    let sent = Sent::read(req, payload).await?.without_blanks();
    visit.go_on_to(&sent.from_page);
    match sign_in(totp, req, &user, &sent).await {
        Ok((_, cookie)) => Ok(with_cookie(visit.on(), cookie.as_ref())),
        Err(problem) => visit.back("challenge/", problem.into(), &sent.from_page),
    }
}
