//! A SQLite file: looked at before it is opened.

use std::{
    fs,
    io::{self, ErrorKind, Read},
    path::Path,
    sync::Arc,
};

use actix_totp_cli::{
    Command, Database,
    actix_totp_diesel::{
        DieselStore,
        diesel::{
            Connection, SqliteConnection,
            connection::SimpleConnection,
            r2d2::{ConnectionManager, Pool},
        },
    },
};

/// Opening a file switches it to WAL, so it is looked at first: another program's is left as it is.
pub(super) fn store(
    url: &str,
    command: &Command,
    place: &str,
) -> Result<Arc<dyn Database>, String> {
    let path = url.strip_prefix("file:").unwrap_or(url);
    let path = Path::new(path.split('?').next().unwrap_or_default());
    let at_path = |why: &dyn std::fmt::Display| format!("{place}: {}: {why}", path.display());
    let kind = kind_of(path).map_err(|error| at_path(&error))?;
    match (kind, command) {
        (Kind::Other, _) => return Err(at_path(&"this is no SQLite database")),
        (Kind::Absent, Command::Migrate(migrate)) if migrate.dry_run => {
            return unchanged(":memory:").map_err(|error| at_path(&error));
        }
        (Kind::Sqlite, Command::Migrate(migrate)) if migrate.dry_run => {
            return unchanged(url).map_err(|error| at_path(&error));
        }
        (Kind::Absent, Command::Migrate(_)) => {
            make_private(path).map_err(|error| at_path(&error))?;
        }
        (Kind::Sqlite, Command::Migrate(_)) => {}
        (Kind::Absent, _) => {
            return Err(at_path(
                &"there is no such file: `actix-totp migrate` makes it",
            ));
        }
        (Kind::Sqlite, _) if has_table(url).map_err(|error| at_path(&error))? => {}
        (Kind::Sqlite, _) => return Err(at_path(&NO_TABLE)),
    }
    super::open::<SqliteConnection>(url)
}

const NO_TABLE: &str = "there is no table totp_devices: is this the right database? \
    `actix-totp migrate` makes the table; nothing was done";

enum Kind {
    Absent,
    Sqlite,
    Other,
}

/// By its first bytes. An empty file is an empty database.
fn kind_of(path: &Path) -> io::Result<Kind> {
    const MAGIC: &[u8] = b"SQLite format 3\0"; // https://www.sqlite.org/fileformat.html#magic_header_string
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Kind::Absent),
        Err(error) => return Err(error),
    };
    let mut first = Vec::new();
    file.take(MAGIC.len() as u64).read_to_end(&mut first)?;
    let is_sqlite = first.is_empty() || first == MAGIC;
    Ok(if is_sqlite { Kind::Sqlite } else { Kind::Other })
}

/// On a connection that changes no setting of the file. The application may just hold its lock.
fn has_table(url: &str) -> Result<bool, String> {
    let connection = SqliteConnection::establish(url);
    let mut connection = connection.map_err(|error| error.to_string())?;
    let sql = "PRAGMA busy_timeout = 5000; SELECT 1 FROM totp_devices WHERE 1 = 0";
    match connection
        .batch_execute(sql)
        .map_err(|error| error.to_string())
    {
        Ok(()) => Ok(true),
        Err(error) if error.starts_with("no such table") => Ok(false),
        Err(error) => Err(error),
    }
}

/// A store that changes no setting of the file.
fn unchanged(url: &str) -> Result<Arc<dyn Database>, String> {
    let manager = ConnectionManager::<SqliteConnection>::new(url);
    let pool = Pool::builder().max_size(1).build(manager);
    let pool = pool.map_err(|error| error.to_string())?;
    Ok(Arc::new(DieselStore::from_pool(pool)))
}

/// A file that only its owner may read. SQLite gives the files beside it the same permissions.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.append(true).create_new(true).open(path).map(drop)
}
