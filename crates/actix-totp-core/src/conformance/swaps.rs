//! Clauses 1 to 4: atomic, conditional, durable, fresh.

use std::{sync::Barrier, thread};

use super::store::{Store, device, insert, load, user};
use crate::{Device, Swap, Version};

/// *Fresh.* A load that begins after a swap returned sees that swap.
pub fn a_load_sees_the_swap_before_it(store: Store) {
    let first = device("alice");
    assert_eq!(load(&store, &first.user), None, "an absent row is None");
    insert(&store, &first);
    assert_eq!(load(&store, &first.user), Some(first.clone()));

    let second = Device {
        failures: 7,
        ..device("alice")
    };
    assert!(
        store
            .swap(&first.user, Some(first.version), Some(&second))
            .unwrap()
    );
    assert_eq!(load(&store, &first.user), Some(second.clone()));

    assert!(store.swap(&first.user, Some(second.version), None).unwrap());
    assert_eq!(load(&store, &first.user), None, "a deleted row is None");
}

/// *Conditional.* A row is inserted only where there is none.
pub fn an_absent_row_is_inserted_once(store: Store) {
    let first = device("alice");
    insert(&store, &first);
    let second = device("alice");
    assert!(
        !store.swap(&first.user, None, Some(&second)).unwrap(),
        "a row that is there is not absent"
    );
    assert_eq!(load(&store, &first.user), Some(first));
}

/// *Conditional.* Where the store has batches, each swap of a batch is answered for itself, in order, and sees those before
/// it.
pub fn swaps_made_together_are_answered_one_by_one(store: Store) {
    let Some(batch) = store.batch() else {
        return; // each is made alone, and the other clauses say how
    };
    let (there, alice, bob) = (device("there"), device("alice"), device("bob"));
    insert(&store, &there);
    let second = Device {
        failures: 7,
        ..device("alice")
    };
    let swap = |expected: Option<&Device>, next: &Device| Swap {
        user: next.user.clone(),
        expected: expected.map(|it| it.version),
        next: Some(next.clone()),
    };
    let answers = batch.swap_batch(vec![
        swap(None, &alice),
        swap(None, &device("there")),
        swap(Some(&alice), &second),
        swap(Some(&alice), &device("alice")),
        swap(None, &bob),
        Swap {
            user: there.user.clone(),
            expected: Some(there.version),
            next: None,
        },
    ]);
    let answers: Vec<bool> = answers.into_iter().map(|it| it.unwrap()).collect();
    assert_eq!(answers, [true, false, true, false, true, true]);
    let users = [&bob.user, &there.user, &alice.user, &bob.user, &alice.user];
    let loaded = batch.load_batch(&users);
    let loaded: Vec<Option<Device>> = loaded.into_iter().map(|it| it.unwrap()).collect();
    let (bobs, alices) = (Some(bob.clone()), Some(second.clone()));
    let expected = [&bobs, &None, &alices, &bobs, &alices].map(Clone::clone);
    assert_eq!(loaded, expected, "one who comes twice is there twice");
    assert_eq!(load(&store, &alice.user), Some(second.clone()));

    // Updates of different users alone.
    let (third, newer) = (device("alice"), device("bob"));
    let answers = batch.swap_batch(vec![
        swap(Some(&bob), &newer),
        swap(Some(&alice), &third),
        swap(Some(&there), &device("there")),
    ]);
    let answers: Vec<bool> = answers.into_iter().map(|it| it.unwrap()).collect();
    assert_eq!(answers, [true, false, false], "stale and absent rows");
    assert_eq!(load(&store, &bob.user), Some(newer));
    assert_eq!(load(&store, &alice.user), Some(second));
    assert_eq!(load(&store, &there.user), None);
    assert!(batch.load_batch(&[]).is_empty());
    assert!(batch.swap_batch(Vec::new()).is_empty());
}

/// *Conditional.* A swap whose expectation does not hold changes nothing and returns `Ok(false)`.
pub fn a_swap_that_expects_another_version_changes_nothing(store: Store) {
    let (there, other) = (device("alice"), device("alice"));
    assert!(
        !store
            .swap(&there.user, Some(other.version), Some(&other))
            .unwrap(),
        "nothing is updated where nothing is"
    );
    assert!(
        !store.swap(&there.user, Some(other.version), None).unwrap(),
        "nothing is deleted where nothing is"
    );
    assert_eq!(load(&store, &there.user), None);

    insert(&store, &there);
    assert!(
        !store
            .swap(&there.user, Some(other.version), Some(&other))
            .unwrap()
    );
    assert!(!store.swap(&there.user, Some(other.version), None).unwrap());
    assert_eq!(load(&store, &there.user), Some(there));

    // All 64 bits count: a floating-point number, as in Lua or JavaScript, holds 53 of them.
    let bob = Device {
        version: Version::from_i64(0x7edc_ba98_7654_3210),
        ..device("bob")
    };
    insert(&store, &bob);
    for bit in 0..64 {
        let near = Some(Version::from_i64(bob.version.to_i64() ^ 1 << bit));
        for next in [Some(&device("bob")), None] {
            assert!(
                !store.swap(&bob.user, near, next).unwrap(),
                "bit {bit} of a version is compared"
            );
        }
    }
    assert_eq!(load(&store, &bob.user), Some(bob));
}

