//! The queries, written once and stamped per database.

use actix_totp_core::UserId;
use diesel::{QueryResult, r2d2::R2D2Connection, result::Error};

use crate::{
    builder::Limits,
    error::{MigrateError, OpenError},
    row::{Row, Values},
    store::Pools,
};

/// A kind of connection that devices can be kept with: `SqliteConnection`, `PgConnection` or `MysqlConnection`, each
/// behind its feature. Sealed.
pub trait Backend: Queries {}

/// The queries of a store, and what differs between databases.
pub trait Queries: R2D2Connection + Sized + 'static {
    /// Pools with the connection settings that this crate promises.
    fn open(url: &str, limits: Limits) -> Result<Pools<Self>, OpenError>;

    fn find(&mut self, user: &UserId) -> QueryResult<Option<Row>>;
    fn insert(&mut self, values: &Values<'_>) -> QueryResult<usize>;
    fn update(&mut self, expected: i64, values: &Values<'_>) -> QueryResult<usize>;
    fn delete(&mut self, user: &UserId, expected: i64) -> QueryResult<usize>;
    fn page(&mut self, after: Option<&UserId>, limit: i64) -> QueryResult<Vec<Row>>;

    /// Finds many at about the price of one; the rows are in the order of the users.
    fn find_all(&mut self, users: &[&UserId]) -> QueryResult<Vec<Option<Row>>>;
    /// Updates many with one statement that commits by itself, and says for each in order whether it was written. No user
    /// comes twice. To be called only if [`UPDATES_MANY`](Self::UPDATES_MANY).
    fn update_all(&mut self, updates: &[(i64, Values<'_>)]) -> QueryResult<Vec<bool>>;
    const UPDATES_MANY: bool;

    /// Makes the pool drop this connection instead of giving it to somebody else.
    fn discard(&mut self);

    /// Whether this error of a conditional write says that another writer was first. Any other is a fault.
    fn is_conflict(error: &Error) -> bool;

    /// Runs our pending migrations, with any number of processes at once.
    fn migrate(&mut self) -> Result<(), MigrateError>;
    /// Reverts our migrations, the newest first, and nobody else's.
    fn revert(&mut self) -> Result<(), MigrateError>;
}

/// Stamps the queries for one database. `$sql` is the SQL type of the user id, `$owned` what it is read as and `$borrowed`
/// what it is sent as; `$different` are the functions of the database's own file.
macro_rules! queries {
    ($connection:ty, user_id: $sql:ident, $owned:ty, $borrowed:ty, { $($different:item)* }) => {
        use diesel::prelude::*;

        diesel::table! {
            totp_devices (user_id) {
                user_id -> $sql,
                version -> BigInt,
                epoch -> BigInt,
                sealed -> Binary,
                confirmed_at -> Nullable<BigInt>,
                pending_at -> Nullable<BigInt>,
                last_step -> Nullable<BigInt>,
                failures -> BigInt,
                recent_failures -> Binary,
                backup_failures -> BigInt,
                pending_failures -> BigInt,
                proof_failures -> Binary,
                backup_codes_remaining -> BigInt,
                last_used_at -> Nullable<BigInt>,
                created_at -> BigInt,
                updated_at -> BigInt,
            }
        }

        fn key(user: &actix_totp_core::UserId) -> &$borrowed {
            user.as_str().as_ref()
        }

        /// All columns but the key.
        macro_rules! columns {
            ($values:expr) => {{
                let values = $values;
                let device = values.device;
                (
                    totp_devices::version.eq(device.version.to_i64()),
                    totp_devices::epoch.eq(device.epoch.to_i64()),
                    totp_devices::sealed.eq(device.sealed.as_slice()),
                    totp_devices::confirmed_at.eq(values.confirmed_at),
                    totp_devices::pending_at.eq(values.pending_at),
                    totp_devices::last_step.eq(values.last_step),
                    totp_devices::failures.eq(i64::from(device.failures)),
                    totp_devices::recent_failures.eq(values.recent_failures.as_slice()),
                    totp_devices::backup_failures.eq(i64::from(device.backup_failures)),
                    totp_devices::pending_failures.eq(i64::from(device.pending_failures)),
                    totp_devices::proof_failures.eq(values.proof_failures.as_slice()),
                    totp_devices::backup_codes_remaining
                        .eq(i64::from(device.backup_codes_remaining)),
                    totp_devices::last_used_at.eq(values.last_used_at),
                    totp_devices::created_at.eq(values.created_at),
                    totp_devices::updated_at.eq(values.updated_at),
                )
            }};
        }

        impl $crate::backend::Backend for $connection {}

        impl $crate::backend::Queries for $connection {
            fn find(
                &mut self,
                user: &actix_totp_core::UserId,
            ) -> QueryResult<Option<$crate::row::Row>> {
                // Without LIMIT: SQLite prepares a statement anew whenever a bound limit is bound again.
                totp_devices::table
                    .find(key(user))
                    .get_result::<$crate::row::Columns<$owned>>(self)
                    .optional()
                    .map(|found| found.map($crate::row::Row::from_columns))
            }

            fn insert(&mut self, values: &$crate::row::Values<'_>) -> QueryResult<usize> {
                diesel::insert_into(totp_devices::table)
                    .values((totp_devices::user_id.eq(key(&values.device.user)), columns!(values)))
                    .execute(self)
            }

            fn update(
                &mut self,
                expected: i64,
                values: &$crate::row::Values<'_>,
            ) -> QueryResult<usize> {
                let is_the_user = totp_devices::user_id.eq(key(&values.device.user));
                let update = $crate::update::Update {
                    columns: diesel::query_builder::AsChangeset::as_changeset(columns!(values)),
                    predicate: is_the_user.and(totp_devices::version.eq(expected)),
                };
                update.execute(self)
            }

            fn delete(
                &mut self,
                user: &actix_totp_core::UserId,
                expected: i64,
            ) -> QueryResult<usize> {
                let row = totp_devices::table.find(key(user));
                diesel::delete(row.filter(totp_devices::version.eq(expected))).execute(self)
            }

            fn page(
                &mut self,
                after: Option<&actix_totp_core::UserId>,
                limit: i64,
            ) -> QueryResult<Vec<$crate::row::Row>> {
                let ordered = totp_devices::table
                    .order(totp_devices::user_id.asc())
                    .limit(limit);
                let rows = match after {
                    Some(after) => ordered
                        .filter(totp_devices::user_id.gt(key(after)))
                        .load::<$crate::row::Columns<$owned>>(self),
                    None => ordered.load(self),
                };
                rows.map(|rows| rows.into_iter().map($crate::row::Row::from_columns).collect())
            }

            fn discard(&mut self) {
                use diesel::connection::{AnsiTransactionManager, TransactionManager};
                // What diesel's connection manager takes for broken.
                <AnsiTransactionManager as TransactionManager<Self>>::transaction_manager_status_mut(self)
                    .set_in_error();
            }

            $($different)*
        }
    };
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use queries;
