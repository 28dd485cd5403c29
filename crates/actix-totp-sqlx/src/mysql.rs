//! What is different about MySQL and MariaDB, also as a Galera cluster.

use actix_totp_sql::{Limits, statements, with_columns};
use sqlx::{
    MySql, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlDatabaseError},
};

use crate::{
    backend::{Open, queries},
    session::Session,
};

macro_rules! text {
    ($statement:ident) => {
        statements::$statement
    };
}

with_columns!(
    queries! { MySql, Mysql, text: text, user_id: Vec<u8>, [u8], begin: "BEGIN", {
        fn is_conflict(error: &sqlx::Error) -> bool {
            let error = error.as_database_error();
            let error = error.and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
            error.is_some_and(|error| is_conflict(error.number()))
        }
    }}
);

/// A duplicate key; a deadlock, which is also how Galera says that the write lost at certification; a lock that was waited for
/// too long; a record that changed since the snapshot.
const fn is_conflict(number: u16) -> bool {
    matches!(number, 1062 | 1213 | 1205 | 1020)
}

impl Open for MySql {
    type Driver = Session<Self>;

    fn parse(url: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
        url.parse()
    }

    async fn set_up(connection: &mut MySqlConnection, limits: Limits) -> Result<(), sqlx::Error> {
        // Each server reads the comment that is meant for it.
        let set = "SET SESSION innodb_lock_wait_timeout = ? \
            /*!50708 , SESSION max_execution_time = ? * 1000 */ /*M!100100 , SESSION max_statement_time = ? */";
        sqlx::query(set)
            .bind(limits.lock.as_secs())
            .bind(limits.statement.as_secs())
            .persistent(false)
            .execute(connection)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_certainly_not_written_is_a_conflict_and_nothing_else() {
        // The snapshot's (1020) nobody brings about here: these connections are in no transaction.
        let conflicts = (1..5_000).filter(|number| is_conflict(*number));
        assert_eq!(conflicts.collect::<Vec<_>>(), [1020, 1062, 1205, 1213]);
    }
}
