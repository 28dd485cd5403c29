//! Requests that are under way at the same time: which are done together, and who waits for whom.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use actix_totp::{
    BatchStore, BuildError, Device, DeviceStore, Error, Event, FakeClock, KeyRing, MemoryStore,
    Outcome, Rejection, StoreError, Swap, Totp, UserId, Version,
};
use actix_web::rt::{
    spawn,
    task::{JoinHandle, yield_now},
};

/// A door that holds up whoever comes while it is closed.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    closed: bool,
    waiting: usize,
}

impl Door {
    fn close(&self) {
        self.0.0.lock().unwrap().closed = true;
    }

    fn open(&self) {
        self.0.0.lock().unwrap().closed = false;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.waiting += 1;
        while state.closed {
            state = self.0.1.wait(state).unwrap();
        }
        state.waiting -= 1;
    }

    /// Waits, as long as it takes, until so many stand at the door.
    async fn until_waiting(&self, count: usize) {
        while self.0.0.lock().unwrap().waiting < count {
            yield_now().await;
        }
    }
}

/// Remembers how many swaps came at once, each time, and how many were lost.
#[derive(Clone, Default)]
struct Store {
    devices: Arc<MemoryStore>,
    together: bool,
    swaps: Door,
    loads: Door,
    fails: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<usize>>>,
    lost: Arc<AtomicUsize>,
}

impl Store {
    fn write(&self, swaps: &[Swap]) -> Vec<Result<bool, StoreError>> {
        self.written.lock().unwrap().push(swaps.len());
        self.swaps.pass();
        if self.fails.load(SeqCst) {
            let failure = |_| Err(StoreError::unavailable("it is away"));
            return swaps.iter().map(failure).collect();
        }
        let swap = |it: &Swap| {
            let swapped = self.devices.swap(&it.user, it.expected, it.next.as_ref())?;
            self.lost.fetch_add((!swapped).into(), SeqCst);
            Ok(swapped)
        };
        swaps.iter().map(swap).collect()
    }
}

impl DeviceStore for Store {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.loads.pass();
        assert_ne!(user.as_str(), "panics", "this test panics on purpose");
        self.devices.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let swap = Swap {
            user: user.clone(),
            expected,
            next: next.cloned(),
        };
        self.write(&[swap]).remove(0)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.devices.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.together.then_some(self as _)
    }
}

impl BatchStore for Store {
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        users.iter().map(|user| self.load(user)).collect()
    }

    fn max_concurrent_batches(&self) -> usize {
        1
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        self.write(&swaps)
    }
}

fn user(n: usize) -> UserId {
    UserId::new(format!("user {n}")).unwrap()
}

fn key() -> KeyRing {
    KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap()
}

struct Scene {
    store: Store,
    totp: Totp,
    codes: HashMap<UserId, String>,
}

impl Scene {
    /// `people` have a second factor, and a fresh code.
    fn new(
        people: usize,
        together: bool,
        on_event: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Self {
        let (store, clock) = (
            Store {
                together,
                ..Store::default()
            },
            FakeClock::at(1_700_000_000),
        );
        let totp = Totp::builder(store.clone(), key())
            .clock(clock.clone())
            .on_event(on_event)
            .build()
            .unwrap();
        let service = totp.service();
        let code = |user: &UserId| service.code_for(user).unwrap().unwrap();
        for user in (0..people).map(user) {
            assert!(
                service
                    .enroll(&user, "", None)
                    .unwrap()
                    .accepted()
                    .is_some()
            );
            let confirmed = service.confirm(&user, &code(&user)).unwrap();
            assert!(confirmed.accepted().is_some());
        }
        clock.advance_secs(30);
        let codes = (0..people)
            .map(user)
            .map(|user| (user.clone(), code(&user)));
        let codes = codes.collect();
        store.written.lock().unwrap().clear();
        Self { store, totp, codes }
    }

    fn sign_in(&self, user: &UserId) -> JoinHandle<bool> {
        self.send(user, self.codes[user].clone(), |outcome| {
            matches!(outcome, Ok(Outcome::Accepted(_)))
        })
    }

    fn send<T: 'static>(
        &self,
        user: &UserId,
        token: String,
        and_then: impl Fn(Result<Outcome<actix_totp::Authenticated>, Error>) -> T + 'static,
    ) -> JoinHandle<T> {
        let (totp, user) = (self.totp.clone(), user.clone());
        spawn(async move { and_then(totp.authenticate(&user, &token).await) })
    }

