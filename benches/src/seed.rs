//! Enrolls users by the million: whole devices, written past the plugin.

use std::{fs, sync::mpsc, thread};

use actix_totp::DieselStore;
use actix_totp_core::Device;
use diesel::{connection::SimpleConnection, prelude::*};

use crate::{schema::totp_devices, users::Users};

#[derive(Insertable)]
#[diesel(table_name = totp_devices, treat_none_as_default_value = false)]
struct Row {
    user_id: String,
    version: i64,
    epoch: i64,
    sealed: Vec<u8>,
    confirmed_at: Option<i64>,
    authenticators: Vec<u8>,
    failures: i64,
    recent_failures: Vec<u8>,
    backup_failures: i64,
    pending_failures: i64,
    proof_failures: Vec<u8>,
    backup_codes_remaining: i64,
    last_used_at: Option<i64>,
    setup_required_by: Option<i64>,
    setup_reminded_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl From<Device> for Row {
    fn from(device: Device) -> Self {
        Self {
            user_id: device.user.to_string(),
            version: device.version.to_i64(),
            epoch: device.epoch.to_i64(),
            sealed: device.sealed,
            confirmed_at: device.confirmed_at.map(u64::cast_signed),
            authenticators: device.authenticators.to_bytes(),
            failures: device.failures.into(),
            recent_failures: device.recent_failures.to_bytes(),
            backup_failures: device.backup_failures.into(),
            pending_failures: device.pending_failures.into(),
            proof_failures: device.proof_failures.to_bytes(),
            backup_codes_remaining: device.backup_codes_remaining.into(),
            last_used_at: device.last_used_at.map(u64::cast_signed),
            setup_required_by: device.setup_required_by.map(u64::cast_signed),
            setup_reminded_at: device.setup_reminded_at.map(u64::cast_signed),
            created_at: device.created_at.cast_signed(),
            updated_at: device.updated_at.cast_signed(),
        }
    }
}

const BATCH: u64 = 10_000;

/// Seals the devices of users 0 to `count` on a thread of its own and hands them over in batches.
fn for_each_batch(
    count: u64,
    mut write: impl FnMut(Vec<Row>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (send, receive) = mpsc::sync_channel(4);
    let sealing = thread::spawn(move || -> anyhow::Result<()> {
        let users = Users::new()?;
        for first in (0..count).step_by(BATCH as usize) {
            let rows = (first..count.min(first + BATCH))
                .map(|n| users.device(n).map(Row::from))
                .collect::<anyhow::Result<Vec<_>>>()?;
            if send.send(rows).is_err() {
                break;
            }
        }
        Ok(())
    });
    for rows in receive {
        write(rows)?;
    }
    sealing
        .join()
        .map_err(|_| anyhow::anyhow!("sealing panicked"))?
}

/// A new SQLite database at `path` with `count` users.
pub fn sqlite(path: &str, count: u64) -> anyhow::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{path}{ending}"));
    }
    DieselStore::<SqliteConnection>::open(path)?.migrate()?;
    let mut connection = SqliteConnection::establish(path)?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000",
    )?;
    for_each_batch(count, |rows| {
        Ok(connection.immediate_transaction(|connection| {
            rows.iter().try_for_each(|row| {
                diesel::insert_into(totp_devices::table)
                    .values(row)
                    .execute(connection)
                    .map(drop)
            })
        })?)
    })?;
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    fs::File::open(path)?.sync_all()?; // so that the disk is done before anything is measured
    Ok(())
}

/// The server that databases are made on: `TOTP_TEST_POSTGRES_URL`, or the one on this machine.
#[cfg(feature = "postgres")]
pub fn postgres_server() -> String {
    std::env::var("TOTP_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into())
}

/// A new PostgreSQL database `name` on the server at `url` with `count` users; its URL.
#[cfg(feature = "postgres")]
pub fn postgres(url: &str, name: &str, count: u64) -> anyhow::Result<String> {
    let mut server = PgConnection::establish(url)?;
    server.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
    server.batch_execute(&format!("CREATE DATABASE {name}"))?;
    let (server, _) = url.rsplit_once('/').unwrap_or((url, ""));
    let url = format!("{server}/{name}");
    DieselStore::<PgConnection>::open(&url)?.migrate()?;
    let mut connection = PgConnection::establish(&url)?;
    for_each_batch(count, |rows| {
        diesel::copy_from(totp_devices::table)
            .from_insertable(rows)
            .execute(&mut connection)?;
        Ok(())
    })?;
    connection.batch_execute("VACUUM ANALYZE totp_devices")?;
    connection.batch_execute("CHECKPOINT")?;
    Ok(url)
}
