//! `validate/`: the second factor of a sign-in.

use actix_totp_core::{Authenticated, Operation};
use actix_web::{HttpResponse, cookie::Cookie};
use serde::Serialize;

use super::response::{accepted, ok, with_cookie};
use crate::{request::Request, sealed_proof::SealedProof};

#[derive(Serialize)]
struct Validated {
    detail: &'static str,
    method: &'static str,
    failed_attempts: u32,
    #[serde(flatten)]
    proof: Option<SealedProof>,
}

/// A sign-in that is done.
pub(crate) struct SignIn {
    authenticated: Authenticated,
    /// For a client that keeps it itself.
    proof: Option<SealedProof>,
    /// Makes the browser a trusted one, if that was asked for and may be.
    pub(crate) cookie: Option<Cookie<'static>>,
}

pub(crate) async fn validate(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let SignIn {
        authenticated,
        proof,
        cookie,
    } = sign_in(&request).await?;
    let answer = ok(&Validated {
        detail: "Token is valid",
        method: authenticated.method.name(),
        failed_attempts: authenticated.failed_attempts,
        proof,
    });
    Ok(with_cookie(answer, cookie.as_ref()))
}

/// Signs in.
pub(crate) async fn sign_in(request: &Request) -> Result<SignIn, actix_web::Error> {
    let Request { totp, http, .. } = request;
    let keeper = totp.keeper(http)?; // before a code is spent for nothing
    let token = request.body.required_token()?;
    let operation = Operation::authenticate(&request.caller.id, token);
    let authenticated = accepted(totp.apply(operation).await)?;
    let proof = keeper.give(&authenticated.proof).await?;
    let is_trusted = request.body.trust_browser;
    let cookie = is_trusted.then(|| keeper.trust_cookie(&authenticated.proof));
    Ok(SignIn {
        authenticated,
        proof,
        cookie: cookie.flatten(),
    })
}
