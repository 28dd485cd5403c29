//! The database and the keys: from the environment, or from files. Never as arguments, which everybody on the machine sees.

#[cfg(feature = "sqlite")]
mod sqlite;

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use actix_totp_cli::actix_totp_diesel as diesel_store;
use actix_totp_cli::{Command, Database, Needs, actix_totp_core::KeyRing};
#[cfg(feature = "sqlite")]
use sqlite::store as sqlite_file;
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
            "sqlite" => sqlite_file(rest.strip_prefix("//").unwrap_or(rest), command, &place),
            // Not shown: libpq's `keyword=value` form may hold a password.
            _ if url.contains("://") || url.contains('=') && scheme != "file" => Err(format!(
                "{place}: only a SQLite file, postgres://… and mysql://… are known"
            )),
            _ => sqlite_file(url, command, &place),
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
fn sqlite_file(_: &str, _: &Command, place: &str) -> Result<Arc<dyn Database>, String> {
    Err(without("SQLite", "sqlite", place))
}