/// *Conditional.* A swap reaches the row of its user only, also where another row is at the expected version.
pub fn a_swap_touches_nobody_else(store: Store) {
    let (alice, bob) = (device("alice"), device("bob"));
    insert(&store, &bob);
    for next in [Some(&alice), None] {
        assert!(
            !store.swap(&alice.user, Some(bob.version), next).unwrap(),
            "the version of another user's row is no expectation of this one's"
        );
    }
    assert_eq!(load(&store, &alice.user), None);
    assert_eq!(load(&store, &bob.user), Some(bob.clone()));

    // Two rows at one version: random numbers make it unlikely, and the contract does not need it to be.
    let alice = Device {
        version: bob.version,
        ..alice
    };
    insert(&store, &alice);
    let next = device("alice");
    assert!(
        store
            .swap(&alice.user, Some(alice.version), Some(&next))
            .unwrap()
    );
    assert_eq!(load(&store, &bob.user), Some(bob.clone()), "not written");
    assert!(store.swap(&alice.user, Some(next.version), None).unwrap());
    insert(&store, &alice);
    assert!(store.swap(&alice.user, Some(alice.version), None).unwrap());
    assert_eq!(load(&store, &bob.user), Some(bob), "not deleted");
}

/// *Conditional.* A row that was deleted and made anew satisfies no older expectation.
pub fn a_deleted_and_recreated_row_satisfies_no_old_expectation(store: Store) {
    let old = device("alice");
    insert(&store, &old);
    assert!(store.swap(&old.user, Some(old.version), None).unwrap());
    let new = device("alice");
    insert(&store, &new);
    assert!(
        !store
            .swap(&old.user, Some(old.version), Some(&device("alice")))
            .unwrap()
    );
    assert!(!store.swap(&old.user, Some(old.version), None).unwrap());
    assert_eq!(load(&store, &old.user), Some(new));
}

/// *Atomic.* Of all swaps that expect the same version, at most one returns `Ok(true)`.
pub fn of_all_swaps_that_expect_the_same_version_one_wins(store: Store) {
    const RIVALS: usize = 16;
    let alice = user("alice");
    for round in 0..50 {
        let expected = load(&store, &alice).map(|device| device.version);
        // Updates race updates, then deletes race updates, then deletes race deletes; on an absent row inserts race.
        let deletes = |n: usize| round % 3 == 2 || (round % 3 == 1 && n.is_multiple_of(2));
        let next = |n| (expected.is_none() || !deletes(n)).then(|| device("alice"));
        let rivals: Vec<Option<Device>> = (0..RIVALS).map(next).collect();
        let start = Barrier::new(RIVALS);
        let won: Vec<&Option<Device>> = thread::scope(|scope| {
            let threads: Vec<_> = rivals
                .iter()
                .map(|next| {
                    let (store, start, alice) = (&store, &start, &alice);
                    scope.spawn(move || {
                        start.wait();
                        // A fault is allowed under this load; it must not have written and be answered as lost.
                        store
                            .swap(alice, expected, next.as_ref())
                            .unwrap_or(false)
                            .then_some(next)
                    })
                })
                .collect();
            threads
                .into_iter()
                .filter_map(|it| it.join().expect("no panic"))
                .collect()
        });
        assert_eq!(won.len(), 1, "one swap wins, in round {round}");
        assert_eq!(load(&store, &alice), *won[0], "and what it wrote is there");
    }
}

/// *Atomic* and *fresh.* Of eight that count up one number at once, by load and swap, no increment is lost.
pub fn no_update_is_lost(store: Store) {
    const RIVALS: usize = 8;
    const TRIES: usize = 30;
    let alice = user("alice");
    insert(&store, &device("alice"));
    let start = Barrier::new(RIVALS);
    let count_up = || {
        start.wait();
        let (mut won, mut unknown) = (0, 0);
        for _ in 0..TRIES {
            let Ok(Some(found)) = store.load(&alice) else {
                continue; // no connection to be had under this load
            };
            let next = Device {
                failures: found.failures + 1,
                ..device("alice")
            };
            match store.swap(&alice, Some(found.version), Some(&next)) {
                Ok(true) => won += 1,
                Ok(false) => {}
                Err(_) => unknown += 1,
            }
        }
        (won, unknown)
    };
    let (won, unknown) = thread::scope(|scope| {
        let threads: Vec<_> = (0..RIVALS).map(|_| scope.spawn(count_up)).collect();
        threads.into_iter().fold((0, 0), |(won, unknown), thread| {
            let counts = thread.join().expect("no panic");
            (won + counts.0, unknown + counts.1)
        })
    });
    let counted = load(&store, &alice).map_or(0, |device| device.failures);
    assert!(won > 0, "somebody is first");
    assert!(
        (won..=won + unknown).contains(&counted),
        "{won} swaps won and {unknown} are unknown, but {counted} are there"
    );
}
