//! The figures that have a target, out of all that was measured.

use benches::report::{
    Figure, Row,
    Target::{self, AtLeast, AtMost},
};

/// `start_up` is by how many milliseconds the quickstart starts later than an empty application.
pub fn of(rows: &[Row], start_up: f64) -> Vec<Figure> {
    let mut figures = Vec::new();
    let row = |database: &str, route: &str, connections: u32, server: &str| {
        rows.iter().find(|it| {
            (it.database, it.route, it.connections, it.server)
                == (database, route, connections, server)
        })
    };
    let mut put = |name: String, ours: Option<f64>, theirs: Option<f64>, target: Target| {
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            figures.push(Figure {
                name,
                measured: ours / theirs,
                target,
            });
        }
    };
    let rate = |row: Option<&Row>| row.map(Row::rate);
    for database in ["SQLite", "PostgreSQL"] {
        for connections in [16, 64] {
            let ours = |route| row(database, route, connections, "quickstart");
            let bare = |route| row(database, route, connections, "bare");
            let at = format!("{database}, {connections} connections");
            let least = match (database, connections) {
                ("SQLite", 16) => 3.5,
                ("SQLite", _) => 5.5,
                _ => 0.95,
            };
            let (our, their) = (ours("validate"), bare("validate"));
            put(
                format!("validate against bare, {at}"),
                rate(our),
                rate(their),
                AtLeast(least),
            );
            let most = if database == "SQLite" {
                AtMost(1.0)
            } else {
                Target::None
            };
            put(
                format!("its p99 against bare's, {at}"),
                our.map(Row::p99),
                their.map(Row::p99),
                most,
            );
            let (our, their) = (ours("guarded"), bare("guarded"));
            put(
                format!("guarded route against bare's, {at}"),
                rate(our),
                rate(their),
                AtLeast(0.95),
            );
            let (our, their) = (ours("status"), bare("status"));
            put(
                format!("status against bare's, {at}"),
                rate(our),
                rate(their),
                Target::None,
            );
            let recheck = |route| row(database, route, connections, "quickstart, recheck");
            put(
                format!("guarded route with `recheck_every` against a session-only route, {at}"),
                rate(recheck("guarded")),
                rate(recheck("session")),
                AtLeast(0.95),
            );
        }
        for (peer, route) in [
            ("drf-totp-0.1.5", "status"),
            ("drf-totp-0.1.5", "guarded"),
            ("drf-totp-0.1.5", "validate"),
            ("drf-totp", "status"),
            ("drf-totp", "guarded"),
            ("drf-totp", "validate"),
            ("django-otp", "guarded"),
            ("django-otp", "validate"),
            ("authfix", "guarded"),
            ("authfix", "validate"),
        ] {
            let target = match (peer, database, route) {
                ("drf-totp-0.1.5", "PostgreSQL", "validate") => AtLeast(12.0),
                ("drf-totp-0.1.5", ..) => AtLeast(25.0),
                _ => Target::None,
            };
            let our = row(database, route, 16, "quickstart");
            let their = row(database, route, 16, peer);
            put(
                format!("{route} against {peer}, {database}"),
                rate(our),
                rate(their),
                target,
            );
        }
    }
    let peak = |server: &str| {
        let rows = rows.iter().filter(|it| it.server == server);
        rows.map(Row::peak_mib).max_by(f64::total_cmp)
    };
    put(
        "peak memory against drf-totp 0.1.5".into(),
        peak("quickstart"),
        peak("drf-totp-0.1.5"),
        AtMost(0.2),
    );
    put(
        "milliseconds from start to the first answer, more than an empty application".into(),
        Some(start_up),
        Some(1.0),
        AtMost(100.0),
    );
    figures
}
