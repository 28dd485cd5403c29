//! A store that hangs, work that panics, and clients that are gone.

use actix_totp::{DeviceStore, Error, Rejection, UserId};
use actix_web::rt::{spawn, task::yield_now};

use crate::{Fixture, all, run, user};

#[test]
fn reads_do_not_wait_for_a_write_and_work_that_blocks_holds_up_no_other() {
    run(async {
        let fixture = Fixture::new(1, true, |_| {});
        fixture.store.swaps.close();
        let sign_in = fixture.sign_in(&user(0));
        fixture.store.swaps.until_waiting(1).await;
        assert!(fixture.totp.status(&user(0)).await.unwrap().enabled);

        fixture.store.loads.close();
        let (totp, other) = (fixture.totp.clone(), fixture.totp.clone());
        let mut reads = vec![spawn(async move {
            totp.status(&user(0)).await.unwrap().enabled
        })];
        fixture.store.loads.until_waiting(1).await;
        reads.push(spawn(async move {
            other.status(&user(9)).await.unwrap().enabled
        }));
        fixture.store.loads.until_waiting(2).await;
        fixture.store.loads.open();
        assert_eq!(all(reads).await, [true, false]);
        fixture.store.swaps.open();
        assert!(sign_in.await.unwrap());
    });
}

#[test]
fn a_panic_is_answered_and_the_threads_go_on() {
    run(async {
        let fixture = Fixture::new(1, true, |_| {});
        let panics = UserId::new("panics").unwrap();
        for _ in 0..40 {
            let status = fixture.totp.status(&panics).await;
            assert!(matches!(status, Err(Error::Interrupted)), "{status:?}");
            let sign_in = fixture.totp.authenticate(&panics, "000000").await;
            assert!(matches!(sign_in, Err(Error::Interrupted)), "{sign_in:?}");
        }
        assert!(fixture.sign_in(&user(0)).await.unwrap());
    });
}

#[test]
fn a_request_that_nobody_waits_for_is_done_all_the_same() {
    run(async {
        let fixture = Fixture::new(1, true, |_| {});
        fixture.store.loads.close();
        let guess = fixture.send(&user(0), "000000".into(), |_| ());
        fixture.store.loads.until_waiting(1).await;
        guess.abort();
        assert!(guess.await.unwrap_err().is_cancelled());
        let (store, totp) = (fixture.store.clone(), fixture.totp.clone());
        drop(fixture);
        drop(totp); // the last handle: the threads end when the work is done
        store.loads.open();
        while store.devices.load(&user(0)).unwrap().unwrap().failures == 0 {
            yield_now().await;
        }
    });
}

/// Time is passed in: the clock of the runtime goes on by itself whenever nothing else can be done.
#[test]
fn while_the_store_hangs_everybody_is_answered_in_time_and_what_was_begun_is_done_when_it_returns()
{
    run(async {
        let fixture = Fixture::new(2, true, |_| {});
        tokio::time::pause();
        let asked = tokio::time::Instant::now();
        let spent = fixture.codes[&user(0)].clone();
        fixture.store.swaps.close();
        let begun = fixture.send(&user(0), spent.clone(), |it| it.map(drop));
        fixture.store.swaps.until_waiting(1).await;
        assert!(matches!(begun.await.unwrap(), Err(Error::TimedOut)));
        assert_eq!(asked.elapsed().as_secs(), 4);
        fixture.store.loads.close();
        let status = fixture.totp.status(&user(1)).await;
        assert!(matches!(status, Err(Error::TimedOut)), "{status:?}");
        let reset = fixture.totp.reset(&user(1)).await;
        assert!(matches!(reset, Err(Error::TimedOut)), "{reset:?}");
        assert_eq!(asked.elapsed().as_secs(), 12);
        tokio::time::resume();

        fixture.store.swaps.open();
        fixture.store.loads.open();
        // It was unknown, now it is known: the code is spent, and no answer accepted it.
        let again = fixture.send(&user(0), spent, |it| it.unwrap().rejected());
        assert_eq!(again.await.unwrap(), Some(Rejection::InvalidToken));
        while fixture.totp.status(&user(1)).await.unwrap().enabled {
            yield_now().await; // the reset had begun
        }
    });
}

/// It goes over all devices, and nobody waits for it at a page.
#[test]
fn resealing_takes_as_long_as_it_takes() {
    run(async {
        let fixture = Fixture::new(2, true, |_| {});
        fixture.store.loads.close();
        tokio::time::pause();
        let totp = fixture.totp.clone();
        let resealed = spawn(async move { totp.reseal_all(None).await });
        let status = fixture.totp.status(&user(1)).await;
        assert!(matches!(status, Err(Error::TimedOut)), "{status:?}");
        tokio::time::resume();
        fixture.store.loads.open();
        assert_eq!(resealed.await.unwrap().unwrap().unchanged, 2);
    });
}
