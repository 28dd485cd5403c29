//! `backup-codes/`: a new set, the old ones are void.

use actix_totp_core::{Renewed, UserId};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    request::{Sent, caller},
    response::{ok, reveal, told},
};
use crate::{change::Change, plugin::Totp};

#[derive(Serialize)]
struct BackupCodes {
    backup_codes: Vec<String>,
}

pub(super) async fn renew(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let user = caller(&totp, &req).await?;
    let sent = Sent::read(&req, payload).await?;
    let renewed = renew_codes(&totp, &req, &user, &sent).await?;
    Ok(ok(&BackupCodes {
        backup_codes: reveal(&renewed.backup_codes),
    }))
}

/// Makes the new set, if the application agrees.
pub(crate) async fn renew_codes(
    totp: &Totp,
    req: &HttpRequest,
    user: &UserId,
    sent: &Sent,
) -> Result<Renewed, actix_web::Error> {
    let token = sent.required_token()?;
    totp.authorize_change(req, Change::BackupCodes).await?;
    Ok(told(totp.renew_backup_codes(user, token).await)?)
}
