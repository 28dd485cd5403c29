//! What waits together is read and written together.

use std::sync::atomic::Ordering::SeqCst;

use actix_totp::{Outcome, Rejection};
use actix_web::rt::spawn;

use crate::{Scene, all, all_have_asked, run, user};

#[test]
fn sign_ins_that_wait_for_a_write_share_the_next_one() {
    run(async {
        let scene = Scene::new(30, true, |_| {});
        scene.store.swaps.close();
        let first = scene.sign_in(&user(0));
        scene.store.swaps.until_waiting(1).await;
        let others = (1..30).map(|n| scene.sign_in(&user(n))).collect();
        all_have_asked().await;
        scene.store.swaps.open();
        assert!(first.await.unwrap());
        assert_eq!(all(others).await, [true; 29]);
        assert_eq!(scene.written(), [1, 29]);
    });
}

#[test]
fn where_the_store_gains_nothing_each_sign_in_is_written_alone_and_in_parallel() {
    run(async {
        let scene = Scene::new(5, false, |_| {});
        scene.store.swaps.close();
        let all_of_them = (0..5).map(|n| scene.sign_in(&user(n))).collect();
        scene.store.swaps.until_waiting(5).await;
        scene.store.swaps.open();
        assert_eq!(all(all_of_them).await, [true; 5]);
        assert_eq!(scene.written(), [1; 5]);
    });
}

#[test]
fn sign_ins_of_one_user_go_one_after_the_other_and_lose_no_swap() {
    for together in [true, false] {
        run(async move {
            let scene = Scene::new(2, together, |_| {});
            let codes = (0..32).map(|_| scene.sign_in(&user(0))).collect();
            let guesses = (0..32)
                .map(|_| {
                    scene.send(&user(1), "000000".into(), |outcome| {
                        matches!(outcome, Ok(Outcome::Rejected(Rejection::InvalidToken)))
                    })
                })
                .collect();
            let accepted = all(codes).await.into_iter().filter(|it| *it).count();
            assert_eq!(accepted, 1);
            let compared = all(guesses).await.into_iter().filter(|it| *it).count();
            assert_eq!(compared, 5, "the fifth failure closes the door");
            assert_eq!(scene.store.lost.load(SeqCst), 0);
        });
    }
}

#[test]
fn whoever_is_asked_for_several_times_at_once_is_the_same_each_time() {
    for together in [true, false] {
        run(async move {
            let scene = Scene::new(10, together, |_| {});
            scene.store.loads.close();
            // The first is held up, so that the others wait together: the ten who are enrolled, three times each, and strangers.
            let asking: Vec<_> = (0..40)
                .map(|n| {
                    let totp = scene.totp.clone();
                    spawn(async move { totp.status(&user(n % 13)).await.unwrap().enabled })
                })
                .collect();
            all_have_asked().await;
            scene.store.loads.open();
            let expected: Vec<bool> = (0..40).map(|n| n % 13 < 10).collect();
            assert_eq!(all(asking).await, expected);
        });
    }
}
