//! `TOTP_KEY=$(openssl rand -base64 32) cargo run -p existing-app`

use std::net::TcpListener;

use actix_totp::{KeyRing, SystemClock};
use actix_web::cookie::Key;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let pool = existing_app::open("notes.db")?;
    let cookie_key = Key::generate(); // a real application keeps it, or restarting signs everybody out
    let listener = TcpListener::bind("127.0.0.1:8081")?;
    let totp_keys = KeyRing::from_env("TOTP_KEY")?;
    existing_app::app(pool, cookie_key, totp_keys, SystemClock, listener)?.await?;
    Ok(())
}
