//! Requests that are under way at the same time: which are done together, and who waits for whom.

mod batches;
mod events;
mod hangs;
mod limits;

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use actix_totp::{
    BatchStore, Device, DeviceStore, Error, Event, FakeClock, KeyRing, MemoryStore, Outcome,
    StoreError, Swap, Totp, UserId, Version,
};
use actix_web::rt::{
    spawn,
    task::{JoinHandle, yield_now},
};

/// A gate that holds up whoever comes while it is closed.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    closed: bool,
    waiting: usize,
}

impl Gate {
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

    /// Waits, as long as it takes, until so many wait at the gate.
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
    in_batches: bool,
    swaps: Gate,
    loads: Gate,
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
        self.in_batches.then_some(self as _)
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

struct Fixture {
    store: Store,
    totp: Totp,
    codes: HashMap<UserId, String>,
}

impl Fixture {
    /// `users` have a second factor, and a fresh code.
    fn new(users: usize, in_batches: bool, on_event: impl Fn(&Event) + Send + 'static) -> Self {
        let (store, clock) = (
            Store {
                in_batches,
                ..Store::default()
            },
            FakeClock::at(1_700_000_000),
        );
        let totp = Totp::builder(store.clone(), key())
            .clock(clock.clone())
            .on_event(move |event, _| on_event(event))
            .build()
            .unwrap();
        let service = totp.service();
        let code = |user: &UserId| service.code_for(user).unwrap().unwrap();
        for user in (0..users).map(user) {
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
        let codes = (0..users).map(user).map(|user| (user.clone(), code(&user)));
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
async fn all_are_queued() {
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
