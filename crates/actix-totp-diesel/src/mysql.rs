//! What is different about MySQL and MariaDB, also as a Galera cluster.

use actix_totp_migrations::MYSQL;
use diesel::{
    MysqlConnection,
    connection::SimpleConnection,
    r2d2::{CustomizeConnection, Pool},
    result::{DatabaseErrorKind, Error},
    sql_types::{BigInt, Nullable},
};

use crate::{
    backend::{Opened, queries},
    columns::with_columns,
    error::{MigrateError, OpenError},
    limits::Limits,
    migrate::{self, Failure, retry_while},
};

with_columns!(
    queries! { MysqlConnection, user_id: Binary, Vec<u8>, [u8], {
        fn open(url: &str, limits: Limits) -> Result<Opened<Self>, OpenError> {
            let pool = limits.pool(Pool::builder(), url, limits.connections, Settings(limits));
            pool.map(Opened::without_writer)
        }

        fn is_conflict(error: &Error) -> bool {
            match error {
                // 1213, a deadlock, is how Galera says that the write lost at certification.
                Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure, _) => true,
                // 1205 and 1020, which diesel does not name; nor 1213 when the client library reports it at commit.
                Error::DatabaseError(DatabaseErrorKind::Unknown, info) => {
                    info.message().starts_with("Lock wait timeout exceeded")
                        || info.message().starts_with("Record has changed since last read in table")
                        || info.message().starts_with("Deadlock found when trying to get lock")
                }
                _ => false,
            }
        }

        fn migrate(&mut self) -> Result<(), MigrateError> {
            self.one_at_a_time(|connection| migrate::run(connection, MYSQL))
        }

        fn revert(&mut self) -> Result<(), MigrateError> {
            self.one_at_a_time(|connection| migrate::revert(connection, MYSQL))
        }
    }}
);

trait OneAtATime {
    fn one_at_a_time(
        &mut self,
        run: impl Fn(&mut MysqlConnection) -> Result<(), Failure>,
    ) -> Result<(), MigrateError>;
}

impl OneAtATime for MysqlConnection {
    /// DDL commits by itself here, so a named lock of the server keeps other processes out. In a Galera cluster that lock
    /// is each node's own: two nodes may then make the table at once, which `IF NOT EXISTS` allows, and write the same
    /// version, of which one fails and finds it written when it tries again.
    fn one_at_a_time(
        &mut self,
        run: impl Fn(&mut MysqlConnection) -> Result<(), Failure>,
    ) -> Result<(), MigrateError> {
        let attempt = || {
            if !get_lock(self)? {
                return Err(Busy.into());
            }
            let done = run(self);
            diesel::sql_query("DO RELEASE_LOCK('actix_totp_migrations')").execute(self)?;
            done
        };
        let others_are_in_the_way = |error: &Failure| {
            error.is::<Busy>()
                || error
                    .downcast_ref()
                    .is_some_and(<MysqlConnection as crate::backend::Queries>::is_conflict)
        };
        retry_while(attempt, others_are_in_the_way).map_err(MigrateError)
    }
}

/// Another process migrates.
#[derive(Debug, thiserror::Error)]
#[error("another process is migrating")]
struct Busy;

fn get_lock(connection: &mut MysqlConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::sql::<Nullable<BigInt>>(
        "GET_LOCK('actix_totp_migrations', 0)",
    ))
    .get_result::<Option<i64>>(connection)
    .map(|got| got == Some(1))
}

#[derive(Debug)]
struct Settings(Limits);

impl CustomizeConnection<MysqlConnection, diesel::r2d2::Error> for Settings {
    fn on_acquire(&self, connection: &mut MysqlConnection) -> Result<(), diesel::r2d2::Error> {
        // Each server reads the comment that is meant for it. English: `is_conflict` reads messages.
        connection
            .batch_execute(&format!(
                "SET SESSION innodb_lock_wait_timeout = {}, SESSION lc_messages = 'en_US' \
                 /*!50708 , SESSION max_execution_time = {} */ /*M!100100 , SESSION max_statement_time = {} */",
                self.0.lock.as_secs(),
                self.0.statement.as_millis(),
                self.0.statement.as_secs(),
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}
