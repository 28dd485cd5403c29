//! `validate/`: the second factor of a sign-in.

use actix_totp_core::{Authenticated, UserId};
use actix_web::{HttpRequest, HttpResponse, cookie::Cookie, web};
use serde::Serialize;

use super::{
    Answer,
    request::{Sent, caller},
    response::{ok, told},
};
use crate::{plugin::Totp, problem::Problem, session, trust};

#[derive(Serialize)]
struct Validated {
    detail: &'static str,
    method: &'static str,
    failed_attempts: u32,
}

pub(super) async fn validate(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let user = caller(&totp, &req).await?;
    let sent = Sent::read(&req, payload).await?;
    let (authenticated, cookie) = sign_in(&totp, &req, &user, &sent).await?;
    let answer = ok(&Validated {
        detail: "Token is valid",
        method: authenticated.method.name(),
        failed_attempts: authenticated.failed_attempts,
    });
    Ok(with_cookie(answer, cookie.as_ref()))
}

/// Signs in; with the cookie that makes the browser trusted, if that was asked for and may be.
pub(crate) async fn sign_in(
    totp: &Totp,
    req: &HttpRequest,
    user: &UserId,
    sent: &Sent,
) -> Result<(Authenticated, Option<Cookie<'static>>), Problem> {
    let session = session::require(req)?; // before a code is spent for nothing
    let token = sent.required_token()?;
    let authenticated = told(totp.authenticate(user, token).await)?;
    session::keep(&session, &authenticated.proof)?;
    let cookie = sent
        .trust_browser
        .then(|| trust::cookie(totp, &authenticated.proof));
    Ok((authenticated, cookie.flatten()))
}

/// The answer with a cookie. One that cannot be written as a header is left out.
pub(crate) fn with_cookie(mut answer: HttpResponse, cookie: Option<&Cookie<'_>>) -> HttpResponse {
    if let Some(cookie) = cookie
        && let Err(error) = answer.add_cookie(cookie)
    {
        tracing::error!(%error, "a cookie cannot be set");
    }
    answer
}
