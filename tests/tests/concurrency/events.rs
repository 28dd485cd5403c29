//! A function that is told events and takes its time.

use std::sync::{Arc, Mutex, atomic::Ordering::SeqCst};

use actix_totp::{Event, EventContext, FakeClock, Outcome, Rejection, Totp};

use crate::{Fixture, Gate, Store, all, key, run, user};

#[test]
fn a_function_that_receives_events_holds_up_nobodys_answer() {
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
        assert!(
            throttled.await.unwrap(),
            "nor does the user's own answer wait"
        );
        listener.open();
    });
}

#[test]
fn a_function_that_receives_an_outage_holds_up_nobody() {
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

#[test]
fn while_events_of_one_account_wait_to_be_delivered_nobody_is_refused() {
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
        for _ in 0..100 {
            asking.push(fixture.send(&user(0), wrong(), |it| it.map(drop)));
        }
        assert!(all(asking).await.iter().all(Result::is_ok));
        assert!(fixture.totp.status(&user(0)).await.unwrap().enabled);
        assert!(fixture.sign_in(&user(1)).await.unwrap());
        listener.open();
    });
}

#[test]
fn events_for_which_there_is_no_room_are_counted_and_nobody_is_refused() {
    run(async {
        let listener = Gate::default();
        listener.close();
        let in_event = listener.clone();
        let totp = Totp::builder(Store::default(), key())
            .clock(FakeClock::at(1_700_000_000))
            .max_queued_events(3)
            .on_event(move |_, _| in_event.pass())
            .build()
            .unwrap();
        let alice = user(0);
        assert!(totp.enroll(&alice, "", None).await.is_ok());
        for _ in 0..20 {
            assert!(totp.unlock(&alice).await.unwrap());
        }
        let missed = totp.service().missed_events();
        assert!((16..=17).contains(&missed), "{missed} of 20");
        listener.open();
        totp.service().flush_events();
        assert_eq!(totp.service().missed_events(), missed);
    });
}

#[test]
fn events_are_delivered_in_the_order_of_the_writes_also_to_an_asynchronous_function() {
    run(async {
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let log = Arc::clone(&events);
        let totp = Totp::builder(Store::default(), key())
            .clock(FakeClock::at(1_700_000_000))
            .on_event_async(async move |event: &Event, _: &EventContext| {
                tokio::task::yield_now().await; // a runtime is there
                log.lock().unwrap().push(event.clone());
            })
            .build()
            .unwrap();
        let alice = user(0);
        assert!(totp.enroll(&alice, "", None).await.is_ok());
        let code = totp.service().code_for(&alice).unwrap().unwrap();
        assert!(totp.confirm(&alice, &code).await.is_ok());
        assert!(totp.unlock(&alice).await.unwrap());
        assert!(totp.reset(&alice).await.unwrap());
        totp.service().flush_events();
        let user = alice;
        assert_eq!(
            *events.lock().unwrap(),
            [
                Event::Enrolled { user: user.clone() },
                Event::Unlocked { user: user.clone() },
                Event::Reset { user },
            ]
        );
    });
}
