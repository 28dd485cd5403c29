//! Where the time comes from, and how a lost swap waits. Both are passed in, so that no test sleeps.

use std::time::{Duration, SystemTime};

/// What the time is.
pub trait Clock: Send + Sync + 'static {
    /// The wall-clock time. Instances that share a database should agree within a few seconds (NTP).
    fn now(&self) -> SystemTime;
}

/// The clock of the operating system. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }
}

/// How to wait before a lost swap is tried again.
pub trait Sleeper: Send + Sync + 'static {
    /// Blocks the current thread for `duration`.
    fn sleep(&self, duration: Duration);
}

/// Sleeps with the thread. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSleeper;

impl Sleeper for SystemSleeper {
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// A clock that stands still until a test moves it; clones share the time.
///
/// # Example
///
/// ```
/// use actix_totp_core::{Clock, FakeClock};
///
/// let clock = FakeClock::at(1_700_000_000);
/// clock.advance_secs(30);
/// assert_eq!(clock.now_secs(), 1_700_000_030);
/// ```
#[cfg(feature = "test-util")]
#[derive(Debug, Clone)]
pub struct FakeClock(std::sync::Arc<std::sync::atomic::AtomicU64>);

#[cfg(feature = "test-util")]
impl FakeClock {
    /// A clock that shows `secs` seconds since the Unix epoch.
    pub fn at(secs: u64) -> Self {
        Self(std::sync::Arc::new(secs.into()))
    }

    /// Moves the clock forward.
    pub fn advance_secs(&self, secs: u64) {
        self.0.fetch_add(secs, std::sync::atomic::Ordering::SeqCst);
    }

    /// Puts the clock to `secs` seconds since the Unix epoch, also backwards.
    pub fn set(&self, secs: u64) {
        self.0.store(secs, std::sync::atomic::Ordering::SeqCst);
    }

    /// Seconds since the Unix epoch.
    pub fn now_secs(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[cfg(feature = "test-util")]
impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.now_secs())
    }
}
