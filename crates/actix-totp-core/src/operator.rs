//! What operators and the application itself do, without the user's token.

use crate::{
    credential::Credential,
    device::{Device, UserId},
    error::{CheckError, Error, StoreError},
    keyring::SealError,
    operation::Operation,
    outcome::Outcome,
    secrets::Secrets,
    service::TotpService,
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
        self.apply(&Operation::unlock(user)).map(was_done)
    }

    /// Ends every proof of the user in every session, at once: for a change of password and "sign out everywhere".
    /// `false`: there is no device.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn end_all_proofs(&self, user: &UserId) -> Result<bool, Error> {
        self.apply(&Operation::end_all_proofs(user)).map(was_done)
    }

    /// Deletes the user's device, every proof with it, without opening its box. `false`: there was none. Make sure by other
    /// means who asks for this.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Contended`].
    pub fn reset(&self, user: &UserId) -> Result<bool, Error> {
        self.apply(&Operation::reset(user)).map(was_done)
    }

    /// Takes over a user who enrolled elsewhere: the authenticator keeps working. There are no backup codes until the user
    /// renews them. `confirmed_at` is in seconds since the Unix epoch.
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
        self.apply(&Operation::import(user, credential, confirmed_at))
    }

    /// Seals every box under the first key: the end of a key rotation. `after` resumes behind a user (`None`: from the
    /// start); what is already under the first key is left as it is, so running it again is cheap.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] and others stop it; run it again. A box that does not open does not stop it: it is reported.
    pub fn reseal_all(&self, after: Option<&UserId>) -> Result<SweepReport, Error> {
        self.sweep(after, |device| {
            let is_current = self.inner.keys.is_current(&device.sealed);
            (!is_current).then(|| Operation::reseal(&device.user))
        })
    }

    /// Ends every proof of every user. Call it after a database was restored from a dump, which makes proofs good again that
    /// have ended since. `after` resumes behind a user (`None`: from the start). Users who have only a pending secret have no
    /// proof, and are left alone.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] and others stop it; run it again. A box that does not open does not stop it: it is reported.
    pub fn end_everybodys_proofs(&self, after: Option<&UserId>) -> Result<SweepReport, Error> {
        self.sweep(after, |device| {
            device
                .is_confirmed()
                .then(|| Operation::end_all_proofs(&device.user))
        })
    }

    /// Does an operation for everybody who needs it, page by page.
    fn sweep(
        &self,
        after: Option<&UserId>,
        operation: impl Fn(&Device) -> Option<Operation<()>>,
    ) -> Result<SweepReport, Error> {
        let mut report = SweepReport::default();
        let mut after = after.cloned();
        loop {
            let page = self.inner.store.page(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else {
                return Ok(report);
            };
            after = Some(last.user.clone());
            for device in page {
                let Some(operation) = operation(&device) else {
                    report.unchanged += 1;
                    continue;
                };
                match self.apply(&operation) {
                    Ok(Outcome::Accepted(())) => report.changed += 1,
                    Ok(Outcome::Rejected(_)) => report.unchanged += 1, // deleted meanwhile
                    Err(Error::Seal { user, source }) => {
                        report.failures.push(CannotOpen { user, source });
                    }
                    Err(error) => return Err(error),
                }
            }
            report.last = after.clone();
        }
    }

    /// Checks at start whether this can work: the store answers and has its table, the keys open what is in it, random
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

/// What [`reseal_all`](TotpService::reseal_all) or [`end_everybodys_proofs`](TotpService::end_everybodys_proofs) did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SweepReport {
    /// Devices that were changed.
    pub changed: u64,
    /// Devices that needed no change.
    pub unchanged: u64,
    /// Devices whose box no key of the ring opens: keep the old keys until this is empty.
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
