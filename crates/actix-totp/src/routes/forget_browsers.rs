//! `forget-browsers/`: every proof ends but this session's, and no browser is trusted any more.

use actix_totp_core::Operation;
use actix_web::HttpResponse;
use serde::Serialize;

use super::response::{accepted, ok, with_cookie};
use crate::{problem::Problem, request::Request, session};

#[derive(Serialize)]
struct Forgotten {
    detail: &'static str,
}

pub(crate) async fn forget_browsers(request: Request) -> Result<HttpResponse, actix_web::Error> {
    end_others(&request).await?;
    let answer = ok(&Forgotten {
        detail: "All other browsers must show a code again.",
    });
    let no_cookie = request.totp.plugin.trust.no_cookie();
    Ok(with_cookie(answer, no_cookie.as_ref()))
}

/// Ends every proof but this session's. The session needs a proof, and not one that a guard would call stale: a thief of a
/// password, or of a trusted browser, cannot sign the owner out.
pub(crate) async fn end_others(request: &Request) -> Result<(), Problem> {
    let Request {
        totp, http, caller, ..
    } = request;
    let session = session::require(http)?;
    let proof = totp.require().session_proof(http, &caller.id).await?;
    let successor = accepted(totp.apply(Operation::end_other_proofs(&proof)).await)?;
    totp.plugin.session_proof.replace(&session, &successor)
}
