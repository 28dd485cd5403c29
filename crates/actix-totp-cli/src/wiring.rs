//! The database and the keys: from the environment, or from files. Never as arguments, which everybody on the machine sees.

use std::{
    env, fs,
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use actix_totp_cli::{Command, Database, Needs};
use actix_totp_cli::{actix_totp_core::KeyRing, actix_totp_diesel as diesel_store};
use zeroize::Zeroizing;

/// Where the database and the keys are said.
#[derive(clap::Args)]
pub(crate) struct Wiring {
    /// Read the database's URL from this file [default: the variable DATABASE_URL]
    #[arg(long, global = true, value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// Read the keys from this file [default: the variable TOTP_KEY]
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Says why nothing was done.
pub(crate) fn fail(why: &str) -> ExitCode {
    let why: Vec<&str> = why.split_whitespace().collect(); // libpq says it in several lines
    let _ = writeln!(io::stderr(), "actix-totp: {}", why.join(" "));
    ExitCode::from(2)
}

impl Wiring {
    /// The keys. A command that needs none is given a ring that opens nothing.
    pub(crate) fn keys(&self, needs: Needs) -> Result<KeyRing, String> {
        if needs < Needs::StoreAndKeys {
            let mut random = [0; 32];
            getrandom::fill(&mut random).map_err(|error| error.to_string())?;
            return KeyRing::new([random]).map_err(|error| error.to_string());
        }
        let (text, place) = read("TOTP_KEY", "--key-file", self.key_file.as_deref())?;
        KeyRing::parse(&text).map_err(|error| format!("{place}: {error}"))
    }

    /// The store, opened. Its file is made by `migrate` alone.
    pub(crate) fn store(&self, command: &Command) -> Result<Arc<dyn Database>, String> {
        let file = self.database_url_file.as_deref();
        let (url, place) = read("DATABASE_URL", "--database-url-file", file)?;
        let url = url.trim();
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match scheme {
            "postgres" | "postgresql" => {
                #[cfg(feature = "postgres")]
                return open::<diesel_store::diesel::PgConnection>(url);
                #[cfg(not(feature = "postgres"))]
                Err(without("PostgreSQL", "postgres", &place))
            }
            "mysql" => {
                #[cfg(feature = "mysql")]
                return open::<diesel_store::diesel::MysqlConnection>(url);
                #[cfg(not(feature = "mysql"))]
                Err(without("MySQL", "mysql", &place))
            }
            "sqlite" => sqlite(rest.strip_prefix("//").unwrap_or(rest), command, &place),
            _ if url.contains("://") => Err(format!(
                "{place}: no database of the kind {scheme:?} is known"
            )),
            _ => sqlite(url, command, &place),
        }
    }
}

/// A text that is not shown, and where it is from.
fn read(
    variable: &str,
    option: &str,
    file: Option<&Path>,
) -> Result<(Zeroizing<String>, String), String> {
    if let Some(path) = file {
        let place = path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|error| format!("{option} {place}: {error}"))?;
        return Ok((Zeroizing::new(text), place));
    }
    match env::var(variable) {
        Ok(text) if !text.trim().is_empty() => Ok((Zeroizing::new(text), variable.into())),
        _ => Err(format!(
            "{variable} is not set: set it, or name a file with {option}"
        )),
    }
}

#[allow(dead_code, reason = "with every feature each database is there")]
fn without(kind: &str, feature: &str, place: &str) -> String {
    format!("{place} names {kind}: install this command with --features {feature}")
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn open<C: diesel_store::Backend>(url: &str) -> Result<Arc<dyn Database>, String> {
    let store = diesel_store::DieselStore::<C>::open(url).map_err(|error| error.to_string())?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str, _: &Command, place: &str) -> Result<Arc<dyn Database>, String> {
    Err(without("SQLite", "sqlite", place))
}

/// Opening a file switches it to WAL, so it is looked at first: another program's is left as it is.
#[cfg(feature = "sqlite")]
fn sqlite(url: &str, command: &Command, place: &str) -> Result<Arc<dyn Database>, String> {
    use diesel_store::diesel::SqliteConnection;
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
    open::<SqliteConnection>(url)
}

#[cfg(feature = "sqlite")]
const NO_TABLE: &str = "there is no table totp_devices: is this the right database? \
    `actix-totp migrate` makes the table; nothing was done";

#[cfg(feature = "sqlite")]
enum Kind {
    Absent,
    Sqlite,
    Other,
}

/// By its first bytes. An empty file is an empty database.
#[cfg(feature = "sqlite")]
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
#[cfg(feature = "sqlite")]
fn has_table(url: &str) -> Result<bool, String> {
    use diesel_store::diesel::{Connection, SqliteConnection, connection::SimpleConnection};
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
#[cfg(feature = "sqlite")]
fn unchanged(url: &str) -> Result<Arc<dyn Database>, String> {
    use diesel_store::diesel::{
        SqliteConnection,
        r2d2::{ConnectionManager, Pool},
    };
    let manager = ConnectionManager::<SqliteConnection>::new(url);
    let pool = Pool::builder().max_size(1).build(manager);
    let pool = pool.map_err(|error| error.to_string())?;
    Ok(Arc::new(diesel_store::DieselStore::from_pool(pool)))
}

/// A file that only its owner may read. SQLite gives the files beside it the same permissions.
#[cfg(feature = "sqlite")]
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.append(true).create_new(true).open(path).map(drop)
}
