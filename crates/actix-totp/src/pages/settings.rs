//! `settings/`: the state, and what can be changed about it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};

use super::{
    notice::{Field, Notice},
    page::{Page, Settings},
    setup::backup_codes,
    visit::Visit,
};
use crate::{
    plugin::Totp,
    routes::{Sent, caller, end_others, renew_codes, reveal, turn_off, with_cookie},
    trust,
};

type Answer = Result<HttpResponse, actix_web::Error>;

pub(super) async fn show(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    let visit = Visit::new(&totp, &req)?;
    visit.end(page(&visit).await)
}

async fn page(visit: &Visit<'_>) -> Answer {
    let status = visit.status().await?;
    let told = visit.told(&[Field::Renew, Field::Replace, Field::Disable]);
    let page = Page::Settings(Settings::of(&status));
    visit.show(StatusCode::OK, &page, told.as_ref())
}

pub(super) async fn renew(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = show_new_codes(&mut visit, payload).await;
    visit.end(answer)
}

async fn show_new_codes(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    let (totp, req) = (visit.totp, visit.req);
    let user = caller(totp, req).await?;
    let sent = Sent::read(req, payload).await?.without_blanks();
    visit.go_on_to(&sent.from_page);
    match renew_codes(totp, req, &user, &sent).await {
        Ok(renewed) => backup_codes(visit, reveal(&renewed.backup_codes), false),
        Err(error) => visit.back("settings/", error, &sent.from_page),
    }
}

pub(super) async fn disable(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = turn_it_off(&mut visit, payload).await;
    visit.end(answer)
}

async fn turn_it_off(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    let (totp, req) = (visit.totp, visit.req);
    let user = caller(totp, req).await?;
    let sent = Sent::read(req, payload).await?.without_blanks();
    visit.go_on_to(&sent.from_page);
    match turn_off(totp, req, &user, &sent).await {
        Ok(()) => {
            let answer = visit.to_and_tell("settings/", &Notice::disabled());
            Ok(with_cookie(answer, trust::no_cookie(totp).as_ref()))
        }
        Err(error) => visit.back("settings/", error, &sent.from_page),
    }
}

pub(super) async fn forget(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = forget_browsers(&mut visit, payload).await;
    visit.end(answer)
}

/// A session without a proof of its own is asked for a code first, and comes back.
async fn forget_browsers(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    let (totp, req) = (visit.totp, visit.req);
    let user = caller(totp, req).await?;
    let sent = Sent::read(req, payload).await?;
    visit.go_on_to(&sent.from_page);
    match end_others(totp, req, &user).await {
        Ok(()) => {
            let answer = visit.to_and_tell("settings/", &Notice::forgotten());
            Ok(with_cookie(answer, trust::no_cookie(totp).as_ref()))
        }
        Err(problem) if matches!(problem.code(), "totp_required" | "stale_proof") => {
            visit.come_back_to("settings/");
            visit.back("challenge/", problem.into(), &sent.from_page)
        }
        Err(problem) => visit.back("settings/", problem.into(), &sent.from_page),
    }
}
