//! The contract of [`actix_totp_core::DeviceStore`] on every kind of database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]
#![cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod support;

#[cfg(feature = "sqlite")]
mod sqlite {
    use actix_totp_diesel::diesel::SqliteConnection;

    actix_totp_core::conformance_tests!(crate::support::migrated::<SqliteConnection>());
}

#[cfg(feature = "postgres")]
mod postgres {
    use actix_totp_diesel::diesel::PgConnection;

    actix_totp_core::conformance_tests!(crate::support::migrated::<PgConnection>());
}

#[cfg(feature = "mysql")]
mod mysql {
    use actix_totp_diesel::diesel::MysqlConnection;

    actix_totp_core::conformance_tests!(crate::support::migrated::<MysqlConnection>());
}
