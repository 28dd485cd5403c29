//! `generate/` and `verify/`: a new secret, and the proof that the authenticator has it.

use actix_totp_core::{Confirmed, Enrollment, Operation};
use actix_web::HttpResponse;
use serde::Serialize;
use zeroize::Zeroizing;

use super::response::{accepted, ok, reveal};
use crate::{change::Change, problem::Problem, request::Request, sealed_proof::SealedProof};

#[derive(Serialize)]
struct Generated<'a> {
    secret: &'a str,
    otpauth_url: &'a str,
    qr_svg: &'a str,
    #[serde(flatten)]
    proof: Option<SealedProof>,
}

/// A new secret, as it is shown.
pub(crate) struct Enrolled {
    pub(crate) enrollment: Enrollment,
    pub(crate) qr_svg: Zeroizing<String>,
    /// For a client that keeps its proof itself.
    proof: Option<SealedProof>,
}

pub(crate) async fn generate(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let Enrolled {
        enrollment,
        qr_svg,
        proof,
    } = enroll(&request).await?;
    Ok(ok(&Generated {
        secret: enrollment.secret(),
        otpauth_url: enrollment.otpauth_url(),
        qr_svg: &qr_svg,
        proof,
    }))
}

/// Makes a new secret with its QR code, if the application agrees.
pub(crate) async fn enroll(request: &Request) -> Result<Enrolled, actix_web::Error> {
    let name = request.body.name()?;
    let replaces = request.body.replaces()?;
    request.authorize(Change::Generate).await?;
    let current_user = &request.totp.plugin.current_user;
    let label = current_user.label(&request.http, &request.caller).await?;
    let operation = Operation::enroll(&request.caller.id, &label, request.body.token());
    let mut operation = issued_by(operation, request.caller.issuer.as_deref())?;
    if let Some(name) = name {
        operation = operation.named(name);
    }
    if let Some(id) = replaces {
        operation = operation.replacing(id);
    }
    let operation = operation.with_proof(request.proof().await);
    let enrollment = accepted(request.totp.apply(operation).await)?;
    // So that all tries of its first code are this caller's. Where it cannot be kept (logged there) five are.
    let proof = match (enrollment.proof(), request.totp.keeper(&request.http)) {
        (Some(proof), Ok(keeper)) => keeper.give(proof).await?,
        _ => None,
    };
    let (enrollment, qr_svg) = request.totp.plugin.drawing.draw(enrollment).await?;
    Ok(Enrolled {
        enrollment,
        qr_svg,
        proof,
    })
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
    #[serde(flatten)]
    proof: Option<SealedProof>,
}

pub(crate) async fn verify(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let (confirmed, proof) = confirm(&request).await?;
    Ok(ok(&Verified {
        detail: "TOTP verified successfully",
        backup_codes: reveal(&confirmed.backup_codes),
        proof,
    }))
}

/// Confirms the pending secret; with the proof for a client that keeps it itself.
pub(crate) async fn confirm(
    request: &Request,
) -> Result<(Confirmed, Option<SealedProof>), actix_web::Error> {
    let keeper = request.totp.keeper(&request.http)?; // before the backup codes go to nobody
    let token = request.body.required_token()?;
    let operation = Operation::confirm(&request.caller.id, token);
    let operation = operation.with_proof(request.proof().await);
    let confirmed = accepted(request.totp.apply(operation).await);
    let confirmed = confirmed.map_err(|refusal| request.challenged(refusal))?;
    let proof = keeper.give(&confirmed.proof).await?;
    Ok((confirmed, proof))
}
