//! The queries, written once and stamped per database.

use std::marker::PhantomData;

use actix_totp_sql::{Driver, Limits, OpenError, Opened};
use diesel::{
    QueryResult, QueryableByName,
    r2d2::{ConnectionManager, CustomizeConnection, Pool, R2D2Connection},
    result::Error,
    sql_types,
};

/// A kind of connection that devices can be kept with: `SqliteConnection`, `PgConnection` or `MysqlConnection`, each
/// behind its feature. Sealed.
pub trait Backend: Open {}

/// What a kind of connection is driven by.
pub trait Open: R2D2Connection + 'static {
    type Driver: Driver<Connection = Self, Manager = ConnectionManager<Self>, Error = Error>;

    /// Connections with the settings that this crate promises.
    fn open(url: &str, limits: Limits) -> Result<Opened<Self::Driver>, OpenError>;

    /// Called where a query failed.
    fn after_failure(&mut self) {}
}

/// The queries on connections of this kind.
pub struct Diesel<C>(PhantomData<fn() -> C>);

pub(crate) type ConnectionPool<C> = Pool<ConnectionManager<C>>;

/// A pool of connections with these settings.
pub(crate) fn pool<C: Open>(
    pool: diesel::r2d2::Builder<ConnectionManager<C>>,
    url: &str,
    limits: Limits,
    connections: u32,
    settings: impl CustomizeConnection<C, diesel::r2d2::Error>,
) -> Result<ConnectionPool<C>, OpenError> {
    let pool = pool.connection_customizer(Box::new(settings));
    limits.pool::<C::Driver>(pool, ConnectionManager::new(url), url, connections)
}

/// The one value of a query.
#[derive(QueryableByName)]
pub(crate) struct Number {
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub(crate) number: Option<i64>,
}

/// The answer of a query, after what its failure asks for.
pub(crate) fn asked<C: Open, T>(connection: &mut C, answer: QueryResult<T>) -> QueryResult<T> {
    if answer.is_err() {
        connection.after_failure();
    }
    answer
}

/// Stamps the queries for one database, with the columns of [`with_columns`](actix_totp_sql::with_columns). `$key` is the SQL
/// type of the user id, `$owned` what it is read as and `$borrowed` what it is sent as; `$different` are the functions of the
/// database's own file.
macro_rules! queries {
    (
        [$($column:ident: $sql:ty => $value:ty,)*]
        $connection:ty, $dialect:ident, user_id: $key:ident, $owned:ty, $borrowed:ty, { $($different:item)* }
    ) => {
        use diesel::prelude::*;

        diesel::table! {
            totp_devices (user_id) {
                user_id -> $key,
                $($column -> $sql,)*
            }
        }

        fn key(user: &actix_totp_sql::actix_totp_core::UserId) -> &$borrowed {
            user.as_str().as_ref()
        }

        impl $crate::backend::Backend for $connection {}

        impl actix_totp_sql::Driver for $crate::backend::Diesel<$connection> {
            type Connection = $connection;
            type Manager = diesel::r2d2::ConnectionManager<$connection>;
            type Error = diesel::result::Error;

            const DIALECT: actix_totp_sql::Dialect = actix_totp_sql::Dialect::$dialect;

            fn find(
                connection: &mut $connection,
                user: &actix_totp_sql::actix_totp_core::UserId,
            ) -> QueryResult<Option<actix_totp_sql::Row>> {
                // Without LIMIT: SQLite prepares a statement anew whenever a bound limit is bound again.
                let found = totp_devices::table
                    .find(key(user))
                    .get_result::<actix_totp_sql::Tuple<$owned>>(connection)
                    .optional();
                $crate::backend::asked(connection, found).map(|found| found.map(actix_totp_sql::Row::from_tuple))
            }

            fn insert(
                connection: &mut $connection,
                user: &actix_totp_sql::actix_totp_core::UserId,
                columns: &actix_totp_sql::Columns,
            ) -> QueryResult<usize> {
                let values = ($(totp_devices::$column.eq(&columns.$column),)*);
                let written = diesel::insert_into(totp_devices::table)
                    .values((totp_devices::user_id.eq(key(user)), values))
                    .execute(connection);
                $crate::backend::asked(connection, written)
            }

            fn update(
                connection: &mut $connection,
                user: &actix_totp_sql::actix_totp_core::UserId,
                expected: i64,
                columns: &actix_totp_sql::Columns,
            ) -> QueryResult<usize> {
                let is_the_user = totp_devices::user_id.eq(key(user));
                let update = $crate::prepared_update::PreparedUpdate {
                    columns: diesel::query_builder::AsChangeset::as_changeset(
                        ($(totp_devices::$column.eq(&columns.$column),)*),
                    ),
                    predicate: is_the_user.and(totp_devices::version.eq(expected)),
                };
                let written = update.execute(connection);
                $crate::backend::asked(connection, written)
            }

            fn delete(
                connection: &mut $connection,
                user: &actix_totp_sql::actix_totp_core::UserId,
                expected: i64,
            ) -> QueryResult<usize> {
                let row = totp_devices::table.find(key(user));
                let written = diesel::delete(row.filter(totp_devices::version.eq(expected))).execute(connection);
                $crate::backend::asked(connection, written)
            }

            fn page(
                connection: &mut $connection,
                after: Option<&actix_totp_sql::actix_totp_core::UserId>,
                limit: i64,
            ) -> QueryResult<Vec<actix_totp_sql::Row>> {
                let ordered = totp_devices::table
                    .order(totp_devices::user_id.asc())
                    .limit(limit);
                let rows = match after {
                    Some(after) => ordered
                        .filter(totp_devices::user_id.gt(key(after)))
                        .load::<actix_totp_sql::Tuple<$owned>>(connection),
                    None => ordered.load(connection),
                };
                let rows = $crate::backend::asked(connection, rows);
                rows.map(|rows| rows.into_iter().map(actix_totp_sql::Row::from_tuple).collect())
            }

            fn execute(connection: &mut $connection, sql: &'static str) -> QueryResult<()> {
                diesel::connection::SimpleConnection::batch_execute(connection, sql)
            }

            fn number(connection: &mut $connection, sql: &'static str) -> QueryResult<Option<i64>> {
                let row: $crate::backend::Number = diesel::sql_query(sql).get_result(connection)?;
                Ok(row.number)
            }

            fn answers(connection: &mut $connection) -> bool {
                diesel::r2d2::R2D2Connection::ping(connection).is_ok()
            }

            fn out_of_range(error: std::num::TryFromIntError) -> diesel::result::Error {
                diesel::result::Error::SerializationError(error.into())
            }

            fn discard(connection: &mut $connection) {
                use diesel::connection::{AnsiTransactionManager, TransactionManager};
                // What diesel's connection manager takes for broken.
                <AnsiTransactionManager as TransactionManager<$connection>>::transaction_manager_status_mut(connection)
                    .set_in_error();
            }

            $($different)*
        }
    };
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use queries;
