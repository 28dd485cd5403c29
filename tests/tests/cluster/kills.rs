//! `kill -9` of an instance, of the database and of Redis, at random moments under load: nothing that was acknowledged is
//! lost, nothing is accepted twice, and service is back within 5 seconds.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::harness::{
    alone,
    cluster::Cluster,
    daemon::until,
    load::Dice,
    record::{Outcome, Record, Request},
    servers, times,
};
use crate::support::Driver;

const USERS_AT_ONCE: usize = 6;
/// Longer than this nobody goes on after the last kill.
const MOST: Duration = Duration::from_secs(150);

/// Kills so often, each time while some users are under way.
fn killing(
    cluster: &mut Cluster,
    kills: usize,
    kill: impl Fn(&mut Cluster, usize, Duration),
) -> Record {
    let (mut dice, started) = (Dice(7), Instant::now());
    let mut killed = 0;
    let record = cluster.under_load(USERS_AT_ONCE, |cluster, record| {
        let asked = record.len();
        until(Duration::from_secs(20), "users send requests", || {
            (record.len() >= asked + 50).then_some(())
        });
        thread::sleep(Duration::from_millis(dice.below(200)));
        if killed == kills {
            // A machine that is busy with other things needs longer until all has been asked.
            return missing(record).is_some() && started.elapsed() < MOST;
        }
        // Longer than a request waits for a connection: shorter, nobody notices.
        let down = Duration::from_millis(1_000 + dice.below(1_500));
        kill(cluster, killed, down);
        killed += 1;
        true
    });
    record.assert_holds();
    // The run shows something: users were served, and some met the kill.
    let (served, unknown) = (
        record.count(Request::Validate, |it| it.is_accepted()),
        record
            .entries()
            .iter()
            .filter(|it| it.outcome.is_unknown())
            .count(),
    );
    assert!(served > kills && unknown > 0, "{:?}", record.statuses());
    assert_everything_happened(&record);
    record
}

/// No rule of the record held only because nothing was asked of it.
pub fn assert_everything_happened(record: &Record) {
    assert_eq!(missing(record), None, "{:?}", record.statuses());
}

/// What has not happened yet.
fn missing(record: &Record) -> Option<&'static str> {
    let accepted = |request| record.count(request, Outcome::is_accepted) > 0;
    let refused = |request, code| record.count(request, |outcome| outcome.is_refused(code));
    let happened = [
        ("verify", accepted(Request::Verify)),
        ("renew", accepted(Request::Renew)),
        ("disable", accepted(Request::Disable)),
        ("vault", accepted(Request::Vault)),
        ("throttled", refused(Request::Validate, "throttled") > 0),
        (
            "invalid_token",
            refused(Request::Validate, "invalid_token") > 5,
        ),
        (
            "totp_setup_required",
            refused(Request::Vault, "totp_setup_required") > 0,
        ),
        (
            "what was accepted was sent again",
            record.replays_refused() > 0,
        ),
    ];
    happened.iter().find(|it| !it.1).map(|it| it.0)
}

/// 500 is what actix-session answers when the sessions cannot be reached. We answer 503.
fn assert_no_500(record: &Record) {
    let statuses = record.statuses();
    assert_eq!(statuses.get(&Some(500)), None, "{statuses:?}");
}

crate::support::on_each_driver!(instances_are_killed, postgres_is_killed, mariadb_is_killed);

fn instances_are_killed(driver: Driver) {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), driver, 3);
    let record = killing(&mut cluster, times(10, 200), |cluster, n, _| {
        cluster.service.crash(n % 3);
    });
    assert_no_500(&record);
}

fn postgres_is_killed(driver: Driver) {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), driver, 3);
    let instances = cluster.service.pids();
    let record = killing(&mut cluster, times(2, 20), |cluster, _, down| {
        cluster.database.crash(down);
    });
    assert_no_500(&record);
    assert_eq!(cluster.service.pids(), instances, "none was restarted");
}

fn mariadb_is_killed(driver: Driver) {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::mariadb(&[]), driver, 3);
    let instances = cluster.service.pids();
    let record = killing(&mut cluster, times(2, 20), |cluster, _, down| {
        cluster.database.crash(down);
    });
    assert_no_500(&record);
    assert_eq!(cluster.service.pids(), instances, "none was restarted");
}

#[test]
fn redis_is_killed() {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), Driver::Diesel, 3);
    let instances = cluster.service.pids();
    killing(&mut cluster, times(2, 20), |cluster, _, down| {
        cluster.redis.crash(down);
    });
    assert_eq!(cluster.service.pids(), instances, "none was restarted");
}
