//! The settings of the service, refused where they are bad.

use std::time::Duration;

use crate::{
    backup_code::{BackupCodeLength, SetShape},
    clock::{Clock, Sleeper, SystemClock, SystemSleeper},
    config::Config,
    credential::Parameters,
    error::BuildError,
    event::{Event, EventContext},
    keyring::KeyRing,
    notifier::{Handler, Notifier},
    outage::Outages,
    random::{OsRandomness, Randomness},
    service::{Inner, TotpService},
    store::DeviceStore,
    sync::Arc,
};

/// The settings of a [`TotpService`]. Every bad one is refused in [`build`](Self::build).
#[must_use = "nothing is made before build()"]
pub struct TotpBuilder {
    store: Box<dyn DeviceStore>,
    keys: KeyRing,
    config: Config,
    clock: Box<dyn Clock>,
    sleeper: Box<dyn Sleeper>,
    random: Box<dyn Randomness>,
    handlers: Vec<Handler>,
}

impl TotpService {
    /// Starts with a store and the keys that seal what is secret in it.
    pub fn builder(store: impl DeviceStore, keys: KeyRing) -> TotpBuilder {
        TotpBuilder {
            store: Box::new(store),
            keys,
            config: Config::default(),
            clock: Box::new(SystemClock),
            sleeper: Box::new(SystemSleeper),
            random: Box::new(OsRandomness),
            handlers: Vec::new(),
        }
    }
}

