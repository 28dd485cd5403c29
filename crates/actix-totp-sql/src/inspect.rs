//! What a database says of itself, for an operator who looks for what is wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_totp_migrations::{MYSQL, Migration, POSTGRES, SQLITE};

use crate::driver::{Dialect, Driver};

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Which kind of database it is.
    pub dialect: Dialect,
    /// Whether there is a table `totp_devices`.
    pub has_table: bool,
    /// The migrations that are not in diesel's version table, in their order.
    pub pending_migrations: Vec<&'static str>,
    /// How far the server's clock is ahead of this machine's, in seconds, to the second. `None`: it has none of its own.
    pub seconds_ahead: Option<i64>,
    /// The settings that the promises need.
    pub settings: Vec<Setting>,
}

/// A setting of a database, and whether it is as the promises need it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// As the database calls it.
    pub name: &'static str,
    /// Whether it is right.
    pub is_right: bool,
    /// What it must be, and what it is for.
    pub wanted: &'static str,
}

/// How a setting is asked for: 1 if it is right.
struct Question {
    name: &'static str,
    sql: &'static str,
    wanted: &'static str,
}

const SQLITE_SETTINGS: &[Question] = &[
    Question {
        name: "journal_mode",
        sql: "SELECT journal_mode = 'wal' AS number FROM pragma_journal_mode",
        wanted: "PRAGMA journal_mode = WAL, so that nobody who reads waits for who writes",
    },
    Question {
        name: "synchronous",
        sql: "SELECT synchronous >= 2 AS number FROM pragma_synchronous",
        wanted: "PRAGMA synchronous = FULL for each connection, so that a power cut forgets nothing that was acknowledged",
    },
    Question {
        name: "busy_timeout",
        sql: "SELECT timeout > 0 AS number FROM pragma_busy_timeout",
        wanted: "PRAGMA busy_timeout = 2000 for each connection, so that two processes wait for each other's lock",
    },
];

const POSTGRES_SETTINGS: &[Question] = &[
    Question {
        name: "synchronous_commit",
        sql: "SELECT (current_setting('synchronous_commit') <> 'off')::int::int8 AS number",
        wanted: "on, so that a crash forgets nothing that was acknowledged",
    },
    Question {
        name: "fsync",
        sql: "SELECT (current_setting('fsync') = 'on')::int::int8 AS number",
        wanted: "on, so that a power cut does not damage the database",
    },
];

const MYSQL_SETTINGS: &[Question] = &[
    Question {
        name: "innodb_flush_log_at_trx_commit",
        sql: "SELECT CAST(@@innodb_flush_log_at_trx_commit = 1 AS SIGNED) AS number",
        wanted: "1, so that a crash forgets nothing that was acknowledged",
    },
    Question {
        name: "autocommit",
        sql: "SELECT CAST(@@autocommit AS SIGNED) AS number",
        wanted: "1: each write is a statement that commits by itself",
    },
];

/// Only asked where the server is part of a cluster.
const GALERA_SETTINGS: &[Question] = &[Question {
    name: "wsrep_sync_wait",
    sql: "SELECT CAST(@@wsrep_sync_wait = 7 AS SIGNED) AS number",
    wanted: "7, so that a read or a write waits for what was committed at another node",
}];

/// An error where the server knows no Galera.
const IS_GALERA: &str = "SELECT CAST(@@wsrep_on AS SIGNED) AS number";
const HAS_TABLE: &str = "SELECT count(*) AS number FROM totp_devices WHERE 1 = 0";

/// Asks one connection, and writes nothing.
pub(crate) fn inspect<D: Driver>(connection: &mut D::Connection) -> Result<Inspection, D::Error> {
    let (migrations, questions, clock): (&[Migration], _, _) = match D::DIALECT {
        Dialect::Sqlite => (SQLITE, SQLITE_SETTINGS, None),
        Dialect::Postgres => (
            POSTGRES,
            POSTGRES_SETTINGS,
            Some("SELECT extract(epoch FROM clock_timestamp())::int8 AS number"),
        ),
        Dialect::Mysql => (
            MYSQL,
            MYSQL_SETTINGS,
            Some("SELECT CAST(UNIX_TIMESTAMP(SYSDATE()) AS SIGNED) AS number"),
        ),
    };
    let mut settings = ask::<D>(connection, questions)?;
    if D::DIALECT == Dialect::Mysql && holds::<D>(connection, IS_GALERA) {
        settings.extend(ask::<D>(connection, GALERA_SETTINGS)?);
    }
    let theirs = match clock {
        Some(sql) => D::number(connection, sql)?,
        None => None,
    };
    let pending = migrations
        .iter()
        .filter(|it| !holds::<D>(connection, it.has_run))
        .map(|it| it.version)
        .collect();
    Ok(Inspection {
        dialect: D::DIALECT,
        has_table: D::number(connection, HAS_TABLE).is_ok(),
        pending_migrations: pending,
        seconds_ahead: theirs.map(|theirs| theirs - now()),
        settings,
    })
}

fn ask<D: Driver>(
    connection: &mut D::Connection,
    questions: &[Question],
) -> Result<Vec<Setting>, D::Error> {
    let ask = |question: &Question| {
        Ok(Setting {
            name: question.name,
            is_right: D::number(connection, question.sql)? == Some(1),
            wanted: question.wanted,
        })
    };
    questions.iter().map(ask).collect()
}

/// Whether a query gives anything but 0. One that fails asks for what is not there.
fn holds<D: Driver>(connection: &mut D::Connection, sql: &'static str) -> bool {
    matches!(D::number(connection, sql), Ok(Some(number)) if number != 0)
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let secs = now.as_ref().map(Duration::as_secs).unwrap_or_default();
    i64::try_from(secs).unwrap_or(i64::MAX)
}
