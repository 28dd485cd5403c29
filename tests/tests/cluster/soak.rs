//! Mixed load with random kills: what was acknowledged is true at the end, and an instance that lives through all of it grows
//! neither in memory nor in open files.

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
        servers, times,
    },
    kills::assert_everything_happened,
};

/// What was seen of the instance that is never killed.
struct Seen {
    resident_kib: u64,
    descriptors: usize,
}

#[test]
fn under_mixed_load_and_kills_all_holds_and_nothing_grows() {
    let _alone = alone();
    let mut cluster = Cluster::over(servers::postgres(&[]), 3);
    let (started, mut dice, mut seen) = (Instant::now(), Dice(11), Vec::new());
    let survivor = cluster.service.instances[0].pid();
    let duration = Duration::from_secs(times(60, 30 * 60) as u64);
    let record = cluster.under_load(4, |cluster, _| {
        let next_kill = Instant::now() + Duration::from_millis(500 + dice.below(4_000));
        while Instant::now() < next_kill {
            seen.push(Seen {
                resident_kib: resident_kib(survivor),
                descriptors: descriptors(survivor),
            });
            thread::sleep(Duration::from_millis(200));
        }
        let down = Duration::from_millis(dice.below(2_000));
        match dice.below(10) {
            0 => cluster.database.crash(down),
            1 => cluster.redis.crash(down),
            n => cluster.service.crash(1 + n as usize % 2),
        }
        started.elapsed() < duration
    });
    record.assert_holds();
    assert_everything_happened(&record);
    let pid = cluster.service.instances[0].pid();
    assert_eq!(pid, survivor, "it lived through all of it");
    let served = record.count(Request::Validate, |it| it.is_accepted());
    assert!(served > 100, "{:?}", record.statuses());

    // The first quarter warms up: pools, the allocator, the tables of statements.
    let quarter = seen.len() / 4;
    let [early, late] = [&seen[quarter..2 * quarter], &seen[3 * quarter..]];
    let most = |seen: &[Seen], of: fn(&Seen) -> u64| seen.iter().map(of).max().unwrap_or(0);
    let memory: fn(&Seen) -> u64 = |it| it.resident_kib;
    let (before, after) = (most(early, memory), most(late, memory));
    assert!(
        after <= before + before / 5 + 2_048,
        "{before} KiB, then {after} KiB"
    );
    let files: fn(&Seen) -> u64 = |it| it.descriptors as u64;
    let (before, after) = (most(early, files), most(late, files));
    assert!(after <= before + 16, "{before} open files, then {after}");
}
