//! `generate/` and `verify/`: a new secret, and the proof that the authenticator has it.

use actix_totp_core::{Confirmed, Enrollment, UserId};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    Answer,
    request::{Sent, caller, labelled_caller},
    response::{ok, reveal, told},
};
use crate::{change::Change, plugin::Totp, problem::Problem, session, user::SignedIn};

#[derive(Serialize)]
struct Generated<'a> {
    secret: &'a str,
    otpauth_url: &'a str,
    qr_svg: &'a str,
}

pub(super) async fn generate(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let caller = labelled_caller(&totp, &req).await?;
    let sent = Sent::read(&req, payload).await?;
    let enrollment = enroll(&totp, &req, &caller, &sent).await?;
    Ok(ok(&Generated {
        secret: enrollment.secret(),
        otpauth_url: enrollment.otpauth_url(),
        qr_svg: enrollment.qr_svg(),
    }))
}

/// Makes a new secret, if the application agrees.
pub(crate) async fn enroll(
    totp: &Totp,
    req: &HttpRequest,
    caller: &SignedIn,
    sent: &Sent,
) -> Result<Enrollment, actix_web::Error> {
    totp.authorize_change(req, Change::Generate).await?;
    Ok(told(
        totp.enroll(&caller.id, &caller.label, sent.token()).await,
    )?)
}

#[derive(Serialize)]
struct Verified {
    detail: &'static str,
    backup_codes: Vec<String>,
}

pub(super) async fn verify(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let user = caller(&totp, &req).await?;
    let sent = Sent::read(&req, payload).await?;
    let confirmed = confirm(&totp, &req, &user, &sent).await?;
    Ok(ok(&Verified {
        detail: "TOTP verified successfully",
        backup_codes: reveal(&confirmed.backup_codes),
    }))
}

/// Confirms the pending secret.
pub(crate) async fn confirm(
    totp: &Totp,
    req: &HttpRequest,
    user: &UserId,
    sent: &Sent,
) -> Result<Confirmed, Problem> {
    let session = session::require(req)?; // before the backup codes go to nobody
    let token = sent.required_token()?;
    let confirmed = told(totp.confirm(user, token).await)?;
    session::keep(&session, &confirmed.proof)?;
    Ok(confirmed)
}
