//! `cargo run -p quickstart`: see the README.

use std::{env, io::ErrorKind, net::TcpListener};

use actix_totp::SystemClock;
use quickstart::Config;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::registry()
        .with(fmt::layer())
        .with(level)
        .init();

    let bind = env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8080".into());
    let config = Config::from_env()?;
    let store = config.open_store()?;
    let listener = TcpListener::bind(&bind).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!("BIND: {bind} is in use"),
        _ => anyhow::anyhow!("BIND: {bind}: {error}"),
    })?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    quickstart::app(config, listener, SystemClock, store)
        .await?
        .await?;
    Ok(())
}
