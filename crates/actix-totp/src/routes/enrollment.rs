//! `generate/` and `verify/`: a new secret, and the proof that the authenticator has it.

use actix_totp_core::{Confirmed, Enrollment, Operation};
use actix_web::HttpResponse;
use serde::Serialize;
use zeroize::Zeroizing;

use super::response::{accepted, ok, reveal};
use crate::{change::Change, problem::Problem, request::Request, session};

#[derive(Serialize)]
struct Generated<'a> {
    secret: &'a str,
    otpauth_url: &'a str,
    qr_svg: &'a str,
}

pub(crate) async fn generate(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let (enrollment, qr_svg) = enroll(&request).await?;
    Ok(ok(&Generated {
        secret: enrollment.secret(),
        otpauth_url: enrollment.otpauth_url(),
        qr_svg: &qr_svg,
    }))
}

/// Makes a new secret with its QR code, if the application agrees.
pub(crate) async fn enroll(
    request: &Request,
) -> Result<(Enrollment, Zeroizing<String>), actix_web::Error> {
    request.authorize(Change::Generate).await?;
    let current_user = &request.totp.plugin.current_user;
    let label = current_user.label(&request.http, &request.caller).await?;
    let operation = Operation::enroll(&request.caller.id, &label, request.body.token());
    let operation = issued_by(operation, request.caller.issuer.as_deref())?;
    let operation = operation.with_proof(request.proof());
    let enrollment = accepted(request.totp.apply(operation).await)?;
    if let Some(proof) = enrollment.proof()
        && let Ok(session) = session::require(&request.http)
    {
        request.verified(proof).await?;
        let session_proof = &request.totp.plugin.session_proof;
        // So that all tries of its first code are this session's. Where it cannot be kept (logged there) five are.
        let _ = session_proof.write(&session, proof);
    }
    Ok(request.totp.plugin.drawing.draw(enrollment).await?)
}

/// A bad issuer is the application's mistake: a secret under another tenant's name would be worse than none.
fn issued_by(
    operation: Operation<Enrollment>,
    issuer: Option<&str>,
) -> Result<Operation<Enrollment>, Problem> {
    let Some(issuer) = issuer else {
        return Ok(operation);
    };
    operation.with_issuer(issuer).map_err(|error| {
        tracing::error!("SignedIn::issuer is refused: {error}");
        Problem::unavailable()
    })
}

#[derive(Serialize)]
struct Verified {
    detail: &'static str,
    backup_codes: Vec<String>,
}

pub(crate) async fn verify(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let confirmed = confirm(&request).await?;
    Ok(ok(&Verified {
        detail: "TOTP verified successfully",
        backup_codes: reveal(&confirmed.backup_codes),
    }))
}

/// Confirms the pending secret.
pub(crate) async fn confirm(request: &Request) -> Result<Confirmed, actix_web::Error> {
    let session = session::require(&request.http)?; // before the backup codes go to nobody
    let token = request.body.required_token()?;
    let operation = Operation::confirm(&request.caller.id, token).with_proof(request.proof());
    let confirmed = accepted(request.totp.apply(operation).await)?;
    request.verified(&confirmed.proof).await?;
    let session_proof = &request.totp.plugin.session_proof;
    session_proof.write(&session, &confirmed.proof)?;
    Ok(confirmed)
}
