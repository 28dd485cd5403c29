//! The service: what all operations share, and the state of a user.

use std::time::SystemTime;

use crate::{
    clock::{Clock, Sleeper},
    config::Config,
    credential::Parameters,
    device::Device,
    device::UserId,
    error::Error,
    event::EventContext,
    keyring::KeyRing,
    notifier::Notifier,
    outage::Outages,
    proof::Proof,
    random::Randomness,
    status::Status,
    store::DeviceStore,
    sync::Arc,
};

/// The second factor of all users: every operation, synchronous and without HTTP.
///
/// Every method may block (it asks the store) and may be called from any number of threads and processes at once.
/// Cloning is cheap and shares everything. After a `fork` the child has none of its threads: build it in the child.
#[derive(Clone)]
pub struct TotpService {
    pub(crate) inner: Arc<Inner>,
    pub(crate) event_context: Option<Arc<EventContext>>,
}

pub(crate) struct Inner {
    pub(crate) store: Box<dyn DeviceStore>,
    pub(crate) keys: KeyRing,
    pub(crate) config: Config,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) sleeper: Box<dyn Sleeper>,
    pub(crate) random: Box<dyn Randomness>,
    pub(crate) notifier: Notifier,
    pub(crate) outages: Outages,
}

impl TotpService {
    /// The same service, whose events carry this context: the request, or the operator who acts.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp_core::{Error, EventContext, TotpService, UserId};
    ///
    /// fn reset(totp: &TotpService, user: &UserId) -> Result<bool, Error> {
    ///     totp.with_context(EventContext::new().actor("support: jane")).reset(user)
    /// }
    /// ```
    pub fn with_context(&self, context: EventContext) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            event_context: Some(Arc::new(context)),
        }
    }

    /// Whether the application has a function for events. Without one no context is needed.
    pub fn has_event_handlers(&self) -> bool {
        self.inner.notifier.has_handlers()
    }

    /// Waits until every event so far has been delivered. Call it before a short program ends, and in tests. Do not
    /// call it in a function that receives events: it would wait for itself.
    pub fn flush_events(&self) {
        self.inner.notifier.flush();
    }

    /// How many events have not been delivered, because the application's function was too slow or panicked.
    pub fn missed_events(&self) -> u64 {
        self.inner.notifier.missed()
    }

    /// A proof as text that a client may keep, sealed under the first key of the ring: 87 letters, digits, `-` and `_`. It opens
    /// for the same purpose alone, so that one kind of client cannot use what another was given.
    ///
    /// # Errors
    ///
    /// [`Error::Randomness`].
    pub fn seal_proof(&self, purpose: &str, proof: &Proof) -> Result<String, Error> {
        let Inner { keys, random, .. } = &*self.inner;
        Ok(keys.seal_proof(purpose, proof, &**random)?)
    }

    /// The proof that [`seal_proof`](Self::seal_proof) sealed for this purpose and this user, under any key of the ring.
    /// [`Status::accepts`] says whether it still counts; the caller checks how old it is.
    pub fn open_proof(&self, purpose: &str, user: &UserId, sealed: &str) -> Option<Proof> {
        self.inner.keys.open_proof(purpose, user, sealed)
    }

    /// A few bytes as text that a browser may keep, sealed under the first key of the ring: letters, digits, `-` and `_`. It
    /// opens for the same purpose and the same user alone, however old it is.
    ///
    /// # Errors
    ///
    /// [`Error::Randomness`].
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp_core::{KeyRing, MemoryStore, TotpService, UserId};
    ///
    /// let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = TotpService::builder(MemoryStore::new(), keys).build()?;
    /// let (alice, bob) = (UserId::new("alice")?, UserId::new("bob")?);
    ///
    /// let text = totp.seal_text("greeting", &alice, b"hello")?;
    /// assert_eq!(totp.open_text("greeting", &alice, &text).as_deref(), Some(&b"hello"[..]));
    /// assert_eq!(totp.open_text("greeting", &bob, &text), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seal_text(&self, purpose: &str, user: &UserId, content: &[u8]) -> Result<String, Error> {
        let Inner { keys, random, .. } = &*self.inner;
        Ok(keys.seal_text(purpose, user, content, &**random)?)
    }

    /// What [`seal_text`](Self::seal_text) sealed for this purpose and this user, under any key of the ring.
    pub fn open_text(&self, purpose: &str, user: &UserId, sealed: &str) -> Option<Vec<u8>> {
        self.inner.keys.open_text(purpose, user, sealed)
    }

    pub(crate) fn status_of(&self, device: Option<&Device>, now: u64) -> Status {
        let lifetime = self.inner.config.enrollment_lifetime_secs;
        device.map_or_else(Status::default, |device| Status::of(device, now, lifetime))
    }

    /// Who issues the codes, as authenticators show it.
    pub fn issuer(&self) -> &str {
        &self.inner.config.issuer
    }

    /// Algorithm, digits and period of secrets that are made from now on; those that exist may have others.
    pub fn parameters(&self) -> Parameters {
        self.inner.config.parameters
    }

    /// How many steps before and after the current one are accepted.
    pub fn window(&self) -> u8 {
        self.inner.config.window
    }

    /// How many random bits a backup code has that is made from now on.
    pub fn backup_code_bits(&self) -> u32 {
        self.inner.config.backup_codes.length.bits()
    }

    /// Whether wrong backup codes wait and lock like wrong TOTP codes.
    pub fn throttles_backup_codes(&self) -> bool {
        self.inner.config.throttle_backup_codes
    }

    /// How many authenticators a user may have.
    pub fn max_authenticators(&self) -> u8 {
        self.inner.config.max_authenticators
    }

    /// How many keys the ring has.
    pub fn key_count(&self) -> usize {
        self.inner.keys.len()
    }

    /// The time by the service's clock, in seconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Clock`] if it shows a time before 1970.
    pub fn now(&self) -> Result<u64, Error> {
        let since = self
            .inner
            .clock
            .now()
            .duration_since(SystemTime::UNIX_EPOCH);
        since.map(|since| since.as_secs()).map_err(|_| Error::Clock)
    }
}

impl std::fmt::Debug for TotpService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotpService")
            .field("config", &self.inner.config)
            .field("keys", &self.inner.keys)
            .finish_non_exhaustive()
    }
}
