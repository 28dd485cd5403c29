//! Over HTTP: the quickstart beside the bare reference, on the same data, driven the same way. See README.md.

mod load;
mod report;
mod server;

use std::{
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, ensure};
use benches::{
    people::{self, PERIOD_SECS, People},
    seed,
};

use self::{
    load::{Measure, Request, Requests, Shape},
    report::Row,
    server::Server,
};

const ROUNDS: usize = 3;
const SECS: u64 = 3;
/// Each sign-in of a run is somebody else's: a code is accepted once.
const SIGN_INS_PER_RUN: u64 = 100_000;
const RUNS_THAT_SIGN_IN: u64 = ROUNDS as u64 * CONNECTIONS.len() as u64;
const CONNECTIONS: [u32; 2] = [16, 64];

/// One of the two, and where it has each route.
struct Contender {
    name: &'static str,
    server: Server,
    routes: [(&'static str, &'static str); 4],
}

fn main() -> anyhow::Result<()> {
    build()?;
    let count = SIGN_INS_PER_RUN * RUNS_THAT_SIGN_IN;
    let folder = tempfile::tempdir()?;
    let [ours, theirs] = ["quickstart.db", "bare.db"].map(|name| folder.path().join(name));
    let text = ours.to_str().context("a path that is no text")?;
    seed::sqlite(text, count)?;
    std::fs::copy(&ours, &theirs)?;
    #[cfg_attr(not(feature = "postgres"), allow(unused_mut))]
    let mut rows = compare("SQLite", text, theirs.to_str().unwrap_or_default())?;
    #[cfg(feature = "postgres")]
    {
        let server = seed::postgres_server();
        let [ours, theirs] = ["totp_bench_quickstart", "totp_bench_bare"]
            .map(|name| seed::postgres(&server, name, count));
        rows.extend(compare("PostgreSQL", &ours?, &theirs?)?);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
    std::fs::write(path, report::markdown(&rows))?;
    println!("written: {path}");
    Ok(())
}

fn build() -> anyhow::Result<()> {
    for package in ["quickstart", "benches"] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--quiet", "-p", package, "--bins"]);
        if cfg!(feature = "postgres") {
            cargo.args(["--features", "postgres"]);
        }
        ensure!(cargo.status()?.success(), "{package} does not build");
    }
    Ok(())
}

fn compare(database: &'static str, ours: &str, theirs: &str) -> anyhow::Result<Vec<Row>> {
    let contenders = [bare(theirs)?, quickstart(ours)?];
    let people = People::new()?;
    let mut rows = Vec::new();
    let mut fresh = 0;
    for connections in CONNECTIONS {
        let mut measured = vec![[Vec::new(), Vec::new()]; contenders[0].routes.len()];
        for _ in 0..ROUNDS {
            for (route, measured) in measured.iter_mut().enumerate() {
                for (contender, measured) in contenders.iter().zip(measured) {
                    measured.push(measure(contender, route, connections, &people, fresh)?);
                }
            }
            fresh += SIGN_INS_PER_RUN;
        }
        for (route, measured) in measured.into_iter().enumerate() {
            for (contender, rounds) in contenders.iter().zip(measured) {
                rows.push(Row {
                    database,
                    route: contender.routes[route].0,
                    connections,
                    server: contender.name,
                    rounds,
                });
            }
        }
    }
    Ok(rows)
}

fn measure(
    contender: &Contender,
    route: usize,
    connections: u32,
    people: &People,
    fresh: u64,
) -> anyhow::Result<Measure> {
    let (name, path) = contender.routes[route];
    let signs_in = name == "validate";
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let who = match signs_in {
        true => fresh..fresh + SIGN_INS_PER_RUN,
        false => 0..10_000,
    };
    let server = &contender.server;
    let requests = Requests::to(&server.address, |write| {
        for n in who {
            let cookie = people.cookie(n, (!signs_in).then_some(now))?;
            let code = people::code(n, now / PERIOD_SECS)?;
            write(Request {
                path,
                cookie: &cookie,
                token: signs_in.then_some(&code),
            })?;
        }
        Ok(())
    })?;
    if !signs_in {
        load::run(
            server,
            &requests,
            Shape {
                connections,
                secs: 1,
            },
        )?; // pages and threads that were idle
    }
    let shape = Shape {
        connections,
        secs: SECS,
    };
    let measure = load::run(server, &requests, shape)?;
    ensure!(measure.errors == 0, "{path} of {} failed", contender.name);
    println!("{} {name} {measure:?}", contender.name);
    Ok(measure)
}

fn bare(database: &str) -> anyhow::Result<Contender> {
    let address = "127.0.0.1:7101";
    let mut command = Command::new("target/release/bare");
    command
        .env("BIND", address)
        .env("DATABASE_URL", database)
        .env("SESSION_KEY", People::keys().1);
    Ok(Contender {
        name: "bare",
        server: Server::start(&mut command, address, "/static")?,
        routes: [
            ("session", "/session"),
            ("guarded", "/guarded"),
            ("status", "/status"),
            ("validate", "/validate"),
        ],
    })
}

fn quickstart(database: &str) -> anyhow::Result<Contender> {
    let address = "127.0.0.1:7102";
    let (totp, session) = People::keys();
    let mut command = Command::new("target/release/quickstart");
    command
        .env("BIND", address)
        .env("DATABASE_URL", database)
        .env("SESSION_KEY", session)
        .env("TOTP_KEY", totp)
        .env("SESSIONS", "cookie")
        .env("WORKERS", "1")
        .env("RUST_LOG", "warn");
    Ok(Contender {
        name: "quickstart",
        server: Server::start(&mut command, address, "/")?,
        routes: [
            ("session", "/me"),
            ("guarded", "/vault"),
            ("status", "/auth/otp/status/"),
            ("validate", "/auth/otp/validate/"),
        ],
    })
}
