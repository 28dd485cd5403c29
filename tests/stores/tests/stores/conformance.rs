//! The contract of [`actix_totp_core::DeviceStore`] with every driver on every database.

mod diesel_sqlite {
    actix_totp_core::conformance_tests!(crate::support::migrated::<crate::support::DieselSqlite>());
}

mod sqlx_sqlite {
    actix_totp_core::conformance_tests!(crate::support::migrated::<crate::support::SqlxSqlite>());
}

#[cfg(feature = "postgres")]
mod diesel_postgres {
    actix_totp_core::conformance_tests!(
        crate::support::migrated::<crate::support::DieselPostgres>()
    );
}

#[cfg(feature = "postgres")]
mod sqlx_postgres {
    actix_totp_core::conformance_tests!(crate::support::migrated::<crate::support::SqlxPostgres>());
}

#[cfg(feature = "mysql")]
mod diesel_mysql {
    actix_totp_core::conformance_tests!(crate::support::migrated::<crate::support::DieselMysql>());
}

#[cfg(feature = "mysql")]
mod sqlx_mysql {
    actix_totp_core::conformance_tests!(crate::support::migrated::<crate::support::SqlxMysql>());
}
