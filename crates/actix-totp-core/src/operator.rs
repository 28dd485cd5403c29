//! What operators and the application itself do, without the user's token.

use crate::{
    credential::Credential,
    device::UserId,
    error::{CheckError, Error, StoreError},
    event::Event,
    keyring::SealError,
    outcome::Outcome,
    secrets::Secrets,
    totp::TotpService,
    transition,
};

/// How many devices are read at a time.
const PAGE: usize = 100;
/// 2020-01-01: a clock before that is not set.
const PLAUSIBLE_NOW: u64 = 1_577_836_800;

impl TotpService {
    /// Clears the user's failure counts and keeps everything else. Prefer it to [`reset`](Self::reset). `false`: there
    /// is no device.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn unlock(&self, user: &UserId) -> Result<bool, Error> {
        self.apply(user, transition::unlock).map(was_done)
    }

    /// Ends every proof of the user in every session, at once: for a change of password and "sign out everywhere".
    /// `false`: there is no device.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn end_all_proofs(&self, user: &UserId) -> Result<bool, Error> {
        self.apply(user, transition::end_all_proofs).map(was_done)
    }

    /// Deletes the user's device, every proof with it, without opening its box. `false`: there was none. Whoever asks
    /// for this must have shown who they are by other means.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Contended`].
    pub fn reset(&self, user: &UserId) -> Result<bool, Error> {
        self.swapping(|| {
            let Some(device) = self.load(user)? else {
                return Ok(Some(false));
            };
            if !self.swap(user, Some(device.version), None)? {
                return Ok(None);
            }
            self.tell(&Event::Reset { user: user.clone() });
            Ok(Some(true))
        })
    }

    /// Takes over somebody who enrolled elsewhere: their authenticator keeps working. They have no backup codes until
    /// they renew them. `confirmed_at` is in seconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `AlreadyConfirmed`.
    pub fn import(
        &self,
        user: &UserId,
        credential: &Credential,
        confirmed_at: u64,
    ) -> Result<Outcome<()>, Error> {
        self.apply(user, |opened, context| {
            transition::import(opened, user, credential, confirmed_at, context)
        })
    }

    /// Seals every box under the first key: the end of a key rotation. `after` resumes behind a user (`None`: from the
    /// start); what is already under the first key is left as it is, so running it again is cheap.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] and others stop it; run it again. A box that does not open does not stop it: it is reported.
    pub fn reseal_all(&self, after: Option<&UserId>) -> Result<ResealReport, Error> {
        let mut report = ResealReport::default();
        let mut after = after.cloned();
        loop {
            let page = self.inner.store.page(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else {
                return Ok(report);
            };
            after = Some(last.user.clone());
            for device in page {
                if self.inner.keys.is_current(&device.sealed) {
                    report.unchanged += 1;
                    continue;
                }
                match self.reseal(&device.user) {
                    Ok(()) => report.resealed += 1,
                    Err(Error::Seal { user, source }) => {
                        report.failures.push(CannotOpen { user, source });
                    }
                    Err(error) => return Err(error),
                }
            }
            report.last = after.clone();
        }
    }

    fn reseal(&self, user: &UserId) -> Result<(), Error> {
        self.swapping(|| {
            let now = self.now()?;
            let Some(device) = self.load(user)? else {
                return Ok(Some(())); // deleted meanwhile
            };
            let (version, updated_at) = (device.version, device.updated_at);
            let opened = self.open(device);
            let opened = opened.inspect_err(|error| self.tell_fault(error))?;
            let mut next = self.close(opened, now)?;
            next.updated_at = updated_at; // the user did nothing
            let written = self.swap(user, Some(version), Some(&next))?;
            Ok(written.then_some(()))
        })
    }

    /// Looks, at start, whether this can work: the store answers and has its table, the keys open what is in it, random
    /// bytes can be had, and the clock shows a time after 2020.
    ///
    /// # Errors
    ///
    /// [`CheckError`], which says what to look at.
    pub fn check(&self) -> Result<(), CheckError> {
        if self.now().map_err(|_| CheckError::Clock)? < PLAUSIBLE_NOW {
            return Err(CheckError::Clock);
        }
        let first = self.inner.store.page(None, 1).map_err(CheckError::Store)?;
        for device in first {
            self.inner
                .keys
                .open(&device.sealed, &device.user, device.epoch)
                .map_err(CheckError::Seal)?;
        }
        self.check_keys()
    }

    fn check_keys(&self) -> Result<(), CheckError> {
        let user =
            UserId::new("check").map_err(|error| CheckError::Store(StoreError::corrupt(error)))?;
        let epoch = crate::Epoch::from_i64(0);
        let keys = &self.inner.keys;
        let sealed = keys.seal(&Secrets::default(), &user, epoch, &*self.inner.random)?;
        keys.open(&sealed, &user, epoch)
            .map(drop)
            .map_err(CheckError::Seal)
    }
}

fn was_done(outcome: Outcome<()>) -> bool {
    matches!(outcome, Outcome::Accepted(()))
}

/// What [`reseal_all`](TotpService::reseal_all) did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ResealReport {
    /// Boxes that are now under the first key and were not.
    pub resealed: u64,
    /// Boxes that already were.
    pub unchanged: u64,
    /// Boxes that no key of the ring opens: keep the old keys until this is empty.
    pub failures: Vec<CannotOpen>,
    /// The last user that was looked at; `None` if there was none.
    pub last: Option<UserId>,
}

/// A box that no key of the ring opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotOpen {
    /// Whose it is.
    pub user: UserId,
    /// Why.
    pub source: SealError,
}