    fn written(&self) -> Vec<usize> {
        self.store.written.lock().unwrap().clone()
    }
}

/// Lets every request that was made go as far as it can on this thread.
async fn all_have_asked() {
    for _ in 0..100 {
        yield_now().await;
    }
}

async fn all<T: 'static>(requests: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    answers
}

fn run(test: impl Future<Output = ()>) {
    actix_web::rt::System::new().block_on(test);
}

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
fn whoever_hammers_one_account_holds_up_nobody_else() {
    run(async {
        let scene = Scene::new(2, true, |_| {});
        scene.store.swaps.close();
        let first = scene.sign_in(&user(0));
        scene.store.swaps.until_waiting(1).await;
        let hammering: Vec<_> = (0..64).map(|_| scene.sign_in(&user(0))).collect();
        let other = scene.sign_in(&user(1));
        all_have_asked().await;
        scene.store.swaps.open();
        assert!(first.await.unwrap());
        assert!(other.await.unwrap());
        // The other was in the group after the first, with one of the 64.
        assert_eq!(scene.written(), [1, 1], "a replay writes nothing");
        assert_eq!(all(hammering).await, [false; 64]);
    });
}

#[test]
fn reads_do_not_wait_for_a_write_and_work_that_blocks_holds_up_no_other() {
    run(async {
        let scene = Scene::new(1, true, |_| {});
        scene.store.swaps.close();
        let sign_in = scene.sign_in(&user(0));
        scene.store.swaps.until_waiting(1).await;
        assert!(scene.totp.status(&user(0)).await.unwrap().enabled);

        scene.store.loads.close();
        let (totp, other) = (scene.totp.clone(), scene.totp.clone());
        let mut reads = vec![spawn(async move {
            totp.status(&user(0)).await.unwrap().enabled
        })];
        scene.store.loads.until_waiting(1).await;
        reads.push(spawn(async move {
            other.status(&user(9)).await.unwrap().enabled
        }));
        scene.store.loads.until_waiting(2).await;
        scene.store.loads.open();
        assert_eq!(all(reads).await, [true, false]);
        scene.store.swaps.open();
        assert!(sign_in.await.unwrap());
    });
}

