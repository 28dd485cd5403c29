//! A device as the fields of a hash, and back.

use std::{collections::HashMap, str::FromStr};

use actix_totp_core::{
    AuthenticatorStates, Device, Epoch, RecentFailures, StoreError, UserId, Version,
};

/// A row as Redis gives it; empty where there is none.
pub(crate) type Row = HashMap<String, Vec<u8>>;

/// Every field but the user, who is in the key. None is left out, so that a write leaves nothing of the row before it:
/// `None` is written as nothing.
pub(crate) fn fields(device: &Device) -> [(&'static str, Vec<u8>); 17] {
    let option = |value: Option<u64>| value.map(text).unwrap_or_default();
    [
        ("version", text(device.version.to_i64())),
        ("epoch", text(device.epoch.to_i64())),
        ("sealed", device.sealed.clone()),
        ("confirmed_at", option(device.confirmed_at)),
        ("pending_at", option(device.pending_at)),
        ("authenticators", device.authenticators.to_bytes()),
        ("failures", text(device.failures)),
        ("recent_failures", device.recent_failures.to_bytes()),
        ("backup_failures", text(device.backup_failures)),
        ("pending_failures", text(device.pending_failures)),
        ("proof_failures", device.proof_failures.to_bytes()),
        (
            "backup_codes_remaining",
            text(device.backup_codes_remaining),
        ),
        ("last_used_at", option(device.last_used_at)),
        ("setup_required_by", option(device.setup_required_by)),
        ("setup_reminded_at", option(device.setup_reminded_at)),
        ("created_at", text(device.created_at)),
        ("updated_at", text(device.updated_at)),
    ]
}

/// The device, unless somebody has written what no device holds.
pub(crate) fn device(user: UserId, row: &Row) -> Result<Device, StoreError> {
    Ok(Device {
        user,
        version: Version::from_i64(number(row, "version")?),
        epoch: Epoch::from_i64(number(row, "epoch")?),
        sealed: bytes(row, "sealed")?.to_vec(),
        confirmed_at: option(row, "confirmed_at")?,
        pending_at: option(row, "pending_at")?,
        authenticators: AuthenticatorStates::from_bytes(bytes(row, "authenticators")?)
            .map_err(StoreError::corrupt)?,
        failures: number(row, "failures")?,
        recent_failures: RecentFailures::from_bytes(bytes(row, "recent_failures")?)
            .map_err(StoreError::corrupt)?,
        backup_failures: number(row, "backup_failures")?,
        pending_failures: number(row, "pending_failures")?,
        proof_failures: RecentFailures::from_bytes(bytes(row, "proof_failures")?)
            .map_err(StoreError::corrupt)?,
        backup_codes_remaining: number(row, "backup_codes_remaining")?,
        last_used_at: option(row, "last_used_at")?,
        setup_required_by: option(row, "setup_required_by")?,
        setup_reminded_at: option(row, "setup_reminded_at")?,
        created_at: number(row, "created_at")?,
        updated_at: number(row, "updated_at")?,
    })
}

fn text(number: impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn bytes<'a>(row: &'a Row, field: &str) -> Result<&'a [u8], StoreError> {
    row.get(field)
        .map(Vec::as_slice)
        .ok_or_else(|| StoreError::corrupt(format!("the row has no {field}")))
}

fn number<N: FromStr>(row: &Row, field: &str) -> Result<N, StoreError> {
    let digits = str::from_utf8(bytes(row, field)?).ok();
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| StoreError::corrupt(format!("{field} is no number of its size")))
}

fn option(row: &Row, field: &str) -> Result<Option<u64>, StoreError> {
    if bytes(row, field)?.is_empty() {
        return Ok(None);
    }
    number(row, field).map(Some)
}
