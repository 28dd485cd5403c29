//! `TOTP_KEY=$(openssl rand -base64 32) TOKEN_SECRET=$(openssl rand -base64 32) cargo run -p jwt-api`

use std::{env, net::TcpListener};

use actix_totp::{KeyRing, SystemClock};
use anyhow::Context;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let setting = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
    let totp_keys = KeyRing::from_env("TOTP_KEY")?;
    let secret = env::var("TOKEN_SECRET").context("TOKEN_SECRET is not set")?;
    anyhow::ensure!(secret.len() >= 32, "TOKEN_SECRET has fewer than 32 bytes");
    let address = setting("BIND", "127.0.0.1:8082");
    let listener = TcpListener::bind(&address).with_context(|| format!("BIND: {address}"))?;
    let database = setting("DATABASE_URL", "payments.db");
    jwt_api::app(
        &database,
        secret.as_bytes(),
        totp_keys,
        SystemClock,
        listener,
    )
    .await?
    .await?;
    Ok(())
}
