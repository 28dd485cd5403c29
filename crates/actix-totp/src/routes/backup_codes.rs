//! `backup-codes/`: a new set, the old ones are void.

use actix_totp_core::{Operation, Renewed};
use actix_web::HttpResponse;
use serde::Serialize;

use super::response::{accepted, ok, reveal};
use crate::{change::Change, request::Request};

#[derive(Serialize)]
struct BackupCodes {
    backup_codes: Vec<String>,
}

pub(crate) async fn renew(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let renewed = renew_codes(&request).await?;
    Ok(ok(&BackupCodes {
        backup_codes: reveal(&renewed.backup_codes),
    }))
}

/// Makes the new set, if the application agrees.
pub(crate) async fn renew_codes(request: &Request) -> Result<Renewed, actix_web::Error> {
    let token = request.body.required_token()?;
    request.authorize(Change::BackupCodes).await?;
    let operation = Operation::renew_backup_codes(&request.caller.id, token);
    let operation = operation.with_proof(request.proof().await);
    Ok(accepted(request.totp.apply(operation).await)?)
}
