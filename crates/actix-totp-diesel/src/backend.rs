//! The queries, written once and stamped per database.

use actix_totp_core::{Swap, UserId};
use diesel::{
    QueryResult,
    r2d2::{ConnectionManager, Pool, R2D2Connection},
    result::Error,
};

use crate::{
    columns::{Columns, Row},
    error::{MigrateError, OpenError},
    limits::Limits,
};

/// A kind of connection that devices can be kept with: `SqliteConnection`, `PgConnection` or `MysqlConnection`, each
/// behind its feature. Sealed.
pub trait Backend: Queries {}

pub(crate) type ConnectionPool<C> = Pool<ConnectionManager<C>>;

/// What a store opens.
pub struct Opened<C: R2D2Connection + 'static> {
    /// Reads, and writes too where there is no writer.
    pub(crate) pool: ConnectionPool<C>,
    pub(crate) writer: Option<WriterConnection<C>>,
}

impl<C: R2D2Connection + 'static> Opened<C> {
    pub(crate) const fn without_writer(pool: ConnectionPool<C>) -> Self {
        Self { pool, writer: None }
    }
}

/// The one connection that writes, in a pool of its own.
pub(crate) struct WriterConnection<C: R2D2Connection + 'static> {
    pub(crate) pool: ConnectionPool<C>,
    pub(crate) transaction: Transaction<C>,
    pub(crate) after_commit: AfterCommit,
}

/// Is given after each commit how many rows it wrote, when everybody has their answer.
pub(crate) type AfterCommit = Box<dyn FnMut(usize) + Send>;

/// Runs a function in one transaction that takes the write lock at its start.
pub(crate) type Transaction<C> =
    fn(&mut C, &mut dyn FnMut(&mut C) -> QueryResult<()>) -> QueryResult<()>;

/// Writes many of one kind with one statement that commits by itself, and says for each in order whether it was written. No
/// user comes twice.
pub(crate) type WriteAll<C> = fn(&mut C, WriteKind, &[Write<'_>]) -> QueryResult<Vec<bool>>;

/// What a swap does to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    Update,
    Delete,
    Insert,
}

impl WriteKind {
    /// `None`: it writes nothing.
    pub(crate) const fn of(swap: &Swap) -> Option<Self> {
        match (swap.expected, &swap.next) {
            (Some(_), Some(_)) => Some(Self::Update),
            (Some(_), None) => Some(Self::Delete),
            (None, Some(_)) => Some(Self::Insert),
            (None, None) => None,
        }
    }
}

/// A swap, and the values that it writes.
pub struct Write<'a> {
    pub(crate) swap: &'a Swap,
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    // only PostgreSQL has such statements
    pub(crate) columns: Option<Columns>,
}

impl<'a> Write<'a> {
    pub(crate) fn of(swap: &'a Swap) -> QueryResult<Self> {
        let columns = swap.next.as_ref().map(Columns::of).transpose()?;
        Ok(Self { swap, columns })
    }
}

/// The queries of a store, and what differs between databases.
pub trait Queries: R2D2Connection + Sized + 'static {
    /// Connections with the settings that this crate promises.
    fn open(url: &str, limits: Limits) -> Result<Opened<Self>, OpenError>;

    fn find(&mut self, user: &UserId) -> QueryResult<Option<Row>>;
    fn insert(&mut self, user: &UserId, columns: &Columns) -> QueryResult<usize>;
    fn update(&mut self, user: &UserId, expected: i64, columns: &Columns) -> QueryResult<usize>;
    fn delete(&mut self, user: &UserId, expected: i64) -> QueryResult<usize>;
    fn page(&mut self, after: Option<&UserId>, limit: i64) -> QueryResult<Vec<Row>>;

    /// Finds many; the rows are in the order of the users.
    fn find_all(&mut self, users: &[&UserId]) -> QueryResult<Vec<Option<Row>>> {
        users.iter().map(|user| self.find(user)).collect()
    }

    /// One statement for many swaps of a kind, where the database has it.
    const WRITE_ALL: Option<WriteAll<Self>> = None;

    /// Makes the pool drop this connection instead of giving it to somebody else.
    fn discard(&mut self);

    /// Whether this error of a conditional write says that another writer was first. Any other is a fault.
    fn is_conflict(error: &Error) -> bool;

    /// Runs our pending migrations, with any number of processes at once.
    fn migrate(&mut self) -> Result<(), MigrateError>;
    /// Reverts our migrations, the newest first, and nobody else's.
    fn revert(&mut self) -> Result<(), MigrateError>;
}

/// Stamps the queries for one database, with the columns of [`with_columns`](crate::columns::with_columns). `$key` is the SQL
/// type of the user id, `$owned` what it is read as and `$borrowed` what it is sent as; `$different` are the functions of the
/// database's own file.
macro_rules! queries {
    (
        [$($column:ident: $sql:ty => $value:ty,)*]
        $connection:ty, user_id: $key:ident, $owned:ty, $borrowed:ty, { $($different:item)* }
    ) => {
        use diesel::prelude::*;

        diesel::table! {
            totp_devices (user_id) {
                user_id -> $key,
                $($column -> $sql,)*
            }
        }

        fn key(user: &actix_totp_core::UserId) -> &$borrowed {
            user.as_str().as_ref()
        }

        impl $crate::backend::Backend for $connection {}

        impl $crate::backend::Queries for $connection {
            fn find(
                &mut self,
                user: &actix_totp_core::UserId,
            ) -> QueryResult<Option<$crate::columns::Row>> {
                // Without LIMIT: SQLite prepares a statement anew whenever a bound limit is bound again.
                totp_devices::table
                    .find(key(user))
                    .get_result::<$crate::columns::Tuple<$owned>>(self)
                    .optional()
                    .map(|found| found.map($crate::columns::Row::from_tuple))
            }

            fn insert(
                &mut self,
                user: &actix_totp_core::UserId,
                columns: &$crate::columns::Columns,
            ) -> QueryResult<usize> {
                let values = ($(totp_devices::$column.eq(&columns.$column),)*);
                diesel::insert_into(totp_devices::table)
                    .values((totp_devices::user_id.eq(key(user)), values))
                    .execute(self)
            }

            fn update(
                &mut self,
                user: &actix_totp_core::UserId,
                expected: i64,
                columns: &$crate::columns::Columns,
            ) -> QueryResult<usize> {
                let is_the_user = totp_devices::user_id.eq(key(user));
                let update = $crate::prepared_update::PreparedUpdate {
                    columns: diesel::query_builder::AsChangeset::as_changeset(
                        ($(totp_devices::$column.eq(&columns.$column),)*),
                    ),
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
            ) -> QueryResult<Vec<$crate::columns::Row>> {
                let ordered = totp_devices::table
                    .order(totp_devices::user_id.asc())
                    .limit(limit);
                let rows = match after {
                    Some(after) => ordered
                        .filter(totp_devices::user_id.gt(key(after)))
                        .load::<$crate::columns::Tuple<$owned>>(self),
                    None => ordered.load(self),
                };
                rows.map(|rows| rows.into_iter().map($crate::columns::Row::from_tuple).collect())
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
