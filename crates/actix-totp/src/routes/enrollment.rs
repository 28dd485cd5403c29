//! `generate/` and `verify/`: a new secret, and the proof that the authenticator has it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    Answer,
    request::{Caller, TypedToken},
    response::{ok, reveal},
};
use crate::{change::Change, plugin::Totp, problem::Problem, session};

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
    let caller = Caller::admit(&totp, &req).await?;
    let token = TypedToken::read(&req, payload).await?.optional();
    totp.0
        .0
        .authorize_change
        .ask(&req, Change::Generate)
        .await?;

    let outcome = totp
        .run(move |service| {
            let token = token.as_ref().map(|token| token.as_str());
            service.enroll(&caller.user, &caller.label, token)
        })
        .await
        .map_err(Problem::from)?;
    let enrollment = outcome.into_result().map_err(Problem::from)?;
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
    let caller = Caller::admit(&totp, &req).await?;
    let session = session::require(&req)?;
    let token = TypedToken::read(&req, payload).await?.required()?;

    let outcome = totp
        .run(move |service| service.confirm(&caller.user, &token))
        .await?;
    let confirmed = outcome.into_result()?;
    session::keep(&session, &confirmed.proof)?;
    Ok(ok(&Verified {
        detail: "TOTP verified successfully",
        backup_codes: reveal(&confirmed.backup_codes),
    }))
}
