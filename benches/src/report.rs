//! What was measured: tables and a chart in RESULTS.md, each section written by its own command.

use std::{fmt::Write, fs, process::Command};

use crate::load::Measure;

/// One server, route and number of connections, in all rounds.
pub struct Row {
    pub database: &'static str,
    pub route: &'static str,
    pub connections: u32,
    pub server: &'static str,
    pub rounds: Vec<Measure>,
}

impl Row {
    pub fn median(&self, of: impl Fn(&Measure) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    pub fn rate(&self) -> f64 {
        self.median(|it| it.requests_per_sec)
    }

    pub fn p99(&self) -> f64 {
        self.median(|it| it.p99 as f64)
    }

    pub fn peak_mib(&self) -> f64 {
        let peak = self.rounds.iter().map(|it| it.memory).max();
        peak.unwrap_or_default() as f64 / 1_048_576.0
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| database | route | connections | server | requests/s | p50 µs | p99 µs | CPU µs/request | MiB |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} |",
            row.database,
            row.route,
            row.connections,
            row.server,
            row.rate(),
            row.median(|it| it.p50 as f64),
            row.p99(),
            row.median(|it| it.cpu),
            row.peak_mib(),
        );
    }
    text
}

/// A figure that has a target.
#[derive(Clone)]
pub struct Figure {
    pub name: String,
    pub measured: f64,
    pub target: Target,
}

#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    None,
}

pub fn figures(figures: &[Figure]) -> String {
    let mut text = String::from("| figure | measured | target | |\n|---|---|---|---|\n");
    for Figure {
        name,
        measured,
        target,
    } in figures
    {
        let (target, met) = match target {
            Target::AtLeast(least) => (format!("≥ {least}"), measured >= least),
            Target::AtMost(most) => (format!("≤ {most}"), measured <= most),
            Target::None => ("report".into(), true),
        };
        let verdict = if met { "" } else { "**missed**" };
        let _ = writeln!(text, "| {name} | {measured:.2} | {target} | {verdict} |");
    }
    text
}

/// The machine and what ran on it.
pub fn machine() -> String {
    let says = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output();
        let text = output.map(|it| [it.stdout, it.stderr].concat());
        let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
        text.lines().next().unwrap_or("not found").trim().to_owned()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|it| it.strip_prefix("model name\t: "));
    format!(
        "{}; Linux {}; {}; {}; {}; {}. Servers and load generator have a core each.\n",
        cpu.unwrap_or("unknown CPU"),
        says("uname", &["-r"]),
        says("rustc", &["--version"]),
        says("wrk", &["-v"]),
        says("psql", &["--version"]),
        says("python3", &["--version"]),
    )
}

/// Requests per second with 16 connections as bars, on a logarithmic scale.
pub fn chart(rows: &[Row]) -> String {
    const BAR: f64 = 16.0;
    const LEFT: f64 = 270.0;
    const WIDTH: f64 = 500.0;
    let rows: Vec<&Row> = rows.iter().filter(|it| it.connections == 16).collect();
    let scale = |rate: f64| (rate.max(100.0) / 100.0).log10() / 3.0 * WIDTH; // 100 to 100,000
    let height = 30.0 + rows.len() as f64 * (BAR + 4.0) + 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 880 {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"880\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"18\">Requests per second, 16 connections, one core, logarithmic</text>\n",
    );
    for (at, row) in rows.iter().enumerate() {
        let y = 30.0 + at as f64 * (BAR + 4.0);
        let fill = if row.server.starts_with("quickstart") {
            "#1a7f37"
        } else {
            "#8c959f"
        };
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{}\">{} {}: {}</text><rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{fill}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{:.0}</text>",
            y + 12.0,
            row.database,
            row.route,
            row.server,
            scale(row.rate()),
            LEFT + scale(row.rate()) + 6.0,
            y + 12.0,
            row.rate(),
        );
    }
    svg + "</svg>\n"
}

/// Puts a section into RESULTS.md in the place of the one that was there.
pub fn write(section: &str, text: &str) -> anyhow::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
    let old = fs::read_to_string(path).unwrap_or_else(|_| "# Results\n".into());
    let (from, to) = (
        format!("<!-- {section} -->"),
        format!("<!-- end of {section} -->"),
    );
    let new = format!("{from}\n{text}{to}\n");
    let result = match (old.find(&from), old.find(&to)) {
        (Some(start), Some(end)) => {
            let rest = old[end + to.len()..].trim_start_matches('\n');
            format!("{}{new}{rest}", &old[..start])
        }
        _ => format!("{old}\n{new}"),
    };
    fs::write(path, result)?;
    println!("written: {section} in {path}");
    Ok(())
}
