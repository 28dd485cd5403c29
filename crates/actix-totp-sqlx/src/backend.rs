//! The queries, written once and stamped per database.

use actix_totp_sql::{Driver, Limits, OpenError, Opened};

use crate::session::{Manager, Options, Session};

/// A database that devices can be kept in: `sqlx::Sqlite`, `sqlx::Postgres` or `sqlx::MySql`, each behind its feature.
/// Sealed.
pub trait Backend: Open {}

/// How the connections of a store are opened.
pub trait Open: sqlx::Database {
    type Driver: Driver<Connection = Session<Self>, Manager = Manager<Self>, Error = sqlx::Error>;

    /// What a URL says, and what this crate promises for it.
    fn parse(url: &str) -> Result<Options<Self>, sqlx::Error>;

    /// Gives a new connection the settings that this crate promises.
    fn set_up(
        connection: &mut Self::Connection,
        limits: Limits,
    ) -> impl Future<Output = Result<(), sqlx::Error>>;

    /// Whether what was opened is seen by its own connection alone.
    fn is_in_memory(_opened: &Opened<Self::Driver>) -> bool {
        false
    }

    /// Opens the pools. `url` is not shown.
    fn open(manager: Manager<Self>, url: &str) -> Result<Opened<Self::Driver>, OpenError> {
        let limits = manager.limits;
        let pool = r2d2::Pool::builder();
        let pool = limits.pool::<Self::Driver>(pool, manager, url, limits.connections);
        pool.map(Opened::without_writer)
    }
}

/// Stamps the queries for one database, with the columns of [`with_columns`](actix_totp_sql::with_columns). `$text` is a macro
/// that gives a statement its parameters as this database writes them, `$owned` what the user id is read as and `$borrowed`
/// what it is sent as; `$different` are the functions of the database's own file.
macro_rules! queries {
    (
        [$($column:ident: $sql:ty => $value:ty,)*]
        $database:ident, $dialect:ident, text: $text:ident, user_id: $owned:ty, $borrowed:ty,
        begin: $begin:literal, { $($different:item)* }
    ) => {
        use sqlx::Row as _;

        fn key(user: &actix_totp_sql::actix_totp_core::UserId) -> &$borrowed {
            user.as_str().as_ref()
        }

        /// The columns are in the order of the statements: to look for their names costs more than to read them.
        fn read(row: &<sqlx::$database as sqlx::Database>::Row) -> Result<actix_totp_sql::Row, sqlx::Error> {
            let mut at = 0..;
            let mut next = || at.next().unwrap_or(usize::MAX);
            Ok(actix_totp_sql::Row {
                user: row.try_get::<$owned, _>(next())?.into(),
                columns: actix_totp_sql::Columns {
                    $($column: row.try_get::<$value, _>(next())?,)*
                },
            })
        }

        fn in_transaction(
            session: &mut $crate::session::Session<sqlx::$database>,
            begin: &'static str,
            run: &mut dyn FnMut(&mut $crate::session::Session<sqlx::$database>) -> Result<(), sqlx::Error>,
        ) -> Result<(), sqlx::Error> {
            let execute = |session: &mut $crate::session::Session<sqlx::$database>, sql: &'static str| {
                session.ask(async |connection| sqlx::raw_sql(sql).execute(connection).await.map(drop))
            };
            execute(session, begin)?;
            let done = run(session).and_then(|()| execute(session, "COMMIT"));
            if done.is_err() && execute(session, "ROLLBACK").is_err() {
                session.discard();
            }
            done
        }

        impl $crate::backend::Backend for sqlx::$database {}

        impl actix_totp_sql::Driver for $crate::session::Session<sqlx::$database> {
            type Connection = Self;
            type Manager = $crate::session::Manager<sqlx::$database>;
            type Error = sqlx::Error;

            const DIALECT: actix_totp_sql::Dialect = actix_totp_sql::Dialect::$dialect;

            fn find(
                session: &mut Self,
                user: &actix_totp_sql::actix_totp_core::UserId,
            ) -> Result<Option<actix_totp_sql::Row>, sqlx::Error> {
                let found = session.ask(async |connection| {
                    sqlx::query($text!(FIND)).bind(key(user)).fetch_optional(connection).await
                })?;
                found.as_ref().map(read).transpose()
            }

            fn insert(
                session: &mut Self,
                user: &actix_totp_sql::actix_totp_core::UserId,
                columns: &actix_totp_sql::Columns,
            ) -> Result<usize, sqlx::Error> {
                session.ask(async |connection| {
                    let insert = sqlx::query($text!(INSERT)).bind(key(user))$(.bind(&columns.$column))*;
                    Ok(insert.execute(connection).await?.rows_affected() as usize)
                })
            }

            fn update(
                session: &mut Self,
                user: &actix_totp_sql::actix_totp_core::UserId,
                expected: i64,
                columns: &actix_totp_sql::Columns,
            ) -> Result<usize, sqlx::Error> {
                session.ask(async |connection| {
                    let update = sqlx::query($text!(UPDATE))$(.bind(&columns.$column))*;
                    let update = update.bind(key(user)).bind(expected);
                    Ok(update.execute(connection).await?.rows_affected() as usize)
                })
            }

            fn delete(
                session: &mut Self,
                user: &actix_totp_sql::actix_totp_core::UserId,
                expected: i64,
            ) -> Result<usize, sqlx::Error> {
                session.ask(async |connection| {
                    let delete = sqlx::query($text!(DELETE)).bind(key(user)).bind(expected);
                    Ok(delete.execute(connection).await?.rows_affected() as usize)
                })
            }

            fn page(
                session: &mut Self,
                after: Option<&actix_totp_sql::actix_totp_core::UserId>,
                limit: i64,
            ) -> Result<Vec<actix_totp_sql::Row>, sqlx::Error> {
                let rows = session.ask(async |connection| {
                    let page = match after {
                        Some(after) => sqlx::query($text!(PAGE_AFTER)).bind(key(after)),
                        None => sqlx::query($text!(FIRST_PAGE)),
                    };
                    page.bind(limit).fetch_all(connection).await
                })?;
                rows.iter().map(read).collect()
            }

            fn transaction(
                session: &mut Self,
                run: &mut dyn FnMut(&mut Self) -> Result<(), sqlx::Error>,
            ) -> Result<(), sqlx::Error> {
                in_transaction(session, $begin, run)
            }

            fn execute(session: &mut Self, sql: &'static str) -> Result<(), sqlx::Error> {
                session.ask_within($crate::backend::MIGRATING, async |connection| {
                    sqlx::raw_sql(sql).execute(connection).await.map(drop)
                })
            }

            fn number(session: &mut Self, sql: &'static str) -> Result<Option<i64>, sqlx::Error> {
                session.ask_within($crate::backend::MIGRATING, async |connection| {
                    sqlx::query(sql).fetch_one(connection).await?.try_get("number")
                })
            }

            fn answers(session: &mut Self) -> bool {
                session.answers()
            }

            fn discard(session: &mut Self) {
                session.discard();
            }

            fn out_of_range(error: std::num::TryFromIntError) -> sqlx::Error {
                sqlx::Error::Encode(error.into())
            }

            $($different)*
        }
    };
}
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use queries;

/// How long a statement of a migration may take: the servers' own limit is a minute.
pub(crate) const MIGRATING: std::time::Duration = std::time::Duration::from_secs(90);
