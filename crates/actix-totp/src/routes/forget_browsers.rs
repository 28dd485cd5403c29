//! `forget-browsers/`: every proof ends but this session's, and no browser is trusted any more.

use actix_totp_core::UserId;
use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::{
    Answer,
    request::caller,
    response::{ok, told},
    sign_in::with_cookie,
};
use crate::{plugin::Totp, problem::Problem, session, trust};

#[derive(Serialize)]
struct Forgotten {
    detail: &'static str,
}

pub(super) async fn forget_browsers(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    let user = caller(&totp, &req).await?;
    end_others(&totp, &req, &user).await?;
    let answer = ok(&Forgotten {
        detail: "All other browsers must show a code again.",
    });
    Ok(with_cookie(answer, trust::no_cookie(&totp).as_ref()))
}

/// Ends every proof but this session's. Only a proof in the session may ask, and not one that a guard would call stale: a
/// thief of a password, or of a trusted browser, does not get the owner out.
pub(crate) async fn end_others(
    totp: &Totp,
    req: &HttpRequest,
    user: &UserId,
) -> Result<(), Problem> {
    let session = session::require(req)?;
    let proof = totp.require().session_proof(req, user).await?;
    let successor = totp.end_other_proofs(&proof).await;
    session::keep(&session, &told(successor)?)
}
