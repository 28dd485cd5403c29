//! What the commands ask of a store beside its contract.

use std::sync::Arc;

use actix_totp_core::{DeviceStore, StoreError};
use actix_totp_diesel::{Backend, DieselStore, Inspection, MigrateError};

/// A store with the database behind it. `DieselStore` is one, and with the feature `sqlx` `SqlxStore`.
pub trait Database: DeviceStore {
    /// Makes the table, or brings it up to date. A store without migrations does nothing.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], with the cause as its source.
    fn migrate(&self) -> Result<(), MigrateError>;

    /// What the database says of itself. `None`: there is nothing to say, it is no SQL database.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it does not answer.
    fn inspect(&self) -> Result<Option<Inspection>, StoreError>;
}

impl<C: Backend> Database for DieselStore<C> {
    fn migrate(&self) -> Result<(), MigrateError> {
        Self::migrate(self)
    }

    fn inspect(&self) -> Result<Option<Inspection>, StoreError> {
        Self::inspect(self).map(Some)
    }
}

#[cfg(feature = "sqlx")]
impl<B: actix_totp_sqlx::Backend> Database for actix_totp_sqlx::SqlxStore<B> {
    fn migrate(&self) -> Result<(), MigrateError> {
        Self::migrate(self)
    }

    fn inspect(&self) -> Result<Option<Inspection>, StoreError> {
        Self::inspect(self).map(Some)
    }
}

impl<D: Database + ?Sized> Database for Arc<D> {
    fn migrate(&self) -> Result<(), MigrateError> {
        (**self).migrate()
    }

    fn inspect(&self) -> Result<Option<Inspection>, StoreError> {
        (**self).inspect()
    }
}
