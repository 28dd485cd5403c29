//! The settings, from the environment.

use std::{
    env, fs,
    io::{ErrorKind, Write},
    num::NonZeroUsize,
    path::Path,
    thread,
    time::Duration,
};

use actix_totp::KeyRing;
use actix_web::cookie::Key;
use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::Driver;

const KEY_FILE: &str = "quickstart.key";

/// What the application is told from outside.
#[derive(Clone)]
pub struct Config {
    /// `DATABASE_URL`: a SQLite file, or with the features `postgres://…` or `mysql://…`. Default: `quickstart.db`.
    pub database_url: String,
    /// `STORE`: what keeps the devices in that database, `diesel`, or with the features `sqlx-…` `sqlx`. Default: `diesel`.
    pub store: Driver,
    /// `ISSUER`: how authenticators name this site. Default: `actix-totp quickstart`.
    pub issuer: String,
    /// `TOTP_KEY`: seals the second factors, base64 of 32 bytes, several with commas. Default: from `quickstart.key`.
    pub totp_keys: KeyRing,
    /// `SESSION_KEY`: signs the session cookie, base64 of 64 bytes. Default: from `quickstart.key`.
    pub session_key: Key,
    /// `SESSIONS`: `database`, or `cookie`, which is faster and cannot be revoked by logging out. `REDIS_URL`
    /// (`redis://…`): in Redis instead. Default: `database`.
    pub sessions: SessionPlace,
    /// `RECHECK_EVERY`: for how many seconds guards believe what they have seen in the store, 1 to 300. Default: they ask at
    /// every request.
    pub recheck_every: Option<Duration>,
    /// `WORKERS`: threads that answer requests. Default: one per core.
    pub workers: usize,
}

/// Where sessions are kept.
#[derive(Clone)]
pub enum SessionPlace {
    /// In the application's database.
    Database,
    /// In the cookie, encrypted and signed.
    Cookie,
    /// In the Redis at this URL, which may hold a password.
    Redis(String),
}

impl Config {
    /// Reads the environment; makes `quickstart.key` where a key is missing.
    ///
    /// # Errors
    ///
    /// If a key is refused or the file cannot be read or made.
    pub fn from_env() -> anyhow::Result<Self> {
        let or = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
        Ok(Self {
            database_url: or("DATABASE_URL", "quickstart.db"),
            store: match or("STORE", "diesel").as_str() {
                "diesel" => Driver::Diesel,
                "sqlx" => Driver::Sqlx,
                other => bail!("STORE: {other:?} is neither diesel nor sqlx"),
            },
            issuer: or("ISSUER", "actix-totp quickstart"),
            totp_keys: KeyRing::parse(&key("TOTP_KEY")?).context("TOTP_KEY")?,
            session_key: session_key(&key("SESSION_KEY")?).context("SESSION_KEY")?,
            sessions: match (env::var("REDIS_URL"), or("SESSIONS", "").as_str()) {
                (Ok(_), _) if !cfg!(feature = "redis") => {
                    bail!("REDIS_URL is set: run with --features redis")
                }
                (Ok(url), "") => SessionPlace::Redis(url),
                (Err(_), "" | "database") => SessionPlace::Database,
                (Err(_), "cookie") => SessionPlace::Cookie,
                (Ok(_), _) => {
                    bail!("SESSIONS and REDIS_URL are both set: one says where sessions are kept")
                }
                (Err(_), other) => bail!("SESSIONS: {other:?} is neither database nor cookie"),
            },
            recheck_every: match env::var("RECHECK_EVERY") {
                Ok(secs) => match secs.parse() {
                    Ok(secs @ 1..=300) => Some(Duration::from_secs(secs)),
                    _ => bail!("RECHECK_EVERY: {secs:?} is no number of seconds from 1 to 300"),
                },
                Err(_) => None,
            },
            workers: match env::var("WORKERS") {
                Ok(workers) => workers
                    .parse::<NonZeroUsize>()
                    .with_context(|| format!("WORKERS: {workers:?} is no number from 1"))?,
                Err(_) => thread::available_parallelism()?,
            }
            .get(),
        })
    }
}

/// How to make files that only their owner may read.
pub(crate) fn owner_only() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A key from the environment, or else from the key file.
fn key(name: &str) -> anyhow::Result<String> {
    if let Ok(key) = env::var(name) {
        return Ok(key);
    }
    make_key_file(Path::new(KEY_FILE)).context(KEY_FILE)?;
    let file = fs::read_to_string(KEY_FILE).context(KEY_FILE)?;
    let prefix = format!("{name}=");
    let line = file.lines().find_map(|line| line.strip_prefix(&prefix));
    Ok(line
        .with_context(|| format!("{KEY_FILE} has no {name}"))?
        .to_owned())
}

/// Makes the key file if there is none, readable by its owner only. It appears whole or not at all, also when several
/// processes start at once: the first one's keys are everybody's.
fn make_key_file(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut random = [0; 96];
    getrandom::fill(&mut random)?;
    let (totp, session) = random.split_at(32);
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file = owner_only().write(true).create_new(true).open(&draft)?;
    let (totp, session) = (STANDARD.encode(totp), STANDARD.encode(session));
    file.write_all(format!("TOTP_KEY={totp}\nSESSION_KEY={session}\n").as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path); // unlike a rename, it replaces nothing
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        linked => linked?,
    }
    tracing::warn!(
        "made TOTP_KEY and SESSION_KEY in {}: keep this file, and keep it secret",
        path.display()
    );
    Ok(())
}

fn session_key(base64: &str) -> anyhow::Result<Key> {
    let bytes = STANDARD
        .decode(base64.trim())
        .map_err(|_| anyhow::anyhow!("no base64"))?;
    if bytes.len() < 64 {
        bail!("64 bytes are needed: make them with `openssl rand -base64 64 | tr -d '\\n'`");
    }
    Ok(Key::from(&bytes))
}
