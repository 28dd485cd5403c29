//! What the contract leaves to this store, against a real Redis.
#![allow(clippy::unwrap_used, reason = "a test panics on purpose")]

mod support;

use std::{collections::HashMap, sync::Arc};

use actix_totp_core::{
    DeviceStore, FakeClock, KeyRing, Outcome, Rejection, StoreError, TotpService, Version,
};
use own_store::redis::{self, Commands};
use support::{TestStore, connect, device, user};

#[test]
fn a_user_is_in_the_index_as_long_as_there_is_a_row() {
    let store = TestStore::new();
    let key = format!("{}users", store.prefix);
    let users = || -> Vec<String> { connect().zrange(&key, 0, -1).unwrap() };
    let (alice, bob) = (device("alice", 1), device("bob", 1));
    for device in [&alice, &bob] {
        assert!(store.swap(&device.user, None, Some(device)).unwrap());
    }
    assert_eq!(users(), ["alice", "bob"]);

    // What is lost changes nothing here either.
    assert!(
        !store
            .swap(&alice.user, Some(Version::from_i64(2)), None)
            .unwrap()
    );
    assert!(
        !store
            .swap(
                &user("carol"),
                Some(Version::from_i64(2)),
                Some(&device("carol", 3))
            )
            .unwrap()
    );
    assert_eq!(users(), ["alice", "bob"]);

    assert!(store.swap(&alice.user, Some(alice.version), None).unwrap());
    assert_eq!(users(), ["bob"]);
    assert!(store.swap(&bob.user, Some(bob.version), None).unwrap());
    assert_eq!(
        store.keys(),
        [""; 0],
        "nothing is left of those who are gone"
    );
}

#[test]
fn a_page_goes_on_behind_users_whose_rows_are_gone() {
    let store = TestStore::new();
    for id in ["alice", "bob", "carol"] {
        assert!(store.swap(&user(id), None, Some(&device(id, 1))).unwrap());
    }
    // As between the two questions of a page, when somebody else deletes.
    let rows = ["alice", "bob"].map(|id| format!("{}user:{id}", store.prefix));
    let () = connect().del(&rows).unwrap();
    assert_eq!(store.page(None, 1).unwrap(), [device("carol", 1)]);
    assert_eq!(store.page(None, 0).unwrap(), []);
    assert_eq!(store.page(None, usize::MAX).unwrap(), [device("carol", 1)]);
}

#[test]
fn a_row_that_is_no_device_is_corrupt_and_stays() {
    let store = TestStore::new();
    let alice = device("alice", 1);
    let row = format!("{}user:alice", store.prefix);
    type Spoil<'a> = &'a dyn Fn(&mut redis::Connection) -> redis::RedisResult<()>;
    let spoils: [Spoil<'_>; 6] = [
        &|redis| redis.hdel(&row, "version"),
        &|redis| redis.hdel(&row, "sealed"),
        &|redis| redis.hset(&row, "failures", "4294967296"),
        &|redis| redis.hset(&row, "authenticators", "25 bytes are a state, no less"),
        &|redis| redis.hset(&row, "recent_failures", "seven b"),
        &|redis| redis.set(&row, "a string"),
    ];
    for spoil in spoils {
        assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
        spoil(&mut connect()).unwrap();
        let loaded = store.load(&alice.user);
        assert!(matches!(loaded, Err(StoreError::Corrupt(_))), "{loaded:?}");
        let page = store.page(None, 9);
        assert!(matches!(page, Err(StoreError::Corrupt(_))), "{page:?}");
        let inserted = store.swap(&alice.user, None, Some(&alice));
        assert!(
            !matches!(inserted, Ok(true)),
            "it is there, so it is not absent"
        );
        let () = connect().del(&row).unwrap();
    }
}

#[test]
fn a_script_that_redis_has_forgotten_is_sent_again() {
    let store = TestStore::new();
    let alice = device("alice", 1);
    let () = redis::cmd("SCRIPT")
        .arg("FLUSH")
        .query(&mut connect())
        .unwrap();
    assert!(store.swap(&alice.user, None, Some(&alice)).unwrap());
    assert_eq!(store.load(&alice.user).unwrap(), Some(alice));
}

#[test]
fn a_sign_in_works_and_no_secret_is_to_be_seen() {
    let store = Arc::new(TestStore::new());
    let clock = FakeClock::at(1_700_000_000);
    let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
    let totp = TotpService::builder(Arc::clone(&store), keys)
        .clock(clock.clone())
        .build()
        .unwrap();
    let alice = user("alice");
    let code = || totp.code_for(&alice).unwrap().unwrap();

    let enrollment = totp.enroll(&alice, "", None).unwrap().accepted().unwrap();
    let confirmed = totp.confirm(&alice, &code()).unwrap().accepted().unwrap();
    clock.advance_secs(30);
    let sign_in = |token: &str| totp.authenticate(&alice, token).unwrap();
    let token = code();
    assert!(matches!(sign_in(&token), Outcome::Accepted(_)));
    assert_eq!(sign_in(&token).rejected(), Some(Rejection::InvalidToken));
    let backup_code = confirmed.backup_codes[0].reveal();
    assert!(matches!(sign_in(&backup_code), Outcome::Accepted(_)));
    assert_eq!(
        sign_in(&backup_code).rejected(),
        Some(Rejection::InvalidToken)
    );

    let row: HashMap<String, Vec<u8>> = connect()
        .hgetall(format!("{}user:alice", store.prefix))
        .unwrap();
    assert!(row["sealed"].len() > 200, "the secrets are there, sealed");
    let mut secrets: Vec<_> = (confirmed.backup_codes.iter())
        .map(|code| code.reveal())
        .collect();
    secrets.extend(secrets.clone().iter().map(|code| code.replace('-', "")));
    secrets.push(enrollment.secret().to_owned());
    for value in row.values() {
        let shown = String::from_utf8_lossy(value).to_uppercase();
        assert!(!secrets.iter().any(|secret| shown.contains(secret)));
    }

    clock.advance_secs(30);
    assert!(matches!(
        totp.disable(&alice, Some(&code())).unwrap(),
        Outcome::Accepted(_)
    ));
    assert_eq!(store.keys(), [""; 0]);
}
