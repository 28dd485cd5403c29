//! `disable/`: the second factor off, every proof with it.

use actix_totp_core::Operation;
use actix_web::HttpResponse;
use serde::Serialize;

use super::response::{accepted, ok, with_cookie};
use crate::{change::Change, problem::Problem, request::Request};

#[derive(Serialize)]
struct Disabled {
    detail: &'static str,
}

pub(crate) async fn disable(request: Request) -> Result<HttpResponse, actix_web::Error> {
    turn_off(&request).await?;
    let answer = ok(&Disabled {
        detail: "TOTP disabled successfully",
    });
    let no_cookie = request.no_trust_cookie();
    Ok(with_cookie(answer, no_cookie.as_ref()))
}

/// Turns the second factor off, if the user need not have it and the application agrees.
pub(crate) async fn turn_off(request: &Request) -> Result<(), actix_web::Error> {
    let Request {
        totp, http, caller, ..
    } = request;
    if totp.is_required_of(http, &caller.id).await? {
        return Err(Problem::totp_is_required().into());
    }
    request.authorize(Change::Disable).await?;
    let operation = Operation::disable(&caller.id, request.body.token());
    let disabled = accepted(totp.apply(operation).await)?;
    if disabled.method.is_some() {
        totp.remove_proof(http);
    }
    Ok(())
}
