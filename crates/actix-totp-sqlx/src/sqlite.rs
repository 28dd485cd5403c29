//! What is different about SQLite.

use std::{
    array,
    collections::{HashMap, HashSet},
    error::Error,
    sync::LazyLock,
};

use actix_totp_sql::{
    ConnectionPool, Driver, Limits, OpenError, Opened, Row, UpdateAll, Write, WriterConnection,
    actix_totp_core::UserId, statements, with_columns,
};
use sqlx::{
    Sqlite, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    backend::{Open, queries},
    session::{Manager, Session},
};

macro_rules! text {
    ($statement:ident) => {
        statements::$statement
    };
}

with_columns!(
    queries! { Sqlite, Sqlite, text: text, user_id: String, str, begin: "BEGIN IMMEDIATE", {
        /// Each statement is a way to the connection's thread and back, which costs more than to find a row.
        fn find_all(session: &mut Self, users: &[&UserId]) -> Result<Vec<Option<Row>>, sqlx::Error> {
            let mut found = HashMap::with_capacity(users.len());
            for users in users.chunks(MOST) {
                let rows = session.ask(async |connection| {
                    let find = sqlx::query(of_size(&FIND_EACH, users.len()));
                    let find = users.iter().fold(find, |find, user| find.bind(user.as_str()));
                    find.fetch_all(connection).await
                })?;
                for row in &rows {
                    let row = read(row)?;
                    found.insert(row.user.clone(), row);
                }
            }
            let row = |user: &&UserId| found.get(user.as_str().as_bytes()).cloned();
            Ok(users.iter().map(row).collect())
        }

        const UPDATE_ALL: Option<UpdateAll<Self>> = Some(update_all);

        fn is_conflict(error: &sqlx::Error) -> bool {
            matches!(code(error), Some(CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE)) || is_busy(error)
        }
    }}
);

/// So many rows have one statement; a longer one gains nothing.
const MOST: usize = 64;

/// For 1, 2, 4, … 64 rows, so that few are prepared. A parameter that is not given is NULL, which is no user.
type OfSizes = LazyLock<[String; MOST.ilog2() as usize + 1]>;

static FIND_EACH: OfSizes = LazyLock::new(|| array::from_fn(|n| statements::find_each(1 << n)));
static UPDATE_EACH: OfSizes = LazyLock::new(|| array::from_fn(|n| statements::update_each(1 << n)));

fn of_size(texts: &'static OfSizes, rows: usize) -> &'static str {
    &texts[rows.next_power_of_two().ilog2() as usize]
}

fn update_all(
    session: &mut Session<Sqlite>,
    writes: &[Write<'_>],
) -> Result<Vec<bool>, sqlx::Error> {
    macro_rules! bind_columns {
        ([$($column:ident: $sql:ty => $value:ty,)*] $update:ident, $columns:ident) => {
            $update$(.bind(&$columns.$column))*
        };
    }
    let mut updated: HashSet<String> = HashSet::with_capacity(writes.len());
    for writes in writes.chunks(MOST) {
        updated.extend(session.ask(async |connection| {
            let mut update = sqlx::query_scalar(of_size(&UPDATE_EACH, writes.len()));
            for Write { swap, columns } in writes {
                let (Some(expected), Some(columns)) = (swap.expected, columns) else {
                    continue; // no update
                };
                update = update.bind(key(&swap.user)).bind(expected.to_i64());
                update = with_columns!(bind_columns! { update, columns });
            }
            update.fetch_all(connection).await
        })?);
    }
    let is_updated = |write: &Write<'_>| updated.contains(write.swap.user.as_str());
    Ok(writes.iter().map(is_updated).collect())
}

// https://www.sqlite.org/rescode.html
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const CONSTRAINT_PRIMARY_KEY: i32 = 1555;
const CONSTRAINT_UNIQUE: i32 = 2067;

/// The extended result code.
fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The low byte of an extended result code is the primary one.
fn is_busy(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| [BUSY, LOCKED].contains(&(code & 0xff)))
}

impl Open for Sqlite {
    type Driver = Session<Self>;

    fn parse(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
        let options: SqliteConnectOptions = url.parse()?;
        let options = options.journal_mode(SqliteJournalMode::Wal);
        // `?mode=rw` says that it must be there.
        let is_said = url.contains("mode=");
        Ok(if is_said {
            options
        } else {
            options.create_if_missing(true)
        })
    }

    fn is_in_memory(opened: &Opened<Self::Driver>) -> bool {
        opened.writer.is_none()
    }

    async fn set_up(_: &mut SqliteConnection, _: Limits) -> Result<(), sqlx::Error> {
        Ok(()) // all is said in the options
    }

    fn open(manager: Manager<Self>, _: &str) -> Result<Opened<Self::Driver>, OpenError> {
        let limits = manager.limits;
        let path = manager.options.get_filename().display().to_string();
        // FULL: what was acknowledged survives a power cut, also in WAL mode. A cache of 512 KiB instead of 2 MiB: each
        // commit empties the caches of all readers, so that more only costs memory.
        let options = (manager.options)
            .busy_timeout(limits.lock)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", "-512");
        let manager = || Manager {
            options: options.clone(),
            limits,
            runtime: manager.runtime.clone(),
        };
        // A database in memory ends with its connection, and nothing is gained by opening a file anew.
        let pool = |connections| {
            let lasting = r2d2::Pool::builder().idle_timeout(None).max_lifetime(None);
            let pool = limits.pool::<Self::Driver>(lasting, manager(), &path, connections);
            pool.map_err(|error| error.at_path(&path))
        };
        // Two writers starve each other on the busy handler (a p99 of over a second), so one connection writes. It is
        // opened first: it switches the file to WAL. It makes the checkpoints, too: beside it, on another connection, they
        // may damage the file with SQLite before 3.51.3, which sqlx 0.8 brings.
        let writer = pool(1)?;
        // Each connection to a database in memory has one of its own.
        if has_no_file(&writer).map_err(|error| OpenError::new(&path, &error))? {
            return Ok(Opened::without_writer(writer));
        }
        Ok(Opened {
            pool: pool(limits.connections)?,
            writer: Some(WriterConnection {
                pool: writer,
                transaction: Self::Driver::transaction,
                after_commit: Box::new(|_| ()),
            }),
        })
    }
}

/// The options do not say it: there are several ways to open a database in memory, or a temporary one.
fn has_no_file(
    writer: &ConnectionPool<Session<Sqlite>>,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let file =
        "SELECT count(*) AS number FROM pragma_database_list WHERE name = 'main' AND file <> ''";
    Ok(Session::<Sqlite>::number(&mut *writer.get()?, file)? == Some(0))
}

#[cfg(test)]
mod tests {
    use actix_totp_sql::Limits;

    use super::*;
    use crate::runtime::Runtime;

    #[test]
    fn what_the_writer_of_sqlx_acknowledges_survives_a_power_cut() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let manager = Manager {
            options: Sqlite::parse(&url).unwrap(),
            limits: Limits::default(),
            runtime: Runtime::start().unwrap(),
        };
        let writer = Sqlite::open(manager, &url).unwrap().writer.unwrap();
        let mut session = writer.pool.get().unwrap();
        let sql = "SELECT synchronous AS number FROM pragma_synchronous, pragma_journal_mode WHERE journal_mode = 'wal'";
        let number = Session::<Sqlite>::number(&mut session, sql).unwrap();
        assert_eq!(number, Some(2), "FULL, in WAL mode");
    }
}