#[test]
fn a_function_that_is_told_events_holds_up_nobody_elses_answer() {
    run(async {
        let told = Door::default();
        let in_event = told.clone();
        let scene = Scene::new(2, true, move |event| {
            if matches!(event, Event::Throttled { .. }) {
                in_event.pass();
            }
        });
        for _ in 0..4 {
            let guess = scene.totp.authenticate(&user(0), "000000").await.unwrap();
            assert_eq!(guess, Outcome::Rejected(Rejection::InvalidToken));
        }
        told.close();
        scene.store.swaps.close();
        let first = scene.sign_in(&user(1));
        scene.store.swaps.until_waiting(1).await;
        let throttled = scene.send(&user(0), "000000".into(), |outcome| {
            matches!(outcome, Ok(Outcome::Rejected(_)))
        });
        scene.store.swaps.open();
        assert!(first.await.unwrap());
        told.until_waiting(1).await;
        let refused = scene.totp.authenticate(&user(1), "000000").await.unwrap();
        assert_eq!(refused, Outcome::Rejected(Rejection::InvalidToken));
        assert!(!throttled.is_finished(), "an answer comes after its events");
        told.open();
        assert!(throttled.await.unwrap());
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
        assert_eq!(refused, Outcome::Rejected(Rejection::NotEnabled));
    });
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

#[test]
fn too_many_of_one_user_are_refused_and_others_are_not() {
    run(async {
        let scene = Scene::new(2, true, |_| {});
        scene.store.swaps.close();
        let first = scene.sign_in(&user(0));
        scene.store.swaps.until_waiting(1).await;
        let hammering: Vec<_> = (0..200)
            .map(|_| {
                scene.send(&user(0), "000000".into(), |outcome| {
                    matches!(outcome, Err(Error::Overloaded))
                })
            })
            .collect();
        let other = scene.sign_in(&user(1));
        all_have_asked().await;
        scene.store.swaps.open();
        assert!(first.await.unwrap() && other.await.unwrap());
        let refused = all(hammering).await.into_iter().filter(|it| *it).count();
        assert_eq!(refused, 200 - 128);
    });
}

#[test]
fn what_waits_is_bounded() {
    run(async {
        let scene = Scene::new(1, true, |_| {});
        scene.store.loads.close();
        let asked = Arc::new(AtomicUsize::new(0));
        let asking: Vec<_> = (0..6_000)
            .map(|_| {
                let (totp, asked) = (scene.totp.clone(), Arc::clone(&asked));
                spawn(async move {
                    asked.fetch_add(1, SeqCst);
                    totp.status(&user(0)).await.map(|it| it.enabled)
                })
            })
            .collect();
        while asked.load(SeqCst) < 6_000 {
            yield_now().await;
        }
        scene.store.loads.open();
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
        assert!(scene.totp.status(&user(0)).await.unwrap().enabled);
    });
}

#[test]
fn a_panic_is_answered_and_the_threads_go_on() {
    run(async {
        let scene = Scene::new(1, true, |_| {});
        let panics = UserId::new("panics").unwrap();
        for _ in 0..40 {
            let status = scene.totp.status(&panics).await;
            assert!(matches!(status, Err(Error::Interrupted)), "{status:?}");
            let sign_in = scene.totp.authenticate(&panics, "000000").await;
            assert!(matches!(sign_in, Err(Error::Interrupted)), "{sign_in:?}");
        }
        assert!(scene.sign_in(&user(0)).await.unwrap());
    });
}

#[test]
fn a_request_that_nobody_waits_for_is_done_all_the_same() {
    run(async {
        let scene = Scene::new(1, true, |_| {});
        scene.store.loads.close();
        let guess = scene.send(&user(0), "000000".into(), |_| ());
        scene.store.loads.until_waiting(1).await;
        guess.abort();
        assert!(guess.await.unwrap_err().is_cancelled());
        let (store, totp) = (scene.store.clone(), scene.totp.clone());
        drop(scene);
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
        let scene = Scene::new(2, true, |_| {});
        tokio::time::pause();
        let asked = tokio::time::Instant::now();
        let spent = scene.codes[&user(0)].clone();
        scene.store.swaps.close();
        let begun = scene.send(&user(0), spent.clone(), |it| it.map(drop));
        scene.store.swaps.until_waiting(1).await;
        assert!(matches!(begun.await.unwrap(), Err(Error::TimedOut)));
        assert_eq!(asked.elapsed().as_secs(), 4);
        scene.store.loads.close();
        let status = scene.totp.status(&user(1)).await;
        assert!(matches!(status, Err(Error::TimedOut)), "{status:?}");
        let reset = scene.totp.reset(&user(1)).await;
        assert!(matches!(reset, Err(Error::TimedOut)), "{reset:?}");
        assert_eq!(asked.elapsed().as_secs(), 12);
        tokio::time::resume();

        scene.store.swaps.open();
        scene.store.loads.open();
        // It was unknown, now it is known: the code is spent, and no answer accepted it.
        let again = scene.send(&user(0), spent, |it| it.unwrap().rejected());
        assert_eq!(again.await.unwrap(), Some(Rejection::InvalidToken));
        while scene.totp.status(&user(1)).await.unwrap().enabled {
            yield_now().await; // the reset had begun
        }
    });
}

/// It goes over all devices, and nobody waits for it at a page.
#[test]
fn resealing_takes_as_long_as_it_takes() {
    run(async {
        let scene = Scene::new(2, true, |_| {});
        scene.store.loads.close();
        tokio::time::pause();
        let totp = scene.totp.clone();
        let resealed = spawn(async move { totp.reseal_all(None).await });
        let status = scene.totp.status(&user(1)).await;
        assert!(matches!(status, Err(Error::TimedOut)), "{status:?}");
        tokio::time::resume();
        scene.store.loads.open();
        assert_eq!(resealed.await.unwrap().unwrap().unchanged, 2);
    });
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
    ] {
        assert!(matches!(refused, Some(BuildError::Web(_))), "{refused:?}");
    }
    let lost = build(|it| it.conflict_retries(0, Duration::ZERO));
    assert_eq!(lost, Some(BuildError::ConflictRetries));
    assert_eq!(
        build(|it| it.max_queued(1).operation_timeout(Duration::from_secs(60))),
        None
    );
}

