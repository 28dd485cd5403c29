//! `validate/`: the second factor of a sign-in.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::{
    Answer,
    request::{TypedToken, caller},
    response::{ok, told},
};
use crate::{plugin::Totp, session};

#[derive(Serialize)]
struct Validated {
    detail: &'static str,
    method: &'static str,
    failed_attempts: u32,
}

pub(super) async fn validate(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let user = caller(&totp, &req).await?;
    let session = session::require(&req)?; // before a code is spent for nothing
    let token = TypedToken::read(&req, payload).await?.required()?;

    let authenticated = told(totp.authenticate(&user, &token).await)?;
    session::keep(&session, &authenticated.proof)?;
    Ok(ok(&Validated {
        detail: "Token is valid",
        method: authenticated.method.name(),
        failed_attempts: authenticated.failed_attempts,
    }))
}
