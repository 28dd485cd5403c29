//! A store around another one that records its calls and fails on demand.

use std::sync::{Arc, Mutex};

use actix_totp::{BatchStore, Device, DeviceStore, StoreError, Swap, UserId, Version};

/// The message of a failure. No client may ever see it.
pub const CAUSE: &str = "telling: host db7.internal, table totp_devices";

/// One call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Load,
    Swap,
    Page,
}

#[derive(Clone)]
pub struct FaultyStore {
    store: Arc<dyn DeviceStore>,
    script: Arc<Mutex<Script>>,
    before_swaps: Arc<Mutex<Option<Hook>>>,
}

type Hook = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Script {
    fault: Option<Fault>,
    calls: Vec<Call>,
}

#[derive(Clone, Copy)]
enum Fault {
    From(usize),
    Only(usize),
    AnswerLost(usize),
}

impl FaultyStore {
    pub fn around(store: Arc<dyn DeviceStore>) -> Self {
        Self {
            store,
            script: Arc::default(),
            before_swaps: Arc::default(),
        }
    }

    /// What each swap, or batch of swaps, waits for from now on.
    pub fn before_swaps(&self, wait: impl Fn() + Send + Sync + 'static) {
        *self.before_swaps.lock().unwrap() = Some(Arc::new(wait));
    }

    /// From the `k`-th call on, counted from now, every call fails; 0: none does.
    pub fn fail_from(&self, k: usize) {
        self.begin((k != 0).then_some(Fault::From(k)));
    }

    /// The `k`-th call, counted from now, fails and no other.
    pub fn fail_only(&self, k: usize) {
        self.begin(Some(Fault::Only(k)));
    }

    /// The `k`-th call, counted from now, is done, but its answer is lost: it looks as if it had failed.
    pub fn lose_answer_of(&self, k: usize) {
        self.begin(Some(Fault::AnswerLost(k)));
    }

    /// The calls since the last `fail_…`, `lose_…` or `calls`.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.script.lock().unwrap().calls)
    }

    fn begin(&self, fault: Option<Fault>) {
        let calls = Vec::new();
        *self.script.lock().unwrap() = Script { fault, calls };
    }

    fn call<T>(
        &self,
        call: Call,
        run: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (fault, n) = {
            let mut script = self.script.lock().unwrap();
            script.calls.push(call);
            (script.fault, script.calls.len())
        };
        let before = self.before_swaps.lock().unwrap().clone();
        if let Some(wait) = before.filter(|_| call == Call::Swap) {
            wait();
        }
        let failure = Err(StoreError::unavailable(CAUSE));
        match fault {
            Some(Fault::From(k)) if n >= k => failure,
            Some(Fault::Only(k)) if n == k => failure,
            Some(Fault::AnswerLost(k)) if n == k => run().and(failure),
            _ => run(),
        }
    }
}

impl DeviceStore for FaultyStore {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.call(Call::Load, || self.store.load(user))
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.call(Call::Swap, || self.store.swap(user, expected, next))
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.call(Call::Page, || self.store.page(after, limit))
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.store.batch().map(|_| self as _)
    }
}

/// One call for all of them.
impl BatchStore for FaultyStore {
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        let batch = || Ok(self.store.batch().unwrap().load_batch(users));
        let failed = |_| users.iter().map(|_| Err(StoreError::unavailable(CAUSE)));
        self.call(Call::Load, batch)
            .unwrap_or_else(|error| failed(error).collect())
    }

    fn max_concurrent_batches(&self) -> usize {
        self.store.batch().unwrap().max_concurrent_batches()
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        let count = swaps.len();
        let batch = || Ok(self.store.batch().unwrap().swap_batch(swaps));
        let failed = |_| (0..count).map(|_| Err(StoreError::unavailable(CAUSE)));
        self.call(Call::Swap, batch)
            .unwrap_or_else(|error| failed(error).collect())
    }
}