#[test]
fn a_function_that_is_told_of_an_outage_holds_up_nobody() {
    run(async {
        let pager = Door::default();
        pager.close();
        let paged = pager.clone();
        let scene = Scene::new(2, true, move |event| {
            if matches!(event, Event::StoreFailed { .. }) {
                paged.pass();
            }
        });
        scene.store.fails.store(true, SeqCst);
        assert!(!scene.sign_in(&user(0)).await.unwrap(), "it has its answer");
        pager.until_waiting(1).await;
        scene.store.fails.store(false, SeqCst);
        // SQLite's only group is free, and so are the threads.
        assert!(scene.sign_in(&user(1)).await.unwrap());
        assert!(scene.totp.status(&user(0)).await.unwrap().enabled);
        pager.open();
    });
}

/// A thief's wrong backup codes are never slowed down: what they take up is bounded for each account.
#[test]
fn while_events_of_one_account_wait_to_be_told_nobody_else_is_refused() {
    run(async {
        let pager = Door::default();
        pager.close();
        let paged = pager.clone();
        let scene = Scene::new(2, true, move |event| {
            if matches!(event, Event::Rejected { .. }) {
                paged.pass();
            }
        });
        let wrong = || "AAAA-BBBB-CCCC-DDDD".to_owned();
        let mut asking = vec![scene.send(&user(0), wrong(), |it| it.map(drop))];
        pager.until_waiting(1).await;
        for _ in 0..300 {
            asking.push(scene.send(&user(0), wrong(), |it| it.map(drop)));
        }
        all_have_asked().await;
        assert!(scene.totp.status(&user(0)).await.unwrap().enabled);
        assert!(scene.sign_in(&user(1)).await.unwrap());
        pager.open();
        let is_refused = |it: &&Result<(), Error>| matches!(it, Err(Error::Overloaded));
        let refused = all(asking).await.iter().filter(is_refused).count();
        assert_eq!(refused, 300 - 128, "one is being told, and so many wait");
    });
}

#[test]
fn while_events_wait_to_be_told_no_more_comes_in_than_the_setting_says() {
    run(async {
        let pager = Door::default();
        pager.close();
        let paged = pager.clone();
        let store = Store {
            together: true,
            ..Store::default()
        };
        let totp = Totp::builder(store, key())
            .clock(FakeClock::at(1_700_000_000))
            .max_queued(3)
            .worker_threads(2)
            .on_event(move |event| {
                if matches!(event, Event::Rejected { .. }) {
                    paged.pass();
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
            all_have_asked().await;
        }
        while !asking.iter().any(JoinHandle::is_finished) {
            yield_now().await;
        }
        pager.open();
        let answers = all(asking).await;
        let is_refused = |it: &&Result<(), Error>| matches!(it, Err(Error::Overloaded));
        let refused = answers.iter().filter(is_refused).count();
        assert!(refused >= 10, "{refused} of 20");
    });
}
