//! A database of a test's own with users in it, and the command to run on it.

pub(crate) mod database;
mod schema;
mod users;

pub(crate) use database::Database;
pub(crate) use schema::assert_answers;
pub(crate) use users::{NEW, NEW_AND_OLD, OLD, STRANGE, Users, key_ring, user};

/// Makes a test of each function for each database.
macro_rules! on_every_database {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&$crate::support::Database::sqlite()); })*
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[test] fn $name() { super::$name(&$crate::support::Database::postgres()); })*
        }
        #[cfg(feature = "mysql")]
        mod mysql {
            $(#[test] fn $name() { super::$name(&$crate::support::Database::mysql()); })*
        }
    };
}
pub(crate) use on_every_database;
