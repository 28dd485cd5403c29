//! The settings of the core, handed on.

use std::{cell::OnceCell, time::Duration};

use actix_totp_core::{
    BackupCodeLength, Clock, Event, EventContext, Parameters, Randomness, Sleeper,
};

use tokio::{runtime::Builder, task::LocalSet};

use super::TotpBuilder;

impl TotpBuilder {
    pub(super) fn map_core(
        mut self,
        set: impl FnOnce(actix_totp_core::TotpBuilder) -> actix_totp_core::TotpBuilder,
    ) -> Self {
        self.core = set(self.core);
        self
    }

    /// Who issues the codes, as the authenticator shows it: 1 to 64 bytes, not blank, no `:`.
    ///
    /// Default: `actix-totp`.
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.map_core(|core| core.issuer(issuer))
    }

    /// How many steps before and after the current one are accepted, 0 or 1 (RFC 6238 §5.2). ASVS 5.0 6.5.5 asks for 0, so that
    /// a code lives for 30 seconds.
    ///
    /// Default: 1.
    pub fn window(self, steps: u8) -> Self {
        self.map_core(|core| core.window(steps))
    }

    /// A window of up to 10 steps on each side. Each step more gives a guess two more codes to hit. More than 1 is more than
    /// clocks drift (SP 800-63B-4 §3.1.4.2).
    ///
    /// Default: not set, [`window`](Self::window) decides.
    pub fn danger_window(self, steps: u8) -> Self {
        self.map_core(|core| core.danger_window(steps))
    }

    /// Algorithm, digits and period of secrets that are made from now on; those that exist keep theirs. ASVS 5.0 11.4.1 counts
    /// SHA-1 as legacy; SP 800-63B-4 §3.1.4.1 asks for a period of 120 seconds at most.
    ///
    /// Default: SHA-1, 6 digits, 30 seconds, which every authenticator knows.
    pub fn parameters(self, parameters: Parameters) -> Self {
        self.map_core(|core| core.parameters(parameters))
    }

    /// How long a new secret waits for its first code, 1 minute to 1 day; whole seconds.
    ///
    /// Default: 15 minutes.
    pub fn enrollment_lifetime(self, lifetime: Duration) -> Self {
        self.map_core(|core| core.enrollment_lifetime(lifetime))
    }

    /// How many backup codes a set has, 5 to 20, and how long they are. Sets that exist stay as they are, and codes of both lengths
    /// are read.
    ///
    /// Default: 10 of [`FourGroups`](BackupCodeLength::FourGroups), 80 random bits each. Their digests are sealed, so that a copy of
    /// the table cannot be searched; ASVS 5.0 6.5.2 and SP 800-63B-4 §3.1.2 do not count that, and ask for 112 bits where the
    /// hash is a plain one: [`SixGroups`](BackupCodeLength::SixGroups) have 120.
    pub fn backup_codes(self, count: u8, length: BackupCodeLength) -> Self {
        self.map_core(|core| core.backup_codes(count, length))
    }

    /// Makes wrong backup codes count and wait like wrong TOTP codes, down to the lock at 100 (SP 800-63B-4 §3.2.2).
    /// Anybody who has the password can then lock the owner out until an operator unlocks, which ASVS 5.0 6.1.1 warns of.
    ///
    /// Default: off; a backup code has 80 random bits at least.
    pub fn danger_throttle_backup_codes(self) -> Self {
        self.map_core(actix_totp_core::TotpBuilder::danger_throttle_backup_codes)
    }

    /// How many authenticators a user may have, 1 to 20. Each more gives a guess more codes to hit: of users who have 5, a thief with
    /// the password finds a code within a year with 0.15 %, where the owner never signs in. A lower number takes none away.
    ///
    /// Default: 5.
    pub fn max_authenticators(self, authenticators: u8) -> Self {
        self.map_core(|core| core.max_authenticators(authenticators))
    }

    /// How often a swap that other writers win is tried, 1 to 100 times, and for how long at most, up to a minute; with jitter
    /// between two tries. Then the answer is 503, and nothing was done. If that takes longer than
    /// [`operation_timeout`](Self::operation_timeout), it is unknown what was done.
    ///
    /// Default: 10 times, for 2 seconds.
    pub fn conflict_retries(self, most_tries: u32, longest: Duration) -> Self {
        self.map_core(|core| core.conflict_retries(most_tries, longest))
    }

    /// A function that receives every [`Event`] with its [`EventContext`]: after the write, those of a user in the order of the
    /// writes, at most once, on a thread of its own. No answer waits for it. If it is slower than events come, or panics, events
    /// are missed; that is logged and counted ([`TotpService::missed_events`](crate::TotpService::missed_events)). Call it again
    /// for another function.
    ///
    /// Users who are to hear of changes and attempts (ASVS 5.0 6.3.5 and 6.3.7, SP 800-63B-4 §4.6) are told here.
    ///
    /// Default: none; events are logged with `tracing` in any case.
    pub fn on_event(self, handler: impl Fn(&Event, &EventContext) + Send + 'static) -> Self {
        self.map_core(|core| core.on_event(handler))
    }

    /// The same for an asynchronous function: each event is awaited before the next one is delivered. It runs on a tokio runtime of
    /// its own, with one thread, so that it needs no `Send` and holds up no request. A task that it spawns goes on only
    /// while an event is delivered: spawn what lasts longer on a runtime of the application's.
    ///
    /// Default: none.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Event, EventContext, KeyRing, MemoryStore, Totp};
    ///
    /// async fn send_mail(text: String) { /* … */ }
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys)
    ///     .on_event_async(async |event: &Event, context: &EventContext| {
    ///         if let Event::Disabled { user, .. } = event {
    ///             let from = context.peer.map_or("somewhere".into(), |peer| peer.to_string());
    ///             send_mail(format!("Dear {user}, your second factor was turned off from {from}.")).await;
    ///         }
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_event_async<F>(self, handler: F) -> Self
    where
        F: AsyncFn(&Event, &EventContext) + Send + 'static,
    {
        self.on_event(asynchronous(handler))
    }

    /// How many events may wait to be delivered, 1 to 1,000,000. More are dropped.
    ///
    /// Default: 4,096.
    pub fn max_queued_events(self, events: usize) -> Self {
        self.map_core(|core| core.max_queued_events(events))
    }

    /// Where the time comes from.
    ///
    /// Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(self, clock: impl Clock) -> Self {
        self.map_core(|core| core.clock(clock))
    }

    /// How [`service`](crate::Totp::service) waits before it tries a conflict again. What requests ask for waits in its queue.
    ///
    /// Default: [`SystemSleeper`](crate::SystemSleeper).
    pub fn sleeper(self, sleeper: impl Sleeper) -> Self {
        self.map_core(|core| core.sleeper(sleeper))
    }

    /// Where randomness comes from. For tests.
    ///
    /// Default: [`OsRandomness`](crate::OsRandomness).
    pub fn randomness(self, random: impl Randomness) -> Self {
        self.map_core(|core| core.randomness(random))
    }
}

/// Blocks the thread that delivers events on a runtime of its own, which begins with the first event.
fn asynchronous<F>(handler: F) -> impl Fn(&Event, &EventContext) + Send + 'static
where
    F: AsyncFn(&Event, &EventContext) + Send + 'static,
{
    let runtime = OnceCell::new();
    move |event, context| {
        let started = runtime.get_or_init(|| Builder::new_current_thread().enable_all().build());
        match started {
            Ok(runtime) => LocalSet::new().block_on(runtime, handler(event, context)),
            Err(error) => tracing::error!(%error, "no runtime can be had to deliver events"),
        }
    }
}
