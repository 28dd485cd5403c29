//! How many wait, and who is refused.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use actix_totp::{BuildError, Epoch, Error, MemoryStore, Outcome, Proof, Rejection, Totp, UserId};
use actix_web::rt::{
    spawn,
    task::{JoinHandle, yield_now},
};

use crate::{Fixture, all, all_are_queued, key, run, user};

#[test]
fn whoever_hammers_one_account_holds_up_nobody_else() {
    run(async {
        let fixture = Fixture::new(2, true, |_| {});
        fixture.store.swaps.close();
        let first = fixture.sign_in(&user(0));
        fixture.store.swaps.until_waiting(1).await;
        let hammering: Vec<_> = (0..64).map(|_| fixture.sign_in(&user(0))).collect();
        let other = fixture.sign_in(&user(1));
        all_are_queued().await;
        fixture.store.swaps.open();
        assert!(first.await.unwrap());
        assert!(other.await.unwrap());
        // The other was in the group after the first, with one of the 64.
        assert_eq!(fixture.written(), [1, 1], "a replay writes nothing");
        assert_eq!(all(hammering).await, [false; 64]);
    });
}

#[test]
fn one_thread_is_enough_and_256_are_the_most() {
    let build = |threads| {
        Totp::builder(MemoryStore::new(), key())
            .worker_threads(threads)
            .build()
    };
    assert!(matches!(build(0), Err(BuildError::Web(_))));
    assert!(matches!(build(257), Err(BuildError::Web(_))));
    assert!(build(256).is_ok());
    run(async move {
        let totp = build(1).unwrap();
        for _ in 0..100 {
            assert!(!totp.status(&user(1)).await.unwrap().enabled);
        }
        let refused = totp.authenticate(&user(1), "000000").await.unwrap();
        assert_eq!(refused, Outcome::Rejected(Rejection::NoDevice));
    });
}

#[test]
fn too_many_of_one_user_are_refused_and_others_are_not() {
    run(async {
        let fixture = Fixture::new(2, true, |_| {});
        fixture.store.swaps.close();
        let first = fixture.sign_in(&user(0));
        fixture.store.swaps.until_waiting(1).await;
        let hammering: Vec<_> = (0..200)
            .map(|_| {
                fixture.send(&user(0), "000000".into(), |outcome| {
                    matches!(outcome, Err(Error::TooManyRequests))
                })
            })
            .collect();
        let other = fixture.sign_in(&user(1));
        all_are_queued().await;
        fixture.store.swaps.open();
        assert!(first.await.unwrap() && other.await.unwrap());
        let refused = all(hammering).await.into_iter().filter(|it| *it).count();
        assert_eq!(refused, 200 - 128);
    });
}

#[test]
fn what_waits_is_bounded() {
    run(async {
        let fixture = Fixture::new(60, true, |_| {});
        fixture.store.loads.close();
        let asked = Arc::new(AtomicUsize::new(0));
        let asking: Vec<_> = (0..6_000)
            .map(|n| {
                let (totp, asked) = (fixture.totp.clone(), Arc::clone(&asked));
                spawn(async move {
                    asked.fetch_add(1, SeqCst);
                    totp.status(&user(n % 60)).await.map(|it| it.enabled)
                })
            })
            .collect();
        while asked.load(SeqCst) < 6_000 {
            yield_now().await;
        }
        fixture.store.loads.open();
        let (seen, refused): (Vec<_>, Vec<_>) =
            all(asking).await.into_iter().partition(Result::is_ok);
        assert!(seen.iter().all(|it| matches!(it, Ok(true))));
        assert!(
            refused
                .iter()
                .all(|it| matches!(it, Err(Error::Overloaded)))
        );
        // 4,096 wait, and ten threads have taken up to 32 each.
        assert!(
            (4_096..=4_096 + 10 * 32).contains(&seen.len()),
            "{}",
            seen.len()
        );
        assert!(fixture.totp.status(&user(0)).await.unwrap().enabled);
    });
}

/// Of each operation one user sends more than there is room for.
#[test]
fn whoever_floods_with_one_account_leaves_guards_and_sign_ins_of_others_their_places() {
    type Send = fn(Totp, UserId) -> JoinHandle<bool>;
    fn is_overloaded<T>(outcome: Result<T, Error>) -> bool {
        matches!(outcome, Err(Error::TooManyRequests))
    }
    let operations: [Send; 8] = [
        |totp, user| spawn(async move { is_overloaded(totp.enroll(&user, "", None).await) }),
        |totp, user| spawn(async move { is_overloaded(totp.confirm(&user, "000000").await) }),
        |totp, user| spawn(async move { is_overloaded(totp.authenticate(&user, "000000").await) }),
        |totp, user| {
            spawn(async move { is_overloaded(totp.renew_backup_codes(&user, "000000").await) })
        },
        |totp, user| spawn(async move { is_overloaded(totp.disable(&user, Some("000000")).await) }),
        |totp, user| spawn(async move { is_overloaded(totp.authenticators(&user).await) }),
        |totp, user| {
            spawn(async move {
                let id = "0123456789abcdef".parse().unwrap();
                is_overloaded(totp.remove_authenticator(&user, id, "000000").await)
            })
        },
        |totp, user| {
            spawn(async move {
                let proof = Proof {
                    user,
                    epoch: Epoch::from_i64(1),
                    at: 1_700_000_000,
                };
                is_overloaded(totp.end_other_proofs(&proof).await)
            })
        },
    ];
    for send in operations {
        run(async move {
            let fixture = Fixture::new(2, true, |_| {});
            fixture.store.swaps.close();
            let first = fixture.sign_in(&user(0));
            fixture.store.swaps.until_waiting(1).await;
            let flood: Vec<_> = (0..4_500)
                .map(|_| send(fixture.totp.clone(), user(0)))
                .collect();
            let other = fixture.sign_in(&user(1));
            all_are_queued().await;
            assert!(fixture.totp.status(&user(1)).await.unwrap().enabled);
            fixture.store.swaps.open();
            assert!(first.await.unwrap() && other.await.unwrap());
            let refused = all(flood).await.into_iter().filter(|it| *it).count();
            assert_eq!(refused, 4_500 - 128, "all of them are the flood's own");
        });
    }
}

#[test]
fn how_many_wait_and_how_long_are_settings_with_limits() {
    use std::time::Duration;
    let build = |set: fn(actix_totp::TotpBuilder) -> actix_totp::TotpBuilder| {
        set(Totp::builder(MemoryStore::new(), key())).build().err()
    };
    for refused in [
        build(|it| it.max_queued(0)),
        build(|it| it.max_queued(1_000_001)),
        build(|it| it.operation_timeout(Duration::from_millis(99))),
        build(|it| it.operation_timeout(Duration::from_millis(60_001))),
        build(|it| it.body_timeout(Duration::from_millis(99))),
        build(|it| it.body_timeout(Duration::from_millis(60_001))),
    ] {
        assert!(matches!(refused, Some(BuildError::Web(_))), "{refused:?}");
    }
    for refused in [build(|it| it.name("")), build(|it| it.name("Admin"))] {
        assert_eq!(refused, Some(BuildError::Name));
    }
    let lost = build(|it| it.conflict_retries(0, Duration::ZERO));
    assert_eq!(lost, Some(BuildError::ConflictRetries));
    assert_eq!(
        build(|it| it.max_queued(1).operation_timeout(Duration::from_secs(60))),
        None
    );
}
