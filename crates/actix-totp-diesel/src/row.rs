//! A device as columns, and back.

use actix_totp_core::{Device, Epoch, RecentFailures, StoreError, UserId, Version};
use diesel::{QueryResult, result::Error};

/// What one row holds, in the order of the columns. `U` is how the database gives a user id: text or bytes.
pub(crate) type Columns<U> = (
    U,
    i64,
    i64,
    Vec<u8>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    Vec<u8>,
    i64,
    i64,
    Vec<u8>,
    i64,
    Option<i64>,
    i64,
    i64,
);

/// A row that came from the database.
pub struct Row(pub(crate) Columns<Vec<u8>>);

impl Row {
    pub(crate) fn from_columns<U: Into<Vec<u8>>>(columns: Columns<U>) -> Self {
        let (user, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15) = columns;
        Self((
            user.into(),
            c1,
            c2,
            c3,
            c4,
            c5,
            c6,
            c7,
            c8,
            c9,
            c10,
            c11,
            c12,
            c13,
            c14,
            c15,
        ))
    }

    pub(crate) const fn version(&self) -> Version {
        Version::from_i64(self.0.1)
    }

    /// The device, unless somebody has written what no device holds.
    pub(crate) fn into_device(self) -> Result<Device, StoreError> {
        let (
            user,
            version,
            epoch,
            sealed,
            confirmed_at,
            pending_at,
            last_step,
            failures,
            recent_failures,
            backup_failures,
            pending_failures,
            proof_failures,
            backup_codes_remaining,
            last_used_at,
            created_at,
            updated_at,
        ) = self.0;
        let user = String::from_utf8(user).map_err(StoreError::corrupt)?;
        Ok(Device {
            user: UserId::new(user).map_err(StoreError::corrupt)?,
            version: Version::from_i64(version),
            epoch: Epoch::from_i64(epoch),
            sealed,
            confirmed_at: confirmed_at.map(number).transpose()?,
            pending_at: pending_at.map(number).transpose()?,
            last_step: last_step.map(number).transpose()?,
            failures: number(failures)?,
            recent_failures: RecentFailures::from_bytes(&recent_failures)
                .map_err(StoreError::corrupt)?,
            backup_failures: number(backup_failures)?,
            pending_failures: number(pending_failures)?,
            proof_failures: RecentFailures::from_bytes(&proof_failures)
                .map_err(StoreError::corrupt)?,
            backup_codes_remaining: number(backup_codes_remaining)?,
            last_used_at: last_used_at.map(number).transpose()?,
            created_at: number(created_at)?,
            updated_at: number(updated_at)?,
        })
    }
}

fn number<N>(column: i64) -> Result<N, StoreError>
where
    N: TryFrom<i64, Error = std::num::TryFromIntError>,
{
    N::try_from(column).map_err(StoreError::corrupt)
}

/// A device's values for a query. Times and steps beyond `i64` cannot occur before the year 292,277,026,596.
pub struct Values<'a> {
    pub(crate) device: &'a Device,
    pub(crate) confirmed_at: Option<i64>,
    pub(crate) pending_at: Option<i64>,
    pub(crate) last_step: Option<i64>,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) recent_failures: Vec<u8>,
    pub(crate) proof_failures: Vec<u8>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl<'a> Values<'a> {
    pub(crate) fn of(device: &'a Device) -> QueryResult<Self> {
        let column = |value: u64| {
            i64::try_from(value).map_err(|error| Error::SerializationError(error.into()))
        };
        Ok(Self {
            device,
            confirmed_at: device.confirmed_at.map(column).transpose()?,
            pending_at: device.pending_at.map(column).transpose()?,
            last_step: device.last_step.map(column).transpose()?,
            last_used_at: device.last_used_at.map(column).transpose()?,
            recent_failures: device.recent_failures.to_bytes(),
            proof_failures: device.proof_failures.to_bytes(),
            created_at: column(device.created_at)?,
            updated_at: column(device.updated_at)?,
        })
    }
}
