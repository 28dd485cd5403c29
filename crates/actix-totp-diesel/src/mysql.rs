//! What is different about MySQL and MariaDB, also as a Galera cluster.

use actix_totp_sql::{Driver as _, Limits, OpenError, Opened, with_columns};
use diesel::{
    MysqlConnection,
    connection::SimpleConnection,
    r2d2::{CustomizeConnection, Pool},
    result::{DatabaseErrorKind, Error},
};

use crate::backend::{self, Diesel, Open, queries};

with_columns!(
    queries! { MysqlConnection, Mysql, user_id: Binary, Vec<u8>, [u8], {
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

        fn transaction(
            connection: &mut MysqlConnection,
            run: &mut dyn FnMut(&mut MysqlConnection) -> QueryResult<()>,
        ) -> QueryResult<()> {
            connection.transaction(run)
        }
    }}
);

impl Open for MysqlConnection {
    type Driver = Diesel<Self>;

    fn open(url: &str, limits: Limits) -> Result<Opened<Self::Driver>, OpenError> {
        let pool = backend::pool(
            Pool::builder(),
            url,
            limits,
            limits.connections,
            Settings(limits),
        );
        pool.map(Opened::without_writer)
    }

    /// With libmysqlclient a prepared statement that failed once answers that error for ever: diesel asks for it before the
    /// statement is executed, and only its execution clears it. diesel 2.2 cannot forget a statement, so the connection goes.
    fn after_failure(&mut self) {
        Self::Driver::discard(self);
    }
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
