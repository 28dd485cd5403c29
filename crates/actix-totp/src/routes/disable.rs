//! `disable/`: the second factor off, every proof with it.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    request::{TypedToken, caller},
    response::{ok, told},
};
use crate::{change::Change, plugin::Totp, session};

#[derive(Serialize)]
struct Disabled {
    detail: &'static str,
}

pub(super) async fn disable(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let user = caller(&totp, &req).await?;
    let token = TypedToken::read(&req, payload).await?.optional();
    totp.authorize_change(&req, Change::Disable).await?;

    let token = token.as_ref().map(|token| token.as_str());
    told(totp.disable(&user, token).await)?;
    session::forget(&req.get_session());
    Ok(ok(&Disabled {
        detail: "TOTP disabled successfully",
    }))
}
