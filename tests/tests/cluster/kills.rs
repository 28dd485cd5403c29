//! `kill -9` of an instance, of the database and of Redis, at random moments under load: nothing that was acknowledged is
//! lost, nothing is accepted twice, and service is back within 5 seconds.

use std::{thread, time::Duration};

use crate::harness::{
    alone,
    cluster::Cluster,
    daemon::until,
    load::Dice,
    record::{Ask, Record},
    servers, times,
};

const LIVES_AT_ONCE: usize = 6;

/// Kills so often, each time in the midst of a life or two.
fn killing(
    cluster: &mut Cluster,
    kills: usize,
    kill: impl Fn(&mut Cluster, usize, Duration),
) -> Record {
    let mut dice = Dice(7);
    let mut killed = 0;
    let record = cluster.under_load(LIVES_AT_ONCE, |cluster, record| {
        let asked = record.len();
        until(Duration::from_secs(20), "people ask", || {
            (record.len() >= asked + 50).then_some(())
        });
        thread::sleep(Duration::from_millis(dice.below(200)));
        if killed == kills {
            return false;
        }
        // Longer than a request waits for a connection: shorter, nobody notices.
        let down = Duration::from_millis(1_000 + dice.below(1_500));
        kill(cluster, killed, down);
        killed += 1;
        true
    });
    record.assert_holds();
    // The run shows something: people were served, and some met the kill.
    let (served, unknown) = (
        record.count(Ask::Validate, |it| it.is_yes()),
        record
            .entries()
            .iter()
            .filter(|it| it.told.is_unknown())
            .count(),
    );
    assert!(served > kills && unknown > 0, "{:?}", record.statuses());
    record
}

/// 500 is what actix-session answers when the sessions cannot be reached. We answer 503.
fn assert_no_500(record: &Record) {
    let statuses = record.statuses();
    assert_eq!(statuses.get(&Some(500)), None, "{statuses:?}");
}

#[test]
fn instances_are_killed() {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), 3);
    let record = killing(&mut cluster, times(10, 200), |cluster, n, _| {
        cluster.service.crash(n % 3);
    });
    assert_no_500(&record);
}

#[test]
fn postgres_is_killed() {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), 3);
    let record = killing(&mut cluster, times(2, 20), |cluster, _, down| {
        cluster.database.crash(down);
    });
    assert_no_500(&record);
}

#[test]
fn mariadb_is_killed() {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::mariadb(&[]), 3);
    let record = killing(&mut cluster, times(2, 20), |cluster, _, down| {
        cluster.database.crash(down);
    });
    assert_no_500(&record);
}

#[test]
fn redis_is_killed() {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), 3);
    killing(&mut cluster, times(2, 20), |cluster, _, down| {
        cluster.redis.crash(down);
    });
}
