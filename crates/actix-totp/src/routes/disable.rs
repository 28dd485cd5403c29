//! `disable/`: the second factor off, every proof with it.

use actix_session::SessionExt;
use actix_totp_core::UserId;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    request::{Sent, caller},
    response::{ok, told},
    sign_in::with_cookie,
};
use crate::{change::Change, plugin::Totp, session, trust};

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
    let sent = Sent::read(&req, payload).await?;
    turn_off(&totp, &req, &user, &sent).await?;
    let answer = ok(&Disabled {
        detail: "TOTP disabled successfully",
    });
    Ok(with_cookie(answer, trust::no_cookie(&totp).as_ref()))
}

/// Turns the second factor off, if the application agrees.
pub(crate) async fn turn_off(
    totp: &Totp,
    req: &HttpRequest,
    user: &UserId,
    sent: &Sent,
) -> Result<(), actix_web::Error> {
    totp.authorize_change(req, Change::Disable).await?;
    told(totp.disable(user, sent.token()).await)?;
    session::forget(&req.get_session());
    Ok(())
}
