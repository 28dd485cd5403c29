//! Mixed load with random kills, on instances with either driver: what was acknowledged is true at the end, and an instance that
//! lives through all of it grows neither in memory nor in open files.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    harness::{
        alone,
        cluster::Cluster,
        daemon::{descriptors, resident_kib},
        load::Dice,
        record::Request,
        servers,
        service::Instance,
        times,
    },
    kills::assert_everything_happened,
    support::Driver,
};

/// What was seen of an instance that is never killed.
struct Seen {
    resident_kib: u64,
    descriptors: usize,
}

#[test]
fn under_mixed_load_and_kills_all_holds_and_nothing_grows() {
    let _alone = alone();
    let drivers = [Driver::Diesel, Driver::Sqlx];
    // The first of each driver is never killed, the second is.
    let instances = [drivers, drivers].into_iter().flatten().map(Instance::of);
    let mut cluster = Cluster::with(servers::postgres(&[]), instances);
    let (started, mut dice, mut seen) = (Instant::now(), Dice(11), [Vec::new(), Vec::new()]);
    let survivors = cluster.service.pids()[..2].to_vec();
    let duration = Duration::from_secs(times(60, 30 * 60) as u64);
    let record = cluster.under_load(4, |cluster, _| {
        let next_kill = Instant::now() + Duration::from_millis(500 + dice.below(4_000));
        while Instant::now() < next_kill {
            for (seen, survivor) in seen.iter_mut().zip(&survivors) {
                seen.push(Seen {
                    resident_kib: resident_kib(*survivor),
                    descriptors: descriptors(*survivor),
                });
            }
            thread::sleep(Duration::from_millis(200));
        }
        let down = Duration::from_millis(dice.below(2_000));
        match dice.below(10) {
            0 => cluster.database.crash(down),
            1 => cluster.redis.crash(down),
            n => cluster.service.crash(2 + n as usize % 2),
        }
        started.elapsed() < duration
    });
    record.assert_holds();
    assert_everything_happened(&record);
    let pids = &cluster.service.pids()[..2];
    assert_eq!(pids, survivors, "they lived through all of it");
    let served = record.count(Request::Validate, |it| it.is_accepted());
    assert!(served > 100, "{:?}", record.statuses());
    for (seen, driver) in seen.iter().zip(drivers) {
        assert_that_it_did_not_grow(seen, driver);
    }
}

fn assert_that_it_did_not_grow(seen: &[Seen], driver: Driver) {
    // The first quarter warms up: pools, the allocator, the tables of statements.
    let quarter = seen.len() / 4;
    let [early, late] = [&seen[quarter..2 * quarter], &seen[3 * quarter..]];
    let most = |seen: &[Seen], of: fn(&Seen) -> u64| seen.iter().map(of).max().unwrap_or(0);
    let memory: fn(&Seen) -> u64 = |it| it.resident_kib;
    let (before, after) = (most(early, memory), most(late, memory));
    assert!(
        after <= before + before / 5 + 2_048,
        "{driver:?}: {before} KiB, then {after} KiB"
    );
    let files: fn(&Seen) -> u64 = |it| it.descriptors as u64;
    let (before, after) = (most(early, files), most(late, files));
    assert!(
        after <= before + 16,
        "{driver:?}: {before} open files, then {after}"
    );
}
