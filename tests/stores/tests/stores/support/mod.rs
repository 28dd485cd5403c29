//! Stores of every driver, and databases that live as long as a test.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each feature uses a part of it"
)]

mod databases;
mod proxy;
mod stores;

use std::fmt::Debug;

use actix_totp_core::{Device, DeviceStore, Epoch, RecentFailures, StoreError, UserId, Version};

pub(crate) use databases::{TestConnection, TestDatabase};
pub(crate) use proxy::{Fault, proxy};
pub(crate) use stores::*;

pub(crate) const NOON: u64 = 1_700_000_000;

/// Runs tests, which are functions of the kind of store, with one kind.
macro_rules! stamp {
    ($module:ident, $store:ident: $($test:ident),*) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test::<crate::support::$store>();
                }
            )*
        }
    };
}
pub(crate) use stamp;

macro_rules! on_sqlite {
    ($($test:ident),* $(,)?) => {
        crate::support::stamp!(diesel_sqlite, DieselSqlite: $($test),*);
        crate::support::stamp!(sqlx_sqlite, SqlxSqlite: $($test),*);
    };
}
pub(crate) use on_sqlite;

macro_rules! on_postgres {
    ($($test:ident),* $(,)?) => {
        #[cfg(feature = "postgres")]
        crate::support::stamp!(diesel_postgres, DieselPostgres: $($test),*);
        #[cfg(feature = "postgres")]
        crate::support::stamp!(sqlx_postgres, SqlxPostgres: $($test),*);
    };
}
pub(crate) use on_postgres;

macro_rules! on_mysql {
    ($($test:ident),* $(,)?) => {
        #[cfg(feature = "mysql")]
        crate::support::stamp!(diesel_mysql, DieselMysql: $($test),*);
        #[cfg(feature = "mysql")]
        crate::support::stamp!(sqlx_mysql, SqlxMysql: $($test),*);
    };
}
pub(crate) use on_mysql;

/// Runs tests, which are functions of the kind of store, with every driver on every database.
macro_rules! on_every_database {
    ($($test:ident),* $(,)?) => {
        crate::support::on_sqlite!($($test),*);
        crate::support::on_postgres!($($test),*);
        crate::support::on_mysql!($($test),*);
    };
}
pub(crate) use on_every_database;

/// With sqlx on every database.
macro_rules! on_every_sqlx_store {
    ($($test:ident),* $(,)?) => {
        crate::support::stamp!(sqlx_sqlite, SqlxSqlite: $($test),*);
        #[cfg(feature = "postgres")]
        crate::support::stamp!(sqlx_postgres, SqlxPostgres: $($test),*);
        #[cfg(feature = "mysql")]
        crate::support::stamp!(sqlx_mysql, SqlxMysql: $($test),*);
    };
}
pub(crate) use on_every_sqlx_store;

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn device(id: &str) -> Device {
    Device {
        user: user(id),
        version: Version::from_i64(NOON.cast_signed()),
        epoch: Epoch::from_i64(1),
        sealed: vec![1, 2, 3],
        confirmed_at: None,
        pending_at: Some(NOON),
        authenticators: Default::default(),
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
        setup_required_by: None,
        setup_reminded_at: None,
        created_at: NOON,
        updated_at: NOON,
    }
}

/// The same device at another version.
pub(crate) fn at(version: i64, device: &Device) -> Device {
    Device {
        version: Version::from_i64(version),
        ..device.clone()
    }
}

pub(crate) fn insert(store: &impl DeviceStore, device: &Device) {
    assert!(store.swap(&device.user, None, Some(device)).unwrap());
}

pub(crate) fn is_unavailable<T: Debug>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}
