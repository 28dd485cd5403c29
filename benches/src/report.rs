//! What was measured, as a table.

use std::fmt::Write;

use crate::load::Measure;

pub struct Row {
    pub database: &'static str,
    pub route: &'static str,
    pub connections: u32,
    pub server: &'static str,
    pub rounds: Vec<Measure>,
}

impl Row {
    fn median(&self, of: impl Fn(&Measure) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
}

/// Rows come in pairs: the reference, then the quickstart.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Results\n\nMade by `cargo run --release -p benches`; README.md says how. Medians of three rounds. Absolute numbers \
         are this machine's; compare within a pair.\n\n\
         | database | route | connections | server | requests/s | against bare | p50 µs | p99 µs | CPU µs/request | MiB |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for pair in rows.chunks(2) {
        for row in pair {
            let rate = row.median(|it| it.requests_per_sec);
            let ratio = rate / pair[0].median(|it| it.requests_per_sec);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {rate:.0} | {ratio:.2} | {:.0} | {:.0} | {:.1} | {:.1} |",
                row.database,
                row.route,
                row.connections,
                row.server,
                row.median(|it| it.p50 as f64),
                row.median(|it| it.p99 as f64),
                row.median(|it| it.cpu),
                row.median(|it| it.memory as f64) / 1_048_576.0,
            );
        }
    }
    text
}
