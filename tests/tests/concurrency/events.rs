//! A function that is told events and takes its time.

use std::sync::atomic::Ordering::SeqCst;

use actix_totp::{Error, Event, FakeClock, Outcome, Rejection, Totp};
use actix_web::rt::{
    spawn,
    task::{JoinHandle, yield_now},
};

use crate::{Fixture, Gate, Store, all, all_are_queued, key, run, user};

#[test]
fn a_function_that_is_told_events_holds_up_nobody_elses_answer() {
    run(async {
        let listener = Gate::default();
        let in_event = listener.clone();
        let fixture = Fixture::new(2, true, move |event| {
            if matches!(event, Event::Throttled { .. }) {
                in_event.pass();
            }
        });
        for _ in 0..4 {
            let guess = fixture.totp.authenticate(&user(0), "000000").await.unwrap();
            assert_eq!(guess, Outcome::Rejected(Rejection::InvalidToken));
        }
        listener.close();
        fixture.store.swaps.close();
        let first = fixture.sign_in(&user(1));
        fixture.store.swaps.until_waiting(1).await;
        let throttled = fixture.send(&user(0), "000000".into(), |outcome| {
            matches!(outcome, Ok(Outcome::Rejected(_)))
        });
        fixture.store.swaps.open();
        assert!(first.await.unwrap());
        listener.until_waiting(1).await;
        let refused = fixture.totp.authenticate(&user(1), "000000").await.unwrap();
        assert_eq!(refused, Outcome::Rejected(Rejection::InvalidToken));
        assert!(!throttled.is_finished(), "an answer comes after its events");
        listener.open();
        assert!(throttled.await.unwrap());
    });
}

#[test]
fn a_function_that_is_told_of_an_outage_holds_up_nobody() {
    run(async {
        let listener = Gate::default();
        listener.close();
        let in_event = listener.clone();
        let fixture = Fixture::new(2, true, move |event| {
            if matches!(event, Event::StoreFailed { .. }) {
                in_event.pass();
            }
        });
        fixture.store.fails.store(true, SeqCst);
        assert!(
            !fixture.sign_in(&user(0)).await.unwrap(),
            "it has its answer"
        );
        listener.until_waiting(1).await;
        fixture.store.fails.store(false, SeqCst);
        // SQLite's only group is free, and so are the threads.
        assert!(fixture.sign_in(&user(1)).await.unwrap());
        assert!(fixture.totp.status(&user(0)).await.unwrap().enabled);
        listener.open();
    });
}

/// A thief's wrong backup codes are never slowed down: what they take up is bounded for each account.
#[test]
fn while_events_of_one_account_wait_to_be_told_nobody_else_is_refused() {
    run(async {
        let listener = Gate::default();
        listener.close();
        let in_event = listener.clone();
        let fixture = Fixture::new(2, true, move |event| {
            if matches!(event, Event::Rejected { .. }) {
                in_event.pass();
            }
        });
        let wrong = || "AAAA-BBBB-CCCC-DDDD".to_owned();
        let mut asking = vec![fixture.send(&user(0), wrong(), |it| it.map(drop))];
        listener.until_waiting(1).await;
        for _ in 0..300 {
            asking.push(fixture.send(&user(0), wrong(), |it| it.map(drop)));
        }
        all_are_queued().await;
        assert!(fixture.totp.status(&user(0)).await.unwrap().enabled);
        assert!(fixture.sign_in(&user(1)).await.unwrap());
        listener.open();
        let is_refused = |it: &&Result<(), Error>| matches!(it, Err(Error::Overloaded));
        let refused = all(asking).await.iter().filter(is_refused).count();
        assert_eq!(refused, 300 - 128, "one is being told, and so many wait");
    });
}

#[test]
fn while_events_wait_to_be_told_no_more_comes_in_than_the_setting_says() {
    run(async {
        let listener = Gate::default();
        listener.close();
        let in_event = listener.clone();
        let store = Store {
            in_batches: true,
            ..Store::default()
        };
        let totp = Totp::builder(store, key())
            .clock(FakeClock::at(1_700_000_000))
            .max_queued(3)
            .worker_threads(2)
            .on_event(move |event, _| {
                if matches!(event, Event::Rejected { .. }) {
                    in_event.pass();
                }
            })
            .build()
            .unwrap();
        let (service, alice) = (totp.service(), user(0));
        drop(service.enroll(&alice, "", None).unwrap());
        let code = service.code_for(&alice).unwrap().unwrap();
        drop(service.confirm(&alice, &code).unwrap());
        let mut asking = Vec::new();
        for _ in 0..20 {
            let (totp, alice) = (totp.clone(), alice.clone());
            let wrong = "AAAA-BBBB-CCCC-DDDD";
            asking.push(spawn(async move {
                totp.authenticate(&alice, wrong).await.map(drop)
            }));
            all_are_queued().await;
        }
        while !asking.iter().any(JoinHandle::is_finished) {
            yield_now().await;
        }
        listener.open();
        let answers = all(asking).await;
        let is_refused = |it: &&Result<(), Error>| matches!(it, Err(Error::Overloaded));
        let refused = answers.iter().filter(is_refused).count();
        assert!(refused >= 10, "{refused} of 20");
    });
}
