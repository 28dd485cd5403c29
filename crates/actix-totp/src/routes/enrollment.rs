//! `generate/` and `verify/`: a new secret, and the proof that the authenticator has it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    Answer,
    request::{TypedToken, caller, labelled_caller},
    response::{ok, reveal, told},
};
use crate::{change::Change, plugin::Totp, session};

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
    let token = TypedToken::read(&req, payload).await?.optional();
    totp.authorize_change(&req, Change::Generate).await?;

    let token = token.as_ref().map(|token| token.as_str());
    let enrollment = told(totp.enroll(&caller.id, &caller.label, token).await)?;
    Ok(ok(&Generated {
        secret: enrollment.secret(),
        otpauth_url: enrollment.otpauth_url(),
        qr_svg: enrollment.qr_svg(),
    }))
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
    let session = session::require(&req)?;
    let token = TypedToken::read(&req, payload).await?.required()?;

    let confirmed = told(totp.confirm(&user, &token).await)?;
    session::keep(&session, &confirmed.proof)?;
    Ok(ok(&Verified {
        detail: "TOTP verified successfully",
        backup_codes: reveal(&confirmed.backup_codes),
    }))
}