impl TotpBuilder {
    /// Names a service beside another with the same keys, 1 to 32 of `a` to `z`, digits and `-`: a ticket of one is none for the
    /// other.
    ///
    /// Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = Some(name.into());
        self
    }

    /// Who issues the codes, as the authenticator shows it: 1 to 64 bytes, not blank, no `:`.
    ///
    /// Default: `actix-totp`.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.config.issuer = issuer.into();
        self
    }

    /// How many steps before and after the current one are accepted, 0 or 1 (RFC 6238 §5.2). ASVS 5.0 6.5.5 asks for 0, so that
    /// a code lives for 30 seconds.
    ///
    /// Default: 1.
    pub fn window(mut self, steps: u8) -> Self {
        self.config.window = steps;
        self
    }

    /// A window of up to 10 steps on each side. Each step more gives a guess two more codes to hit. More than 1 is more than
    /// clocks drift (SP 800-63B-4 §3.1.4.2).
    ///
    /// Default: not set, [`window`](Self::window) decides.
    pub fn danger_window(mut self, steps: u8) -> Self {
        self.config.window = steps;
        self.config.widest_window = 10;
        self
    }

    /// Algorithm, digits and period of secrets that are made from now on; those that exist keep theirs. ASVS 5.0 11.4.1 counts
    /// SHA-1 as legacy; SP 800-63B-4 §3.1.4.1 asks for a period of 120 seconds at most.
    ///
    /// Default: SHA-1, 6 digits, 30 seconds, which every authenticator knows.
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.config.parameters = parameters;
        self
    }

    /// How long a new secret waits for its first code, 1 minute to 1 day; whole seconds.
    ///
    /// Default: 15 minutes.
    pub fn enrollment_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.enrollment_lifetime_secs = lifetime.as_secs();
        self
    }

    /// How long a [ticket](crate::SignInTicket) waits for its token, 1 minute to 1 hour; whole seconds.
    ///
    /// Default: 5 minutes.
    pub fn sign_in_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.sign_in_lifetime_secs = lifetime.as_secs();
        self
    }

    /// How many backup codes a set has, 5 to 20, and how long they are. Sets that exist stay as they are, and codes of both lengths
    /// are read.
    ///
    /// Default: 10 of [`FourGroups`](BackupCodeLength::FourGroups), 80 random bits each. Their digests are sealed, so that a copy of
    /// the table cannot be searched; ASVS 5.0 6.5.2 and SP 800-63B-4 §3.1.2 do not count that, and ask for 112 bits where the
    /// hash is a plain one: [`SixGroups`](BackupCodeLength::SixGroups) have 120.
    pub fn backup_codes(mut self, count: u8, length: BackupCodeLength) -> Self {
        self.config.backup_codes = SetShape { count, length };
        self
    }

    /// Makes wrong backup codes count and wait like wrong TOTP codes, down to the lock at 100 (SP 800-63B-4 §3.2.2).
    /// Anybody who has the password can then lock the owner out until an operator unlocks, which ASVS 5.0 6.1.1 warns of.
    ///
    /// Default: off; a backup code has 80 random bits at least.
    pub fn danger_throttle_backup_codes(mut self) -> Self {
        self.config.throttle_backup_codes = true;
        self
    }

    /// How many authenticators a user may have, 1 to 20. Each more gives a guess more codes to hit: of users who have 5, a thief with
    /// the password finds a code within a year with 0.15 %, where the owner never signs in. A lower number takes none away.
    ///
    /// Default: 5.
    pub fn max_authenticators(mut self, authenticators: u8) -> Self {
        self.config.max_authenticators = authenticators;
        self
    }

    /// How often a swap that other writers win is tried, 1 to 100 times, and for how long at most, up to a minute; with
    /// jitter between two tries. Then the operation fails with [`Error::Contended`](crate::Error::Contended).
    ///
    /// Default: 10 times, for 2 seconds.
    pub fn conflict_retries(mut self, max_tries: u32, longest: Duration) -> Self {
        self.config.max_tries = max_tries;
        self.config.longest_trying = longest;
        self
    }

    /// A function that receives every [`Event`] with its [`EventContext`]: after the write, those of a user in the order of the
    /// writes, at most once, on a thread of its own. No answer waits for it. If it is slower than events come, or panics, events
    /// are missed; that is logged and counted ([`TotpService::missed_events`]). Call it again for another function.
    ///
    /// Users who are to hear of changes and attempts (ASVS 5.0 6.3.5 and 6.3.7, SP 800-63B-4 §4.6) are told here.
    ///
    /// Default: none; events are logged with `tracing` in any case.
    pub fn on_event(mut self, handler: impl Fn(&Event, &EventContext) + Send + 'static) -> Self {
        self.handlers.push(Box::new(handler));
        self
    }

    /// How many events may wait to be delivered, 1 to 1,000,000. More are dropped.
    ///
    /// Default: 4,096.
    pub fn max_queued_events(mut self, events: usize) -> Self {
        self.config.max_queued_events = events;
        self
    }

    /// Where the time comes from.
    ///
    /// Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// How to wait before a lost swap is tried again.
    ///
    /// Default: [`SystemSleeper`](crate::SystemSleeper).
    pub fn sleeper(mut self, sleeper: impl Sleeper) -> Self {
        self.sleeper = Box::new(sleeper);
        self
    }

    /// Where randomness comes from. For tests.
    ///
    /// Default: [`OsRandomness`](crate::OsRandomness).
    pub fn randomness(mut self, random: impl Randomness) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Puts another store around the one that this was begun with, to watch or to change what passes through it.
    ///
    /// Default: none.
    pub fn wrap_store<S: DeviceStore>(
        mut self,
        wrap: impl FnOnce(Box<dyn DeviceStore>) -> S,
    ) -> Self {
        self.store = Box::new(wrap(self.store));
        self
    }

    /// The service.
    ///
    /// # Errors
    ///
    /// [`BuildError`] for the first setting that is out of its range.
    pub fn build(self) -> Result<TotpService, BuildError> {
        self.config.check()?;
        let notifier = Notifier::start(self.handlers, self.config.max_queued_events);
        Ok(TotpService {
            inner: Arc::new(Inner {
                store: self.store,
                keys: self.keys,
                config: self.config,
                clock: self.clock,
                sleeper: self.sleeper,
                random: self.random,
                notifier: notifier.map_err(|_| BuildError::EventThread)?,
                outages: Outages::default(),
            }),
            event_context: None,
        })
    }
}

impl std::fmt::Debug for TotpBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotpBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
