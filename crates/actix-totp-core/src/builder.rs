//! The settings of the service, refused where they are bad.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::{Clock, Sleeper},
    credential::Parameters,
    error::BuildError,
    event::Event,
    random::Randomness,
    store::DeviceStore,
    totp::{Inner, TotpService},
};

/// The settings of a [`TotpService`]. Every bad one is refused in [`build`](Self::build).
#[must_use = "nothing is made before build()"]
pub struct TotpBuilder {
    inner: Inner,
}

impl TotpBuilder {
    pub(crate) const fn new(inner: Inner) -> Self {
        Self { inner }
    }

    /// Who issues the codes, as the authenticator shows it: 1 to 64 bytes, not blank, no `:`.
    ///
    /// Default: `actix-totp`.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.inner.config.issuer = issuer.into();
        self
    }

    /// How many steps before and after the current one are accepted, 0 or 1 (RFC 6238 §5.2).
    ///
    /// Default: 1.
    pub fn window(mut self, steps: u8) -> Self {
        self.inner.config.window = steps;
        self
    }

    /// A window of up to 10 steps on each side. Each step more gives a guess two more codes to hit.
    ///
    /// Default: not set, [`window`](Self::window) decides.
    pub fn danger_window(mut self, steps: u8) -> Self {
        self.inner.config.window = steps;
        self.inner.config.widest_window = 10;
        self
    }

    /// Algorithm, digits and period of secrets that are made from now on; those that exist keep theirs.
    ///
    /// Default: SHA-1, 6 digits, 30 seconds, which every authenticator knows.
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.inner.config.parameters = parameters;
        self
    }

    /// How long a new secret waits for its first code, 1 minute to 1 day; whole seconds.
    ///
    /// Default: 15 minutes.
    pub fn enrollment_lifetime(mut self, lifetime: Duration) -> Self {
        self.inner.config.enrollment_lifetime_secs = lifetime.as_secs();
        self
    }

    /// Makes wrong backup codes count and wait like wrong TOTP codes, down to the lock at 100 (SP 800-63B-4 §4.2.1.1).
    /// Whoever has the password can then lock the owner out until an operator unlocks.
    ///
    /// Default: off; a backup code has 80 random bits.
    pub fn danger_throttle_backup_codes(mut self) -> Self {
        self.inner.config.throttle_backup_codes = true;
        self
    }

    /// How often a swap is tried that is lost to other writers, 1 to 100 times, and for how long at most, up to a minute;
    /// with jitter between two tries. Then the operation fails with [`Error::Contended`](crate::Error::Contended).
    ///
    /// Default: 10 times, for 2 seconds.
    pub fn conflict_retries(mut self, most_tries: u32, longest: Duration) -> Self {
        self.inner.config.most_tries = most_tries;
        self.inner.config.longest_trying = longest;
        self
    }

    /// A function that is told every [`Event`], after the write, on the thread that did the work.
    ///
    /// Default: none; events are logged with `tracing` in any case.
    pub fn on_event(mut self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.inner.on_event = Some(Box::new(tell));
        self
    }

    /// Where the time comes from.
    ///
    /// Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.inner.clock = Box::new(clock);
        self
    }

    /// How to wait before a lost swap is tried again.
    ///
    /// Default: [`SystemSleeper`](crate::SystemSleeper).
    pub fn sleeper(mut self, sleeper: impl Sleeper) -> Self {
        self.inner.sleeper = Box::new(sleeper);
        self
    }

    /// Where randomness comes from. For tests.
    ///
    /// Default: [`OsRandomness`](crate::OsRandomness).
    pub fn randomness(mut self, random: impl Randomness) -> Self {
        self.inner.random = Box::new(random);
        self
    }

    /// Puts another store around the one that this was begun with, to watch or to change what passes through it.
    ///
    /// Default: none.
    pub fn wrap_store<S: DeviceStore>(
        mut self,
        wrap: impl FnOnce(Box<dyn DeviceStore>) -> S,
    ) -> Self {
        self.inner.store = Box::new(wrap(self.inner.store));
        self
    }

    /// The service.
    ///
    /// # Errors
    ///
    /// [`BuildError`] for the first setting that is out of its range.
    pub fn build(self) -> Result<TotpService, BuildError> {
        self.inner.config.check()?;
        Ok(TotpService {
            inner: Arc::new(self.inner),
        })
    }
}

impl std::fmt::Debug for TotpBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotpBuilder")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}
