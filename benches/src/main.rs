//! Over HTTP: the quickstart beside the bare reference and what a user would pick instead, driven the same way in one run.
//! See README.md.

mod contender;
mod drivers;
mod peers;
mod targets;

use std::{env, path::Path};

use benches::{
    ROUNDS,
    programs::{build, program},
    report::{self, Row, median},
    seed,
    server::Server,
};

use self::contender::{
    Contender, Quickstart, SIGN_INS_PER_RUN, bare, quickstart, quickstart_command,
};

const CONNECTIONS: [u32; 2] = [16, 64];
const ROUTES: [&str; 4] = ["session", "guarded", "status", "validate"];
const RUNS: u64 = ROUNDS as u64 * CONNECTIONS.len() as u64;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["drivers"] => drivers::measure(),
        [] => beside_others(),
        _ => anyhow::bail!("benches takes no argument but drivers"),
    }
}

fn beside_others() -> anyhow::Result<()> {
    build("quickstart")?;
    build("benches")?;
    let folder = tempfile::tempdir()?;
    let [ours, theirs] = ["quickstart.db", "bare.db"].map(|name| path_in(folder.path(), name));
    seed::sqlite(&ours, SIGN_INS_PER_RUN * RUNS)?;
    std::fs::copy(&ours, &theirs)?;
    let more = start_up(&ours)?;
    #[cfg_attr(not(feature = "postgres"), allow(unused_mut))]
    let mut rows = compare(
        "SQLite",
        &sqlite(folder.path(), &ours, &theirs)?,
        &ROUTES,
        ROUNDS,
    )?;
    #[cfg(feature = "postgres")]
    rows.extend(compare(
        "PostgreSQL",
        &postgres(folder.path())?,
        &ROUTES,
        ROUNDS,
    )?);

    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/results.svg");
    std::fs::write(chart, report::chart(&rows))?;
    let features = if cfg!(feature = "postgres") {
        " --features postgres"
    } else {
        ""
    };
    let text = format!(
        "Made by `cargo run --release -p benches{features}`. {}\n\
         Medians of {ROUNDS} rounds of {} s; memory is the highest. Compare within this table: times of a shared machine mean \
         nothing alone.\n\n![requests per second](results.svg)\n\n{}\n{}",
        report::machine(),
        benches::SECS,
        report::figures(&targets::of(&rows, more)),
        report::table(&rows),
    );
    report::write("compared", &text)
}

fn path_in(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

/// By how many milliseconds the quickstart answers its first request later than an empty application.
fn start_up(database: &str) -> anyhow::Result<f64> {
    const STARTS: usize = 11;
    let address = "127.0.0.1:7100";
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        let mut empty = program("bare")?;
        let empty = Server::start(empty.env("BIND", address), address, "/static")?;
        times[0].push(empty.started_in.as_secs_f64() * 1e3);
        drop(empty);
        let mut quickstart = quickstart_command(database, address)?;
        let quickstart = Server::start(&mut quickstart, address, "/")?;
        times[1].push(quickstart.started_in.as_secs_f64() * 1e3);
    }
    let [empty, quickstart] = times.map(median);
    println!("started in: empty {empty:.1} ms, quickstart {quickstart:.1} ms");
    Ok(quickstart - empty)
}

fn sqlite(folder: &Path, ours: &str, theirs: &str) -> anyhow::Result<Vec<Contender>> {
    let django = |peer: &'static str, address: &str| {
        let database = path_in(folder, &format!("{peer}.db"));
        peers::django(peer, &database, address, folder)
    };
    Ok(vec![
        bare(theirs, "127.0.0.1:7101")?,
        quickstart(ours, "127.0.0.1:7102", Quickstart::Plain)?,
        quickstart(ours, "127.0.0.1:7103", Quickstart::Rechecks)?,
        django("drf-totp-0.1.5", "127.0.0.1:7104")?,
        django("drf-totp", "127.0.0.1:7105")?,
        django("django-otp", "127.0.0.1:7106")?,
        peers::authfix("127.0.0.1:7107", folder)?,
    ])
}

#[cfg(feature = "postgres")]
fn postgres(folder: &Path) -> anyhow::Result<Vec<Contender>> {
    use anyhow::Context;
    let server = seed::postgres_server();
    let seeded = |name| seed::postgres(&server, name, SIGN_INS_PER_RUN * RUNS);
    let (base, _) = server
        .rsplit_once('/')
        .context("a URL without a database")?;
    let django = |peer: &'static str, address: &str| {
        let database = format!("{base}/totp_bench_{}", peer.replace(['-', '.'], "_"));
        peers::django(peer, &database, address, folder)
    };
    Ok(vec![
        bare(&seeded("totp_bench_bare")?, "127.0.0.1:7101")?,
        quickstart(
            &seeded("totp_bench_quickstart")?,
            "127.0.0.1:7102",
            Quickstart::Plain,
        )?,
        django("drf-totp-0.1.5", "127.0.0.1:7104")?,
        django("drf-totp", "127.0.0.1:7105")?,
    ])
}

/// All contenders in turn, and that in rounds.
fn compare(
    database: &'static str,
    contenders: &[Contender],
    routes: &[&'static str],
    rounds: usize,
) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut run = 0;
    for connections in CONNECTIONS {
        let taking_part = contenders
            .iter()
            .filter(|it| it.connections.contains(&connections));
        let taking_part: Vec<&Contender> = taking_part.collect();
        let mut measured = vec![vec![Vec::new(); taking_part.len()]; routes.len()];
        for _ in 0..rounds {
            for (route, measured) in routes.iter().zip(&mut measured) {
                for (contender, measured) in taking_part.iter().zip(measured) {
                    measured.extend(contender.measure(route, connections, run)?);
                }
            }
            run += 1;
        }
        for (route, measured) in routes.iter().zip(measured) {
            for (contender, rounds) in taking_part.iter().zip(measured) {
                if !rounds.is_empty() {
                    rows.push(Row {
                        database,
                        route,
                        connections,
                        server: contender.name,
                        rounds,
                    });
                }
            }
        }
    }
    Ok(rows)
}
