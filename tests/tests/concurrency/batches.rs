//! What waits together is read and written together.

use std::sync::atomic::Ordering::SeqCst;

use actix_totp::{Outcome, Rejection};
use actix_web::rt::spawn;

use crate::{Fixture, all, all_are_queued, run, user};

#[test]
fn sign_ins_that_wait_for_a_write_share_the_next_one() {
    run(async {
        let fixture = Fixture::new(30, true, |_| {});
        fixture.store.swaps.close();
        let first = fixture.sign_in(&user(0));
        fixture.store.swaps.until_waiting(1).await;
        let others = (1..30).map(|n| fixture.sign_in(&user(n))).collect();
        all_are_queued().await;
        fixture.store.swaps.open();
        assert!(first.await.unwrap());
        assert_eq!(all(others).await, [true; 29]);
        assert_eq!(fixture.written(), [1, 29]);
    });
}

#[test]
fn where_the_store_gains_nothing_each_sign_in_is_written_alone_and_in_parallel() {
    run(async {
        let fixture = Fixture::new(5, false, |_| {});
        fixture.store.swaps.close();
        let all_of_them = (0..5).map(|n| fixture.sign_in(&user(n))).collect();
        fixture.store.swaps.until_waiting(5).await;
        fixture.store.swaps.open();
        assert_eq!(all(all_of_them).await, [true; 5]);
        assert_eq!(fixture.written(), [1; 5]);
    });
}

#[test]
fn sign_ins_of_one_user_go_one_after_the_other_and_lose_no_swap() {
    for in_batches in [true, false] {
        run(async move {
            let fixture = Fixture::new(2, in_batches, |_| {});
            let codes = (0..32).map(|_| fixture.sign_in(&user(0))).collect();
            let guesses = (0..32)
                .map(|_| {
                    fixture.send(&user(1), "000000".into(), |outcome| {
                        matches!(outcome, Ok(Outcome::Rejected(Rejection::InvalidToken)))
                    })
                })
                .collect();
            let accepted = all(codes).await.into_iter().filter(|it| *it).count();
            assert_eq!(accepted, 1);
            let compared = all(guesses).await.into_iter().filter(|it| *it).count();
            assert_eq!(compared, 5, "the fifth failure closes the gate");
            assert_eq!(fixture.store.lost.load(SeqCst), 0);
        });
    }
}

#[test]
fn whoever_is_asked_for_several_times_at_once_is_the_same_each_time() {
    for in_batches in [true, false] {
        run(async move {
            let fixture = Fixture::new(10, in_batches, |_| {});
            fixture.store.loads.close();
            // The first is held up, so that the others wait together: the ten who are enrolled, three times each, and strangers.
            let asking: Vec<_> = (0..40)
                .map(|n| {
                    let totp = fixture.totp.clone();
                    spawn(async move { totp.status(&user(n % 13)).await.unwrap().enabled })
                })
                .collect();
            all_are_queued().await;
            fixture.store.loads.open();
            let expected: Vec<bool> = (0..40).map(|n| n % 13 < 10).collect();
            assert_eq!(all(asking).await, expected);
        });
    }
}
