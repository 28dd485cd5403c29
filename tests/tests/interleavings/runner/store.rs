//! A store in which a thread may be interrupted anywhere, and which notices two at a time with one user.

use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use actix_totp_core::{
    BatchStore, Device, DeviceStore, MemoryStore, StoreError, Swap, UserId, Version,
};

use crate::sync::{Arc, Condvar, thread};

#[derive(Clone)]
pub(super) struct Store(Arc<Inner>);

struct Inner {
    devices: MemoryStore,
    max_batches: Option<usize>,
    has_conflicts: bool,
    in_use: Mutex<HashSet<UserId>>,
    swaps: AtomicUsize,
    lost: AtomicUsize,
    gate: Gate,
}

/// Holds up whoever writes while it is closed.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<(shuttle::sync::Mutex<Closed>, Condvar)>);

#[derive(Default)]
struct Closed {
    waiting: usize,
    /// It opens when so many wait. 0: it is open.
    until: usize,
}

impl Gate {
    pub(super) fn open(&self) {
        self.close_until(0);
        self.0.1.notify_all();
    }

    fn close_until(&self, waiting: usize) {
        self.0.0.lock().unwrap().until = waiting;
    }

    fn pass(&self) {
        let mut closed = self.0.0.lock().unwrap();
        closed.waiting += 1;
        if closed.waiting >= closed.until {
            closed.until = 0;
            self.0.1.notify_all();
        }
        while closed.until > 0 {
            closed = self.0.1.wait(closed).unwrap();
        }
        closed.waiting -= 1;
    }
}

impl Store {
    /// Works for one user at a time.
    pub(super) fn one_by_one() -> Self {
        Self::new(None, false)
    }

    pub(super) fn in_batches(max_batches: usize) -> Self {
        Self::new(Some(max_batches), false)
    }

    /// Another writer is first, every other time.
    pub(super) fn with_conflicts(self) -> Self {
        Self::new(self.0.max_batches, true)
    }

    fn new(max_batches: Option<usize>, has_conflicts: bool) -> Self {
        Self(Arc::new(Inner {
            devices: MemoryStore::new(),
            max_batches,
            has_conflicts,
            in_use: Mutex::default(),
            swaps: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            gate: Gate::default(),
        }))
    }

    /// Nobody writes until so many want to.
    pub(super) fn close_until(&self, waiting: usize) -> Gate {
        self.0.gate.close_until(waiting);
        self.0.gate.clone()
    }

    /// How many swaps came too late.
    pub(super) fn lost(&self) -> usize {
        self.0.lost.load(SeqCst)
    }

    fn swap_one(&self, swap: &Swap) -> Result<bool, StoreError> {
        let n = self.0.swaps.fetch_add(1, SeqCst);
        let is_first = !(self.0.has_conflicts && n.is_multiple_of(2));
        let devices = &self.0.devices;
        let swapped = is_first && devices.swap(&swap.user, swap.expected, swap.next.as_ref())?;
        self.0.lost.fetch_add((!swapped).into(), SeqCst);
        Ok(swapped)
    }

    /// Nobody else writes for these users meanwhile.
    fn write(&self, swaps: &[Swap]) -> Vec<Result<bool, StoreError>> {
        for swap in swaps {
            let is_free = self.0.in_use.lock().unwrap().insert(swap.user.clone());
            assert!(is_free, "two batches of {} are under way", swap.user);
        }
        self.0.gate.pass();
        thread::yield_now();
        let swapped = swaps.iter().map(|swap| self.swap_one(swap)).collect();
        thread::yield_now();
        for swap in swaps {
            self.0.in_use.lock().unwrap().remove(&swap.user);
        }
        swapped
    }
}

impl DeviceStore for Store {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        thread::yield_now();
        self.0.devices.load(user)
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
        self.0.devices.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.0.max_batches.map(|_| self as _)
    }
}

impl BatchStore for Store {
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        users.iter().map(|user| self.load(user)).collect()
    }

    fn max_concurrent_batches(&self) -> usize {
        self.0.max_batches.unwrap_or_default()
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        self.write(&swaps)
    }
}
