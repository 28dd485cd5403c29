//! `validate/`: the second factor of a sign-in.

use actix_totp_core::{Authenticated, Operation};
use actix_web::{HttpResponse, cookie::Cookie};
use serde::Serialize;

use super::response::{accepted, ok, with_cookie};
use crate::{request::Request, session};

#[derive(Serialize)]
struct Validated {
    detail: &'static str,
    method: &'static str,
    failed_attempts: u32,
}

pub(crate) async fn validate(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let (authenticated, cookie) = sign_in(&request).await?;
    let answer = ok(&Validated {
        detail: "Token is valid",
        method: authenticated.method.name(),
        failed_attempts: authenticated.failed_attempts,
    });
    Ok(with_cookie(answer, cookie.as_ref()))
}

/// Signs in; with the cookie that makes the browser trusted, if that was asked for and may be.
pub(crate) async fn sign_in(
    request: &Request,
) -> Result<(Authenticated, Option<Cookie<'static>>), actix_web::Error> {
    let session = session::require(&request.http)?; // before a code is spent for nothing
    let token = request.body.required_token()?;
    let operation = Operation::authenticate(&request.caller.id, token);
    let authenticated = accepted(request.totp.apply(operation).await)?;
    request.verified(&authenticated.proof).await?;
    let plugin = &request.totp.plugin;
    plugin.session_proof.write(&session, &authenticated.proof)?;
    let trust = request.body.trust_browser.then_some(&plugin.trust);
    let cookie = trust.and_then(|it| it.cookie_for(&plugin.service, &authenticated.proof));
    Ok((authenticated, cookie))
}
