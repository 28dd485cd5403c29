//! Migrating, by any number of processes at once. Only our migrations are looked at.
//!
//! Which ones ran stands in diesel's version table, which an application may share: so its own migrations stay in order, and
//! a database goes from one driver to another as it is.

use std::{
    thread,
    time::{Duration, Instant},
};

use actix_totp_migrations::{MYSQL, Migration, POSTGRES, SQLITE};

use crate::{
    driver::{Dialect, Driver},
    error::MigrateError,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long other processes are waited for that migrate, too.
const TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// As diesel makes it.
const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (\
    version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";

/// One process migrates at a time. The lock's number is ours by chance; the timeouts hold for this transaction only.
const POSTGRES_LOCK: &str = "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '60s'; \
    SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(7308602211540129903)";
const MYSQL_LOCK: &str = "SELECT CAST(GET_LOCK('actix_totp_migrations', 0) AS SIGNED) AS number";
const MYSQL_UNLOCK: &str = "DO RELEASE_LOCK('actix_totp_migrations')";

#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    /// What is pending.
    Up,
    /// All of ours, the newest first.
    Down,
}

/// Runs our migrations, or reverts them.
pub(crate) fn migrate<D: Driver>(
    connection: &mut D::Connection,
    direction: Direction,
) -> Result<(), MigrateError> {
    let done = match D::DIALECT {
        Dialect::Sqlite => retry_while(
            || {
                in_transaction::<D>(connection, |connection| {
                    run::<D>(connection, SQLITE, direction)
                })
            },
            is_conflict::<D>,
        ),
        Dialect::Postgres => in_transaction::<D>(connection, |connection| {
            D::execute(connection, POSTGRES_LOCK)?;
            run::<D>(connection, POSTGRES, direction)
        }),
        Dialect::Mysql => retry_while(
            || {
                one_at_a_time::<D>(connection, |connection| {
                    run::<D>(connection, MYSQL, direction)
                })
            },
            |error| error.is::<Busy>() || is_conflict::<D>(error),
        ),
    };
    done.map_err(MigrateError)
}

fn run<D: Driver>(
    connection: &mut D::Connection,
    ours: &[Migration],
    direction: Direction,
) -> Result<(), D::Error> {
    D::execute(connection, VERSION_TABLE)?;
    let has_run = |connection: &mut D::Connection, it: &Migration| {
        Ok(D::number(connection, it.has_run)? != Some(0))
    };
    match direction {
        Direction::Up => {
            for migration in ours {
                if !has_run(connection, migration)? {
                    D::execute(connection, migration.up)?;
                    D::execute(connection, migration.record)?;
                }
            }
        }
        Direction::Down => {
            for migration in ours.iter().rev() {
                if has_run(connection, migration)? {
                    D::execute(connection, migration.down)?;
                    D::execute(connection, migration.forget)?;
                }
            }
        }
    }
    Ok(())
}

fn is_conflict<D: Driver>(error: &Failure) -> bool {
    error.downcast_ref().is_some_and(D::is_conflict)
}

fn in_transaction<D: Driver>(
    connection: &mut D::Connection,
    mut run: impl FnMut(&mut D::Connection) -> Result<(), D::Error>,
) -> Result<(), Failure> {
    D::transaction(connection, &mut run).map_err(Failure::from)
}

/// DDL commits by itself on MySQL, so a named lock of the server keeps other processes out. In a Galera cluster that lock
/// is each node's own: two nodes may then make the table at once, which `IF NOT EXISTS` allows, and write the same
/// version, of which one fails and finds it written when it tries again.
fn one_at_a_time<D: Driver>(
    connection: &mut D::Connection,
    run: impl FnOnce(&mut D::Connection) -> Result<(), D::Error>,
) -> Result<(), Failure> {
    if D::number(connection, MYSQL_LOCK)? != Some(1) {
        return Err(Busy.into());
    }
    let done = run(connection);
    D::execute(connection, MYSQL_UNLOCK)?;
    Ok(done?)
}

/// Another process migrates.
#[derive(Debug, thiserror::Error)]
#[error("another process is migrating")]
struct Busy;

/// Tries again while others are in the way, for a minute at most.
///
/// # Errors
///
/// Those of the last attempt.
pub fn retry_while<T, E>(
    mut attempt: impl FnMut() -> Result<T, E>,
    others_are_in_the_way: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(error) if others_are_in_the_way(&error) && started.elapsed() < TIMEOUT => {
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}
