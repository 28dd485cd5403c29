//! `authfix-reference seed USERS DATABASE OUT.tsv`, then `BIND=127.0.0.1:8082 authfix-reference serve DATABASE`, both with
//! `SESSION_KEY=$(openssl rand -base64 64 | tr -d '\n')`.

mod app;
mod seed;
mod users;

use std::env;

use actix_web::{HttpServer, cookie::Key};
use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::users::Users;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["seed", users, database, out] => {
            seed::run(users.parse()?, &Users::open(database)?, session_key()?, out).await
        }
        ["serve", database] => serve(Users::open(database)?, session_key()?).await,
        _ => anyhow::bail!("seed USERS DATABASE OUT.tsv | serve DATABASE"),
    }
}

async fn serve(users: Users, key: Key) -> anyhow::Result<()> {
    let address = env::var("BIND").context("BIND")?;
    let server = HttpServer::new(move || app::app(users.clone(), key.clone()));
    Ok(server.workers(1).bind(address)?.run().await?)
}

fn session_key() -> anyhow::Result<Key> {
    let encoded = env::var("SESSION_KEY").context("SESSION_KEY")?;
    Ok(Key::try_from(&BASE64_STANDARD.decode(encoded)?[..])?)
}
