//! What is different about PostgreSQL.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use actix_totp_core::UserId;
use actix_totp_sql::{
    Limits, OpenError, Opened, Row, Tuple, Write, WriteAll, WriteKind, with_columns,
};
use diesel::{
    PgConnection,
    connection::SimpleConnection,
    r2d2::{CustomizeConnection, Pool},
    result::{DatabaseErrorKind, Error},
};

use crate::{
    backend::{self, Diesel, Open, queries},
    write_all::Statement,
};

with_columns!(
    queries! { PgConnection, Postgres, user_id: Text, String, str, {
        fn find_all(connection: &mut PgConnection, users: &[&UserId]) -> QueryResult<Vec<Option<Row>>> {
            let wanted: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
            let rows = totp_devices::table
                .filter(totp_devices::user_id.eq_any(wanted))
                .load::<Tuple<String>>(connection)?;
            let rows = rows.into_iter().map(|row| (row.0.clone(), row));
            let found: HashMap<String, Tuple<String>> = rows.collect();
            let row = |user: &&UserId| found.get(user.as_str()).cloned().map(Row::from_tuple);
            Ok(users.iter().map(row).collect())
        }

        const WRITE_ALL: Option<WriteAll<Self>> = Some(write_all);

        fn is_conflict(error: &Error) -> bool {
            match error {
                Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure, _) => true,
                // 40P01, which diesel does not name.
                Error::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message() == "deadlock detected",
                _ => false,
            }
        }

        fn transaction(
            connection: &mut PgConnection,
            run: &mut dyn FnMut(&mut PgConnection) -> QueryResult<()>,
        ) -> QueryResult<()> {
            connection.transaction(run)
        }
    }}
);

impl Open for PgConnection {
    type Driver = Diesel<Self>;

    fn open(url: &str, limits: Limits) -> Result<Opened<Self::Driver>, OpenError> {
        let url = with_network_timeouts(url, limits.statement);
        let pool = backend::pool(
            Pool::builder(),
            &url,
            limits,
            limits.connections,
            Settings(limits),
        );
        pool.map(Opened::without_writer)
    }
}

fn write_all(
    connection: &mut PgConnection,
    kind: WriteKind,
    writes: &[Write<'_>],
) -> QueryResult<Vec<bool>> {
    let written = Statement::of(kind, writes).load::<String>(connection)?;
    let written: HashSet<String> = written.into_iter().collect();
    let is_written = |write: &Write<'_>| written.contains(write.swap.user.as_str());
    Ok(writes.iter().map(is_written).collect())
}

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
    let added = |given: &str, separator: &str| {
        let missing = settings.iter().filter(|(name, _)| !sets(given, name));
        let added: Vec<String> = missing
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        added.join(separator)
    };
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        // libpq's `keyword=value` form, where the last one wins.
        return format!("{} {url}", added(url, " "));
    }
    // A password may hold a question mark, but no `@`.
    let host = url.rfind('@').unwrap_or(0);
    let (server, given) = match url[host..].find('?') {
        Some(at) => (
            &url[..host + at],
            url[host + at + 1..].trim_end_matches('&'),
        ),
        None => (url, ""),
    };
    let added = added(given, "&");
    let both = [given, &added].into_iter().filter(|it| !it.is_empty());
    format!("{server}?{}", both.collect::<Vec<_>>().join("&"))
}

/// Whether parameters set this one, as in `a=1&name=2` or `a=1 name = 2`.
fn sets(parameters: &str, name: &str) -> bool {
    parameters.match_indices(name).any(|(at, _)| {
        let is_whole = at == 0 || parameters[..at].ends_with(['&', ' ']);
        is_whole && parameters[at + name.len()..].trim_start().starts_with('=')
    })
}

#[derive(Debug)]
struct Settings(Limits);

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Settings {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        // The messages that `is_conflict` reads are those of the C locale; not every role may set it.
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

    const ADDED: &str =
        "connect_timeout=2&tcp_user_timeout=4000&keepalives_idle=10&keepalives_interval=2";

    #[test]
    fn a_server_that_is_gone_is_given_up() {
        for (url, server) in [
            ("postgres://db/app", "postgres://db/app?"),
            ("postgres://db/app?", "postgres://db/app?"),
            (
                "postgresql://db/app?sslmode=require&",
                "postgresql://db/app?sslmode=require&",
            ),
            ("postgres://me:a?b=c@db/app", "postgres://me:a?b=c@db/app?"),
            (
                "postgres://a,b/app?application_name=connect_timeout",
                "postgres://a,b/app?application_name=connect_timeout&",
            ),
        ] {
            assert_eq!(given(url), format!("{server}{ADDED}"));
        }
        for url in ["host=db dbname=app", "password='a://b?c' host=db"] {
            assert_eq!(given(url), format!("{} {url}", ADDED.replace('&', " ")));
        }
    }

    #[test]
    fn what_the_url_says_is_left_as_it_is() {
        let url = "postgres://db/app?tcp_user_timeout=1&connect_timeout=9&keepalives_idle=5&keepalives_interval=1";
        assert_eq!(given(url), url);
        let own = "dbname=app connect_timeout = 9 tcp_user_timeout=0 keepalives_idle=1 keepalives_interval=1";
        assert_eq!(given(own).trim_start(), own);
    }
}
