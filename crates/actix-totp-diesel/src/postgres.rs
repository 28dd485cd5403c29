//! What is different about PostgreSQL.

use std::collections::{HashMap, HashSet};

use actix_totp_core::UserId;
use actix_totp_migrations::POSTGRES;
use diesel::{
    PgConnection,
    connection::SimpleConnection,
    r2d2::CustomizeConnection,
    result::{DatabaseErrorKind, Error},
};

use crate::{
    backend::queries,
    error::{MigrateError, OpenError},
    migrate,
    row::{Columns, Row, Values},
    store::{Pools, pool},
    update_all::UpdateAll,
};

const CONNECTIONS: u32 = 10;

/// One process migrates at a time. The lock's number is ours by chance; the timeouts hold for this transaction only.
const MIGRATION_LOCK: &str = "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '60s'; \
    SELECT pg_advisory_xact_lock(7308602211540129903);";

queries!(PgConnection, user_id: Text, String, str, {
    fn open(url: &str) -> Result<Pools<Self>, OpenError> {
        pool(url, CONNECTIONS, Settings).map(Pools::one)
    }

    fn find_all(&mut self, users: &[&UserId]) -> QueryResult<Vec<Option<Row>>> {
        let wanted: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
        let rows = totp_devices::table
            .filter(totp_devices::user_id.eq_any(wanted))
            .load::<Columns<String>>(self)?;
        let rows = rows.into_iter().map(|row| (row.0.clone(), row));
        let found: HashMap<String, Columns<String>> = rows.collect();
        let row = |user: &&UserId| found.get(user.as_str()).cloned().map(Row::from_columns);
        Ok(users.iter().map(row).collect())
    }

    const UPDATES_MANY: bool = true;

    fn update_all(&mut self, updates: &[(i64, Values<'_>)]) -> QueryResult<Vec<bool>> {
        let written: HashSet<String> = UpdateAll::of(updates).load(self)?.into_iter().collect();
        let is_written = |(_, next): &(i64, Values<'_>)| written.contains(next.device.user.as_str());
        Ok(updates.iter().map(is_written).collect())
    }

    fn is_lost_swap(error: &Error) -> bool {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure, _) => true,
            // 40P01, which diesel does not name.
            Error::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message() == "deadlock detected",
            _ => false,
        }
    }

    fn migrate(&mut self) -> Result<(), MigrateError> {
        self.transaction(|connection| {
            connection.batch_execute(MIGRATION_LOCK)?;
            migrate::run(connection, POSTGRES)
        })
        .map_err(MigrateError)
    }

    fn revert(&mut self) -> Result<(), MigrateError> {
        self.transaction(|connection| {
            connection.batch_execute(MIGRATION_LOCK)?;
            migrate::revert(connection, POSTGRES)
        })
        .map_err(MigrateError)
    }
});

#[derive(Debug)]
struct Settings;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Settings {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        // The messages that `is_lost_swap` reads are those of the C locale; not every role may set it.
        let _ = connection.batch_execute("SET lc_messages = 'C'");
        connection
            .batch_execute("SET lock_timeout = '2s'; SET statement_timeout = '2s'")
            .map_err(diesel::r2d2::Error::QueryError)
    }
}
