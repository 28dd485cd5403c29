//! What is different about PostgreSQL.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

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
    builder::Limits,
    error::{MigrateError, OpenError},
    migrate,
    row::{Columns, Row, Values},
    store::Pools,
    update_all::UpdateAll,
};

/// One process migrates at a time. The lock's number is ours by chance; the timeouts hold for this transaction only.
const MIGRATION_LOCK: &str = "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '60s'; \
    SELECT pg_advisory_xact_lock(7308602211540129903);";

queries!(PgConnection, user_id: Text, String, str, {
    fn open(url: &str, limits: Limits) -> Result<Pools<Self>, OpenError> {
        let url = with_network_timeouts(url, limits.statement);
        let pool = limits.pool(&url, limits.connections, Settings(limits));
        pool.map(Pools::one)
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

/// A server that is gone without a word (its machine lost power, a network drops packets) is given up after a while by
/// libpq, unless the URL says otherwise; the server's own timeouts are of no use then. Else a thread would wait for it as
/// long as TCP tries, a quarter of an hour.
fn with_network_timeouts(url: &str, statement: Duration) -> String {
    let unacknowledged = 2 * statement;
    let settings = [
        ("connect_timeout", statement.as_secs().max(2)), // seconds; libpq takes 1 for 2
        ("tcp_user_timeout", unacknowledged.as_millis() as u64),
        ("keepalives_idle", 10),
        ("keepalives_interval", 2),
    ];
    let (server, parameters) = url.split_once('?').unwrap_or((url, ""));
    let is_url = server.contains("://"); // else it is libpq's `keyword=value` form
    let given = if is_url { parameters } else { url };
    let missing = settings
        .iter()
        .filter(|(name, _)| !given.contains(&format!("{name}=")));
    let mut url = url.to_owned();
    for (name, value) in missing {
        let separator = match (is_url, url.contains('?')) {
            (true, false) => '?',
            (true, true) => '&',
            (false, _) => ' ',
        };
        url.push_str(&format!("{separator}{name}={value}"));
    }
    url
}

#[derive(Debug)]
struct Settings(Limits);

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Settings {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        // The messages that `is_lost_swap` reads are those of the C locale; not every role may set it.
        let _ = connection.batch_execute("SET lc_messages = 'C'");
        connection
            .batch_execute(&format!(
                "SET lock_timeout = '{}s'; SET statement_timeout = '{}s'",
                self.0.lock.as_secs(),
                self.0.statement.as_secs()
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(url: &str) -> String {
        with_network_timeouts(url, Duration::from_secs(2))
    }

    #[test]
    fn a_server_that_is_gone_is_given_up() {
        let added =
            "connect_timeout=2&tcp_user_timeout=4000&keepalives_idle=10&keepalives_interval=2";
        assert_eq!(
            given("postgres://db/app"),
            format!("postgres://db/app?{added}")
        );
        assert_eq!(
            given("postgres://db/app?sslmode=require"),
            format!("postgres://db/app?sslmode=require&{added}")
        );
        assert_eq!(
            given("host=db dbname=app"),
            format!("host=db dbname=app {}", added.replace('&', " "))
        );
    }

    #[test]
    fn what_the_url_says_is_left_as_it_is() {
        let url = "postgres://db/app?tcp_user_timeout=1&connect_timeout=9&keepalives_idle=5&keepalives_interval=1";
        assert_eq!(given(url), url);
    }
}
