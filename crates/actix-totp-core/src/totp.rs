//! The service: every operation by its name.

use std::{sync::Arc, time::SystemTime};

use crate::{
    builder::TotpBuilder,
    clock::{Clock, Sleeper, SystemClock, SystemSleeper},
    config::Config,
    credential::Parameters,
    device::{Device, UserId},
    error::Error,
    event::Event,
    keyring::KeyRing,
    outage::Outages,
    outcome::{Authenticated, Confirmed, Disabled, Enrollment, Outcome, Proof, Renewed, Status},
    random::{OsRandomness, Randomness},
    store::DeviceStore,
    transition,
};

type OnEvent = dyn Fn(&Event) + Send + Sync;

/// The second factor of all users: every operation, synchronous and without HTTP.
///
/// Every method may block (it asks the store) and may be called from any number of threads and processes at once.
/// Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct TotpService {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Box<dyn DeviceStore>,
    pub(crate) keys: KeyRing,
    pub(crate) config: Config,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) sleeper: Box<dyn Sleeper>,
    pub(crate) random: Box<dyn Randomness>,
    pub(crate) on_event: Option<Box<OnEvent>>,
    pub(crate) outages: Outages,
}

impl TotpService {
    /// Starts with a store and the keys that seal what is secret in it.
    pub fn builder(store: impl DeviceStore, keys: KeyRing) -> TotpBuilder {
        TotpBuilder::new(Inner {
            store: Box::new(store),
            keys,
            config: Config::default(),
            clock: Box::new(SystemClock),
            sleeper: Box::new(SystemSleeper),
            random: Box::new(OsRandomness),
            on_event: None,
            outages: Outages::default(),
        })
    }

    /// Makes a new secret for the user and shows it. `label` names the account in the authenticator (the user id, if
    /// blank). While a second factor is on, a good `token` is needed, and the live secret keeps working until the new
    /// one is confirmed.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `AlreadyConfirmed`, and with a token those of [`authenticate`](Self::authenticate).
    pub fn enroll(
        &self,
        user: &UserId,
        label: &str,
        token: Option<&str>,
    ) -> Result<Outcome<Enrollment>, Error> {
        self.apply(user, |opened, context| {
            transition::enroll(opened, user, label, token, context)
        })
    }

    /// Confirms the pending secret with its first code: the second factor is on, with new backup codes.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NotGenerated`, `AlreadyConfirmed`, `EnrollmentExpired`, `MalformedToken`,
    /// `TotpCodeNeeded`, `InvalidToken`, `ClockSkew`, `Throttled`, `Locked`.
    pub fn confirm(&self, user: &UserId, token: &str) -> Result<Outcome<Confirmed>, Error> {
        self.apply(user, |opened, context| {
            transition::confirm(opened, token, context)
        })
    }

    /// Accepts a token, once.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NotEnabled`, `MalformedToken`, `InvalidToken`, `Throttled`, `Locked`.
    pub fn authenticate(
        &self,
        user: &UserId,
        token: &str,
    ) -> Result<Outcome<Authenticated>, Error> {
        self.apply(user, |opened, context| {
            transition::authenticate(opened, token, context)
        })
    }

    /// Makes new backup codes; the old ones are void. Needs a code of the authenticator.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: those of [`authenticate`](Self::authenticate), and `TotpCodeNeeded`.
    pub fn renew_backup_codes(
        &self,
        user: &UserId,
        token: &str,
    ) -> Result<Outcome<Renewed>, Error> {
        self.apply(user, |opened, context| {
            transition::renew_backup_codes(opened, token, context)
        })
    }

    /// Turns the second factor off and deletes the device, every proof with it. Needs a good token, unless the device is
    /// only pending.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: those of [`authenticate`](Self::authenticate), and `TokenNeeded`.
    pub fn disable(&self, user: &UserId, token: Option<&str>) -> Result<Outcome<Disabled>, Error> {
        self.apply(user, |opened, context| {
            transition::disable(opened, token, context)
        })
    }

    /// Ends every proof of the user but the one that asks, which is given its successor: of the same time, under the new
    /// epoch. So "forget all browsers" makes nothing fresh. Asking with a proof that does not count changes nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NotEnabled`, `ProofEnded`.
    pub fn end_other_proofs(&self, proof: &Proof) -> Result<Outcome<Proof>, Error> {
        self.apply(&proof.user, |opened, context| {
            transition::end_other_proofs(opened, proof, context)
        })
    }

    /// A proof as text that a browser may keep, sealed under the first key of the ring: 87 letters, digits, `-` and `_`.
    ///
    /// # Errors
    ///
    /// [`Error::Randomness`].
    pub fn seal_proof(&self, proof: &Proof) -> Result<String, Error> {
        Ok(self.inner.keys.seal_proof(proof, &*self.inner.random)?)
    }

    /// The proof that [`seal_proof`](Self::seal_proof) sealed for this user, under any key of the ring. Whether it still
    /// counts, [`Status::accepts`] says; how old it may be is for the caller to check.
    pub fn open_proof(&self, user: &UserId, sealed: &str) -> Option<Proof> {
        self.inner.keys.open_proof(user, sealed)
    }

    /// The state of the user's second factor. Writes nothing and opens no box.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    pub fn status(&self, user: &UserId) -> Result<Status, Error> {
        let now = self.now()?;
        let device = self.load(user)?;
        Ok(self.status_of(device.as_ref(), now))
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

    /// What the user's authenticator shows now: the pending credential's code, or else the live one's. For tests of
    /// applications. `None` without a device.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    #[cfg(feature = "test-util")]
    pub fn code_for(&self, user: &UserId) -> Result<Option<String>, Error> {
        let now = self.now()?;
        let Some(device) = self.load(user)? else {
            return Ok(None);
        };
        let mut opened = self.open(device)?;
        let credential = opened.secrets.pending.take().or(opened.secrets.live.take());
        Ok(credential.map(|it| it.code_at(it.step_at(now)).to_string()))
    }

    /// The proof that a good token would give the user now, or `None` if no second factor is on. For tests of
    /// applications: it spends no code.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    #[cfg(feature = "test-util")]
    pub fn proof_for(&self, user: &UserId) -> Result<Option<Proof>, Error> {
        let at = self.now()?;
        Ok(self.status(user)?.epoch.map(|epoch| Proof {
            user: user.clone(),
            epoch,
            at,
        }))
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
