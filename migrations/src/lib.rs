#![doc = include_str!("../README.md")]

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// The migrations for SQLite.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("sqlite");
/// The migrations for PostgreSQL.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("postgres");
/// The migrations for MySQL and MariaDB.
pub const MYSQL: EmbeddedMigrations = embed_migrations!("mysql");
