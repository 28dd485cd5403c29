//! `backup-codes/`: a new set, the old ones are void.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    request::{TypedToken, caller},
    response::{ok, reveal, told},
};
use crate::{change::Change, plugin::Totp};

#[derive(Serialize)]
struct Renewed {
    backup_codes: Vec<String>,
}

pub(super) async fn renew(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let user = caller(&totp, &req).await?;
    let token = TypedToken::read(&req, payload).await?.required()?;
    totp.authorize_change(&req, Change::BackupCodes).await?;

    let renewed = told(totp.renew_backup_codes(&user, &token).await)?;
    Ok(ok(&Renewed {
        backup_codes: reveal(&renewed.backup_codes),
    }))
}
