//! What the plugin adds to an application that has a session and SQLite already: bytes of a stripped release binary, and
//! seconds of a clean build. With `drivers`: what each driver adds to an application that has the plugin. See README.md.

use std::{env, fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, ensure};
use benches::report;

const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/actix-totp");

const MANIFEST: &str = r#"[package]
name = "weight"
version = "0.0.0"
edition = "2024"

[workspace]

[profile.release]
strip = true

[dependencies]
actix-session = { version = "0.11", features = ["cookie-session"] }
actix-web = { version = "4.18", default-features = false, features = ["macros", "cookies"] }
"#;

const DIESEL: &str = r#"diesel = { version = "2.3", default-features = false, features = ["r2d2", "sqlite"] }
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

/// An application with the plugin and no SQL.
const WITH_A_STORE: &str = r#"use actix_session::{SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{KeyRing, Totp};
use actix_web::{App, HttpResponse, HttpServer, cookie::Key, web};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = /* store */;
    let totp = Totp::builder(store, KeyRing::from_env("TOTP_KEY")?).build()?;
    let key = Key::generate();
    HttpServer::new(move || {
        App::new()
            .service(web::resource("/note").wrap(totp.require()).to(HttpResponse::Ok))
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .wrap(SessionMiddleware::new(CookieSessionStore::default(), key.clone()))
    })
    .bind("127.0.0.1:8080")?
    .run()
    .await?;
    Ok(())
}
"#;

/// Each with the feature that it needs and the type of its store.
const DRIVERS: [(&str, &str, &str); 4] = [
    (
        "diesel, SQLite",
        "sqlite",
        "DieselStore::<actix_totp::diesel::SqliteConnection>",
    ),
    (
        "sqlx, SQLite",
        "sqlx-sqlite",
        "SqlxStore::<actix_totp::sqlx::Sqlite>",
    ),
    (
        "diesel, PostgreSQL",
        "postgres",
        "DieselStore::<actix_totp::diesel::PgConnection>",
    ),
    (
        "sqlx, PostgreSQL",
        "sqlx-postgres",
        "SqlxStore::<actix_totp::sqlx::Postgres>",
    ),
];

struct Weight {
    folder: tempfile::TempDir,
    bytes: u64,
    secs: f64,
    cpu_secs: f64,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["drivers"] => drivers(),
        [] => plugin(),
        _ => anyhow::bail!("weight takes no argument but drivers"),
    }
}

/// What each driver adds to the same application with a store in memory.
fn drivers() -> anyhow::Result<()> {
    let application = |feature: &str, store: &str, beside: Option<&Weight>| {
        let plugin = format!(
            "actix-totp = {{ path = {PLUGIN:?}, default-features = false, features = [{feature}] }}\n"
        );
        let source = WITH_A_STORE.replace("/* store */", store);
        weigh(&format!("{MANIFEST}{plugin}"), &source, beside)
    };
    let without = application("", "actix_totp::MemoryStore::new()", None)?;
    let mut text = format!(
        "Made by `cargo run --release -p benches --bin weight -- drivers`: an application with the plugin and a store in memory, \
         and the same with each store. What a build costs is CPU time, which depends less than its duration on what else the machine \
         does: of a clean release build, and then of what a store compiles more.\n\n\
         | store | release binary, stripped, MiB | more | CPU time of the build, s | ratio |\n|---|---|---|---|---|\n\
         | in memory | {:.2} | | {:.0} | |\n",
        mib(without.bytes),
        without.cpu_secs,
    );
    for (name, feature, store) in DRIVERS {
        let open = format!(
            "actix_totp::{store}::open(&std::env::var(\"DATABASE_URL\")?)?;\n    store.migrate()?"
        );
        let with = application(&format!("{feature:?}"), &open, Some(&without))?;
        text += &format!(
            "| {name} | {:.2} | {:.2} | {:.0} more | {:.2} |\n",
            mib(with.bytes),
            mib(with.bytes) - mib(without.bytes),
            with.cpu_secs,
            1.0 + with.cpu_secs / without.cpu_secs,
        );
    }
    report::write("weight of drivers", &text)
}

fn plugin() -> anyhow::Result<()> {
    let own = format!("{MANIFEST}{DIESEL}");
    let without = weigh(&own, WITHOUT, None)?;
    let dependencies = format!("{own}actix-totp = {{ path = {PLUGIN:?} }}\n");
    let plugin = "let store = actix_totp::DieselStore::from_pool(database.clone());\n    store.migrate()?;\n    \
                  let totp = actix_totp::Totp::builder(store, actix_totp::KeyRing::from_env(\"TOTP_KEY\")?).build()?;";
    let with = WITHOUT
        .replace("// plugin", plugin)
        .replace("/* guard */", ".wrap(totp.require())")
        .replace(
            "// scope",
            ".service(web::scope(\"/auth/otp\").configure(|cfg| totp.configure(cfg)))",
        );
    let with = weigh(&dependencies, &with, None)?;
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

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// CPU time of the processes that this one has started and that have ended, in seconds.
fn cpu_secs() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // "pid (name) state …": cutime and cstime are the 16th and 17th.
    let (_, fields) = stat.rsplit_once(')').context("no process")?;
    let ticks = fields.split_whitespace().skip(13).take(2);
    Ok(ticks.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

/// Builds an application, with what was compiled for the one that it stands `beside`.
fn weigh(dependencies: &str, source: &str, beside: Option<&Weight>) -> anyhow::Result<Weight> {
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
    if let Some(beside) = beside {
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(beside.folder.path().join("target"));
        ensure!(copy.arg(folder.path()).status()?.success(), "no copy");
    }
    let (started, cpu) = (Instant::now(), cpu_secs()?);
    ensure!(
        cargo(&["build", "--quiet", "--release"])?.success(),
        "it does not build"
    );
    let secs = started.elapsed().as_secs_f64();
    let binary = folder.path().join("target/release/weight");
    Ok(Weight {
        folder,
        bytes: fs::metadata(binary)?.len(),
        secs,
        cpu_secs: cpu_secs()? - cpu,
    })
}
