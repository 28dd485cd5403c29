//! What the plugin adds to an application that has a session and SQLite already: bytes of a stripped release binary, and
//! seconds of a clean build. See README.md.

use std::{fs, path::Path, process::Command, time::Instant};

use anyhow::ensure;
use benches::report;

const DEPENDENCIES: &str = r#"[package]
name = "weight"
version = "0.0.0"
edition = "2024"

[workspace]

[profile.release]
strip = true

[dependencies]
actix-session = { version = "0.11", features = ["cookie-session"] }
actix-web = { version = "4.18", default-features = false, features = ["macros", "cookies"] }
diesel = { version = "2.3", default-features = false, features = ["r2d2", "sqlite"] }
libsqlite3-sys = { version = ">=0.30, <0.39", features = ["bundled"] }
"#;

const WITHOUT: &str = r#"use actix_session::{Session, SessionMiddleware, storage::CookieSessionStore};
use actix_web::{App, HttpServer, cookie::Key, error::ErrorInternalServerError, web};
use diesel::{prelude::*, r2d2::{ConnectionManager, Pool}};

type Database = Pool<ConnectionManager<SqliteConnection>>;

diesel::table! { notes (id) { id -> BigInt, text -> Text, } }

async fn note(session: Session, database: web::ThinData<Database>) -> actix_web::Result<String> {
    let id = session.get::<i64>("user_id")?.unwrap_or_default();
    web::block(move || {
        let mut connection = database.get().ok()?;
        notes::table.find(id).select(notes::text).get_result(&mut *connection).ok()
    })
    .await?
    .ok_or_else(|| ErrorInternalServerError("no note"))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = Pool::new(ConnectionManager::<SqliteConnection>::new("weight.db"))?;
    let key = Key::generate();
    // plugin
    HttpServer::new(move || {
        App::new()
            .app_data(web::ThinData(database.clone()))
            .service(web::resource("/note").to(note)/* guard */)
            // scope
            .wrap(SessionMiddleware::new(CookieSessionStore::default(), key.clone()))
    })
    .bind("127.0.0.1:8080")?
    .run()
    .await?;
    Ok(())
}
"#;

struct Weight {
    bytes: u64,
    secs: f64,
}

fn main() -> anyhow::Result<()> {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/actix-totp");
    let without = weigh(DEPENDENCIES, WITHOUT)?;
    let dependencies = format!("{DEPENDENCIES}actix-totp = {{ path = {crates:?} }}\n");
    let plugin = "let store = actix_totp::DieselStore::from_pool(database.clone());\n    store.migrate()?;\n    \
                  let totp = actix_totp::Totp::builder(store, actix_totp::KeyRing::from_env(\"TOTP_KEY\")?).build()?;";
    let with = WITHOUT
        .replace("// plugin", plugin)
        .replace("/* guard */", ".wrap(totp.require())")
        .replace(
            "// scope",
            ".service(web::scope(\"/auth/otp\").configure(|cfg| totp.configure(cfg)))",
        );
    let with = weigh(&dependencies, &with)?;
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let text = format!(
        "Made by `cargo run --release -p benches --bin weight`: an application with actix-session, diesel and SQLite, and the \
         same with the plugin.\n\n| | without | with | more |\n|---|---|---|---|\n\
         | release binary, stripped, MiB | {:.2} | {:.2} | {:.2} |\n| clean release build on {} cores, s | {:.0} | {:.0} | {:.0} |\n",
        mib(without.bytes),
        mib(with.bytes),
        mib(with.bytes) - mib(without.bytes),
        std::thread::available_parallelism()?,
        without.secs,
        with.secs,
        with.secs - without.secs,
    );
    report::write("weight", &text)
}

fn weigh(dependencies: &str, source: &str) -> anyhow::Result<Weight> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    fs::create_dir(folder.path().join("src"))?;
    write("Cargo.toml", dependencies)?;
    write("src/main.rs", source)?;
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, folder.path().join("Cargo.lock"))?;
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(folder.path())
            .env("CARGO_TARGET_DIR", folder.path().join("target"))
            .args(arguments);
        cargo.status()
    };
    ensure!(
        cargo(&["fetch", "--quiet"])?.success(),
        "cargo fetch failed"
    );
    let started = Instant::now();
    ensure!(
        cargo(&["build", "--quiet", "--release"])?.success(),
        "it does not build"
    );
    let secs = started.elapsed().as_secs_f64();
    let binary = folder.path().join("target/release/weight");
    Ok(Weight {
        bytes: fs::metadata(binary)?.len(),
        secs,
    })
}
