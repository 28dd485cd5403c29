//! The settings of the core, handed on.

use std::time::Duration;

use actix_totp_core::{Clock, Event, Parameters, Randomness, Sleeper};

use super::TotpBuilder;

impl TotpBuilder {
    fn map_core(
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

    /// How many steps before and after the current one are accepted, 0 or 1 (RFC 6238 §5.2).
    ///
    /// Default: 1.
    pub fn window(self, steps: u8) -> Self {
        self.map_core(|core| core.window(steps))
    }

    /// A window of up to 10 steps on each side. Each step more gives a guess two more codes to hit.
    ///
    /// Default: not set, [`window`](Self::window) decides.
    pub fn danger_window(self, steps: u8) -> Self {
        self.map_core(|core| core.danger_window(steps))
    }

    /// Algorithm, digits and period of secrets that are made from now on; those that exist keep theirs.
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

    /// Makes wrong backup codes count and wait like wrong TOTP codes, down to the lock at 100 (SP 800-63B-4 §4.2.1.1).
    /// Whoever has the password can then lock the owner out until an operator unlocks.
    ///
    /// Default: off; a backup code has 80 random bits.
    pub fn danger_throttle_backup_codes(self) -> Self {
        self.map_core(actix_totp_core::TotpBuilder::danger_throttle_backup_codes)
    }

    /// How often a swap is tried that is lost to other writers, 1 to 100 times, and for how long at most, up to a minute;
    /// with jitter between two tries. Then the answer is 503, and nothing was done. Where that takes longer than
    /// [`operation_timeout`](Self::operation_timeout) it is unknown, as then.
    ///
    /// Default: 10 times, for 2 seconds.
    pub fn conflict_retries(self, most_tries: u32, longest: Duration) -> Self {
        self.map_core(|core| core.conflict_retries(most_tries, longest))
    }

    /// A function that is told every [`Event`], after the write and before the answer, on a thread of the plugin's own. It
    /// may block, which delays the answer and the user's next sign-in; at most half of the [`threads`](Self::worker_threads) wait for
    /// it when sign-ins are told, but every other change (generate, verify, backup-codes, disable) holds the thread that it is
    /// made on. Hand on what takes longer than a few milliseconds, as a mail does, to a channel or a task.
    /// That thread belongs to no async runtime: to spawn a task, keep a handle of yours. It must not wait for the `async`
    /// methods of [`Totp`](crate::Totp), which need these threads.
    ///
    /// Default: none; events are logged with `tracing` in any case.
    pub fn on_event(self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.map_core(|core| core.on_event(tell))
    }

    /// Where the time comes from.
    ///
    /// Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(self, clock: impl Clock) -> Self {
        self.map_core(|core| core.clock(clock))
    }

    /// How to wait before a lost swap is tried again.
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
