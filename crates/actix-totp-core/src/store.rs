//! The contract of storage: one compare-and-swap cell per user, and a page reader for operators.

use crate::{
    device::{Device, UserId},
    error::StoreError,
    random_number::Version,
};

/// Where devices are kept: for each user one cell that is read and swapped atomically.
///
/// This is all the coordination there is between threads, processes and machines, so its contract is short and strict.
/// The feature `conformance` of this crate runs it as tests against any store. The project's `docs/own-store.md` says how to
/// meet each clause in SQL and in Redis.
///
/// 1. **Atomic.** Of all swaps that expect the same version, at most one returns `Ok(true)`, whoever makes them.
/// 2. **Conditional.** A swap whose expectation does not hold changes nothing and returns `Ok(false)`. A row that was
///    deleted and made anew satisfies no older expectation.
/// 3. **Durable.** `Ok(true)` means that the write survives what the store promises to survive.
/// 4. **Fresh.** A load that begins after a swap returned sees that swap or a later one (read from the primary).
/// 5. **Exact.** Every field comes back as it was given, to the bit. User ids are compared byte for byte.
/// 6. **Lost is not failed.** A conflict with another writer (busy, serialization failure, deadlock) is `Ok(false)`. An
///    `Err` means unknown: the write may have happened or not.
///
/// A lost swap is tried again by the service; an `Err` is a 503. What is unknown must not be answered as lost: the service
/// would find its own write, and refuse a right code as a used one.
///
/// The trait is object safe. It is synchronous; the web plugin calls it on threads of its own, which belong to no async
/// runtime, so that a store may block on one there. Nothing interrupts a call: a store bounds its own waits.
pub trait DeviceStore: Send + Sync + 'static {
    /// The user's device, or `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store does not answer, or holds something that is no device.
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError>;

    /// Writes `next` (`None` deletes) if and only if the row is at `expected` (`None`: absent).
    ///
    /// `Ok(false)`: somebody else was first, nothing was written. `next.user` is `user`. Where both are `None`, nothing is
    /// written and the answer is whether there is no row.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store does not answer: it is then unknown whether it wrote.
    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError>;

    /// At most `limit` devices in the order of their user ids' bytes, those after `after` (`None`: from the start).
    ///
    /// An empty page is the end.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store does not answer.
    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError>;

    /// The store's way to load and swap for many users at about the price of one, where it has one: SQLite, whose commit is
    /// the cost, and PostgreSQL, whose round trip is.
    ///
    /// The only method with a default body, as a store that wraps another and does not hand it on is slower and not wrong.
    /// A wrapper that changes what `load` and `swap` do must not hand it on: a batch would pass the wrapper by.
    ///
    /// Default: none, each user is loaded and swapped alone.
    fn batch(&self) -> Option<&dyn BatchStore> {
        None
    }
}

/// Loads and swaps for many users at about the price of one.
pub trait BatchStore: Send + Sync {
    /// As [`DeviceStore::load`] for each; the answers are in the order of the users, also of one who comes twice. One that
    /// fails leaves the others alone, as far as the store can tell whose fault it is.
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>>;

    /// As [`DeviceStore::swap`] for each, one after the other: the answers are in the order of the swaps, and each is
    /// given after its own write is as durable as the store promises. One that is lost leaves the others alone.
    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>>;

    /// How many calls of [`swap_batch`](Self::swap_batch) are made at the same time, at least 1: more than one gains
    /// nothing where one connection writes.
    fn max_concurrent_batches(&self) -> usize;
}

/// The arguments of a [`DeviceStore::swap`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// Whose row.
    pub user: UserId,
    /// What the row must be at; `None`: absent.
    pub expected: Option<Version>,
    /// What is written; `None`: the row is deleted.
    pub next: Option<Device>,
}

impl<S: DeviceStore + ?Sized> DeviceStore for std::sync::Arc<S> {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        (**self).load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        (**self).swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        (**self).page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        (**self).batch()
    }
}
