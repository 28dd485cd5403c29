//! `status/`: what a settings page shows. Writes nothing, opens no box.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::response::{ok, rfc3339};
use crate::{guard::Decision, plugin::Totp, problem::Problem};

/// Times are RFC 3339 strings in UTC or null; `retry_after` is in seconds. `totp_setup_required_by` is in seconds since the Unix
/// epoch, as in the guard's header, while the user may go on without a second factor that they must have; else null. `session_verified` is what a guard without a maximum
/// age of its own would say: a trusted browser counts.
#[derive(Serialize)]
struct Status {
    otp_enabled: bool,
    otp_verified: bool,
    session_verified: bool,
    replacement_pending: bool,
    authenticators: usize,
    backup_codes_remaining: u32,
    last_used_at: Option<String>,
    totp_setup_required_by: Option<u64>,
    retry_after: Option<u64>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

pub(crate) async fn status(
    req: HttpRequest,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let answer = read(&req, &totp).await;
    answer.map_err(|problem| totp.plugin.problem_format.error(&req, problem.into()))
}

async fn read(req: &HttpRequest, totp: &Totp) -> Result<HttpResponse, Problem> {
    let user = totp.signed_in(req).await?.id;
    let (status, decision) = totp.require().examine(req, &user).await?;
    Ok(ok(&Status {
        otp_enabled: status.enabled,
        otp_verified: status.enabled,
        session_verified: decision.is_pass(),
        replacement_pending: status.replacement_pending,
        authenticators: status.authenticators.len(),
        backup_codes_remaining: status.backup_codes_remaining,
        last_used_at: status.last_used_at.and_then(rfc3339),
        totp_setup_required_by: match decision {
            Decision::PassUntil(deadline) => deadline.required_by,
            _ => None,
        },
        retry_after: status.retry_after.map(|wait| wait.as_secs()),
        created_at: status.created_at.and_then(rfc3339),
        updated_at: status.updated_at.and_then(rfc3339),
    }))
}
