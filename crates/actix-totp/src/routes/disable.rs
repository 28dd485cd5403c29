//! `disable/`: the second factor off, every proof with it.

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    request::{Caller, TypedToken},
    response::ok,
};
use crate::{change::Change, plugin::Totp, problem::Problem, session};

#[derive(Serialize)]
struct Disabled {
    detail: &'static str,
}

pub(super) async fn disable(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let caller = Caller::admit(&totp, &req).await?;
    let token = TypedToken::read(&req, payload).await?.optional();
    totp.0.0.authorize_change.ask(&req, Change::Disable).await?;

    let outcome = totp
        .run(move |service| {
            service.disable(&caller.user, token.as_ref().map(|token| token.as_str()))
        })
        .await
        .map_err(Problem::from)?;
    outcome.into_result().map_err(Problem::from)?;
    session::forget(&req.get_session());
    Ok(ok(&Disabled {
        detail: "TOTP disabled successfully",
    }))
}
