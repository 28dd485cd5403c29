//! The stores for SQL beside each other: the same quickstart, with diesel and with sqlx, by turns.

use benches::{
    programs::build,
    report::{self, Figure, Row, Target, median},
    seed,
};

use crate::{
    CONNECTIONS, compare,
    contender::{Contender, Quickstart, SIGN_INS_PER_RUN, quickstart},
    path_in,
};

const ROUTES: [&str; 2] = ["guarded", "validate"];
/// More than elsewhere: what is compared is nearly the same.
const ROUNDS: usize = 7;
const USERS: u64 = SIGN_INS_PER_RUN * (ROUNDS * CONNECTIONS.len()) as u64;

pub fn measure() -> anyhow::Result<()> {
    build("quickstart")?;
    let folder = tempfile::tempdir()?;
    let databases = ["diesel.db", "sqlx.db"].map(|name| path_in(folder.path(), name));
    seed::sqlite(&databases[0], USERS)?;
    std::fs::copy(&databases[0], &databases[1])?;
    #[cfg_attr(not(feature = "postgres"), allow(unused_mut))]
    let mut rows = compare("SQLite", &both(&databases)?, &ROUTES, ROUNDS)?;
    #[cfg(feature = "postgres")]
    {
        let server = seed::postgres_server();
        let databases = [
            seed::postgres(&server, "totp_bench_diesel", USERS)?,
            seed::postgres(&server, "totp_bench_sqlx", USERS)?,
        ];
        rows.extend(compare("PostgreSQL", &both(&databases)?, &ROUTES, ROUNDS)?);
    }
    let features = if cfg!(feature = "postgres") {
        " --features postgres"
    } else {
        ""
    };
    let text = format!(
        "Made by `cargo run --release -p benches{features} -- drivers`: the quickstart with diesel's store and with sqlx's. {}\n\
         Medians of {ROUNDS} rounds of {} s, by turns; a ratio is the median of those of the rounds.\n\n{}\n{}",
        report::machine(),
        benches::SECS,
        report::figures(&ratios(&rows)),
        report::table(&rows),
    );
    report::write("drivers", &text)
}

fn both([diesel, sqlx]: &[String; 2]) -> anyhow::Result<Vec<Contender>> {
    Ok(vec![
        quickstart(diesel, "127.0.0.1:7101", Quickstart::Plain)?,
        quickstart(sqlx, "127.0.0.1:7102", Quickstart::Sqlx)?,
    ])
}

/// sqlx's rates against diesel's; the rows come in pairs.
fn ratios(rows: &[Row]) -> Vec<Figure> {
    let ratio = |pair: &[Row]| {
        let [diesel, sqlx] = pair else { return None };
        let rounds = diesel.rounds.iter().zip(&sqlx.rounds);
        let ratios = rounds.map(|(diesel, sqlx)| sqlx.requests_per_sec / diesel.requests_per_sec);
        Some(Figure {
            name: format!(
                "{} with sqlx against diesel, {}, {} connections",
                diesel.route, diesel.database, diesel.connections
            ),
            measured: median(ratios.collect()),
            target: Target::AtLeast(if diesel.database == "SQLite" {
                0.8
            } else {
                0.9
            }),
        })
    };
    rows.chunks(2).filter_map(ratio).collect()
}
