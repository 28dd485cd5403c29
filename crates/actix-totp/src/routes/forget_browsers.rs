//! `forget-browsers/`: every proof ends but the caller's, and no browser is trusted any more.

use actix_totp_core::Operation;
use actix_web::HttpResponse;
use serde::Serialize;

use super::response::{accepted, ok, with_cookie};
use crate::{problem::Problem, request::Request, sealed_proof::SealedProof};

#[derive(Serialize)]
struct Forgotten {
    detail: &'static str,
    #[serde(flatten)]
    successor: Option<SealedProof>,
}

pub(crate) async fn forget_browsers(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let answer = ok(&Forgotten {
        successor: end_others(&request).await?,
        detail: "All other browsers must show a code again.",
    });
    let no_cookie = request.no_trust_cookie();
    Ok(with_cookie(answer, no_cookie.as_ref()))
}

/// Ends every proof but the caller's. It must bring one, and not one that a guard would call stale: a thief of a password, or of
/// a trusted browser, cannot sign the owner out.
pub(crate) async fn end_others(request: &Request) -> Result<Option<SealedProof>, Problem> {
    let Request {
        totp, http, caller, ..
    } = request;
    let keeper = totp.keeper(http)?;
    let proof = totp.require().own_proof(http, &caller.id).await?;
    let successor = accepted(totp.apply(Operation::end_other_proofs(&proof)).await)?;
    keeper.replace(&successor)
}
