//! In process: what each part of a request costs. `cargo bench -p benches --bench parts`.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use actix_totp::{DeviceStore, DieselStore, MemoryStore, Version, bench::Guarding};
use actix_totp_core::{KeyRing, TotpService, bench::Parts};
use anyhow::Context;
use benches::{
    seed,
    users::{self, Users},
};
use diesel::SqliteConnection;
use divan::{Bencher, counter::ItemsCount};

const NOW: u64 = 1_760_000_010;
/// How many users the stores hold.
const USERS: u64 = 10_000;

fn main() {
    divan::main();
}

fn parts() -> anyhow::Result<Parts> {
    let keys = KeyRing::parse(&Users::keys().0)?;
    Ok(Parts::new(keys, users::id(1)?, &[7; 20], NOW)?)
}

/// A pure part: no store, no thread.
macro_rules! part {
    ($name:ident, |$parts:ident| $call:expr) => {
        #[divan::bench]
        fn $name(bencher: Bencher<'_, '_>) {
            let $parts = parts().expect("parts");
            bencher.bench_local(|| black_box($call));
        }
    };
}

mod core {
    use super::*;

    part!(opening_the_box, |parts| parts.open());
    part!(sealing_the_box, |parts| parts.seal());
    part!(matching_a_wrong_code, |parts| parts
        .match_code(black_box("000000")));
    part!(enroll, |parts| parts.enroll());
    part!(confirm, |parts| parts.confirm());
    part!(unlock, |parts| parts.unlock());
    part!(end_all_proofs, |parts| parts.end_all_proofs());

    macro_rules! with_token {
        ($name:ident, $token:ident, $call:ident) => {
            #[divan::bench]
            fn $name(bencher: Bencher<'_, '_>) {
                let parts = parts().expect("parts");
                let token = parts.$token();
                bencher.bench_local(|| black_box(parts.$call(black_box(&token))));
            }
        };
    }
    with_token!(matching_a_right_code, good_code, match_code);
    with_token!(authenticate_with_a_code, good_code, authenticate);
    with_token!(authenticate_with_a_backup_code, backup_code, authenticate);
    with_token!(renew_backup_codes, good_code, renew_backup_codes);
    with_token!(disable, good_code, disable);
}

#[divan::bench]
fn the_guards_decision(bencher: Bencher<'_, '_>) {
    let guarding = Guarding::new(users::id(1).expect("an id"), NOW);
    bencher.bench_local(|| black_box(guarding.decide()));
}

/// `load` and `swap` of one of many devices.
fn load(bencher: Bencher<'_, '_>, store: &impl DeviceStore) {
    let next = AtomicU64::new(0);
    bencher.counter(ItemsCount::new(1_u64)).bench(|| {
        let n = next.fetch_add(7_919, Relaxed) % USERS;
        store.load(&users::id(n).expect("an id")).expect("a device")
    });
}

fn swap(bencher: Bencher<'_, '_>, store: &impl DeviceStore) {
    let next = AtomicU64::new(0);
    bencher.counter(ItemsCount::new(1_u64)).bench(|| {
        let n = next.fetch_add(7_919, Relaxed) % USERS;
        let user = users::id(n).expect("an id");
        let Ok(Some(mut device)) = store.load(&user) else {
            panic!("no device");
        };
        let expected = device.version;
        device.version = Version::from_i64(expected.to_i64().wrapping_add(1));
        // `false` where two threads met: that is a swap, too.
        store
            .swap(&user, Some(expected), Some(&device))
            .expect("an answer")
    });
}

macro_rules! store {
    ($name:ident, $open:expr) => {
        mod $name {
            use super::*;

            #[divan::bench(threads = [1, 16, 64])]
            fn load(bencher: Bencher<'_, '_>) {
                super::load(bencher, &$open().expect("a store"));
            }

            #[divan::bench(threads = [1, 16, 64])]
            fn load_and_swap(bencher: Bencher<'_, '_>) {
                super::swap(bencher, &$open().expect("a store"));
            }
        }
    };
}

store!(memory_store, || -> anyhow::Result<MemoryStore> {
    let (store, users) = (MemoryStore::new(), Users::new()?);
    for n in 0..USERS {
        let device = users.device(n)?;
        store.swap(&device.user, None, Some(&device))?;
    }
    Ok(store)
});

store!(
    sqlite_store,
    || -> anyhow::Result<DieselStore<SqliteConnection>> {
        let folder = tempfile::tempdir()?;
        let path = folder.keep().join("parts.db");
        let path = path.to_str().context("a path that is no text")?;
        seed::sqlite(path, USERS)?;
        Ok(DieselStore::open(path)?)
    }
);

#[cfg(feature = "postgres")]
store!(
    postgres_store,
    || -> anyhow::Result<DieselStore<diesel::PgConnection>> {
        let url = seed::postgres(&seed::postgres_server(), "totp_bench_parts", USERS)?;
        Ok(DieselStore::open(&url)?)
    }
);

/// A whole operation on the memory store: load, open, match, swap.
#[divan::bench]
fn validate_on_the_memory_store(bencher: Bencher<'_, '_>) {
    let validating = validating().expect("a service");
    let user = users::id(1).expect("an id");
    bencher.bench_local(|| black_box(validating.authenticate(&user, "000000")));
}

fn validating() -> anyhow::Result<TotpService> {
    let (store, users) = (MemoryStore::new(), Users::new()?);
    let device = users.device(1)?;
    store.swap(&device.user, None, Some(&device))?;
    let keys = KeyRing::parse(&Users::keys().0)?;
    Ok(TotpService::builder(store, keys).build()?)
}
