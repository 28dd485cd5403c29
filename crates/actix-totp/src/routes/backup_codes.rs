//! `backup-codes/`: a new set, the old ones are void.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{
    request::{Caller, TypedToken},
    response::{ok, reveal},
};
use crate::{change::Change, plugin::Totp, problem::Problem};

#[derive(Serialize)]
struct Renewed {
    backup_codes: Vec<String>,
}

pub(super) async fn renew(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let caller = Caller::admit(&totp, &req).await?;
    let token = TypedToken::read(&req, payload).await?.required()?;
    totp.0
        .0
        .authorize_change
        .ask(&req, Change::BackupCodes)
        .await?;

    let outcome = totp
        .run(move |service| service.renew_backup_codes(&caller.user, &token))
        .await
        .map_err(Problem::from)?;
    let renewed = outcome.into_result().map_err(Problem::from)?;
    Ok(ok(&Renewed {
        backup_codes: reveal(&renewed.backup_codes),
    }))
}
