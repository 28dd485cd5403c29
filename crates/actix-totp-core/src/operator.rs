//! What operators and the application itself do, without the user's token.

use crate::{
    authenticator::AuthenticatorId,
    credential::Credential,
    device::{Device, UserId},
    error::{CheckError, Error, StoreError},
    operation::Operation,
    outcome::Outcome,
    secrets::Secrets,
    service::{Inner, TotpService},
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

    /// Deletes the user's device, every proof with it, without opening its box. A deadline by which the user must have set up the
    /// second factor stays ([`Grace::per_user`](crate::Grace::per_user)). `false`: there was none. Make sure by other means
    /// who asks for this.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Seal`].
    pub fn reset(&self, user: &UserId) -> Result<bool, Error> {
        self.apply(&Operation::reset(user)).map(was_done)
    }

    /// Deletes all that is kept about the user, the deadline too: for an account that is closed. `false`: there was nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Seal`].
    pub fn delete(&self, user: &UserId) -> Result<bool, Error> {
        self.apply(&Operation::delete(user)).map(was_done)
    }

    /// Takes over an authenticator that a user has elsewhere: it keeps working. With the first one there are no backup codes until the
    /// user renews them. A further one ends no proof and changes no code, and takes no count back. `confirmed_at` is in seconds since the Unix epoch.
    /// The answer is its id; [`Operation::import`] can name it.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `AlreadyConfirmed` (the secret is taken over already), `TooManyAuthenticators`.
    pub fn import(
        &self,
        user: &UserId,
        credential: &Credential,
        confirmed_at: u64,
    ) -> Result<Outcome<AuthenticatorId>, Error> {
        self.apply(&Operation::import(user, credential, confirmed_at))
    }

    /// Seals every box under the first key: the end of a key rotation. `after` resumes behind a user (`None`: from the
    /// start); what is already under the first key is left as it is, so running it again is cheap.
    ///
    /// # Errors
    ///
    /// [`SweepError`], with what was done until then: resume behind its `report.last`. What fails for one user alone (a box
    /// that does not open, a device that others write all the time) does not stop it: it is reported.
    pub fn reseal_all(&self, after: Option<&UserId>) -> Result<SweepReport, SweepError> {
        self.sweep(after, |totp, last| totp.reseal_some(last, PAGE))
    }

    /// As [`reseal_all`](Self::reseal_all), but looks at the next `limit` rows at most. At the end there were none:
    /// `report.last` is `after`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reseal_some(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<SweepReport, SweepError> {
        self.sweep_some(after, limit, |device| {
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
    /// [`SweepError`], with what was done until then: resume behind its `report.last`. What fails for one user alone (a box
    /// that does not open, a device that others write all the time) does not stop it: it is reported.
    pub fn end_everybodys_proofs(&self, after: Option<&UserId>) -> Result<SweepReport, SweepError> {
        self.sweep(after, |totp, last| totp.end_some_proofs(last, PAGE))
    }

    /// As [`end_everybodys_proofs`](Self::end_everybodys_proofs), but looks at the next `limit` rows at most. At the end
    /// there were none: `report.last` is `after`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn end_some_proofs(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<SweepReport, SweepError> {
        self.sweep_some(after, limit, |device| {
            device
                .is_confirmed()
                .then(|| Operation::end_all_proofs(&device.user))
        })
    }

    /// Goes on page by page until there is none.
    fn sweep(
        &self,
        after: Option<&UserId>,
        page: impl Fn(&Self, Option<&UserId>) -> Result<SweepReport, SweepError>,
    ) -> Result<SweepReport, SweepError> {
        let mut report = SweepReport {
            last: after.cloned(),
            ..SweepReport::default()
        };
        loop {
            match page(self, report.last.as_ref()) {
                Ok(page) if page.last == report.last => return Ok(report),
                Ok(page) => report.add(page),
                Err(error) => {
                    report.add(*error.report);
                    return Err(SweepError::new(report, error.source));
                }
            }
        }
    }

    /// Does an operation for everybody of a page who needs it.
    fn sweep_some(
        &self,
        after: Option<&UserId>,
        limit: usize,
        operation: impl Fn(&Device) -> Option<Operation<()>>,
    ) -> Result<SweepReport, SweepError> {
        let mut report = SweepReport {
            last: after.cloned(),
            ..SweepReport::default()
        };
        let page = match self.inner.store.page(after, limit) {
            Ok(page) => page,
            Err(source) => return Err(SweepError::new(report, source.into())),
        };
        for device in page {
            match operation(&device).map(|operation| self.apply(&operation)) {
                Some(Ok(Outcome::Accepted(()))) => report.changed += 1,
                // There is nothing to do, or it was deleted meanwhile.
                None | Some(Ok(Outcome::Rejected(_))) => report.unchanged += 1,
                Some(Err(source @ (Error::Seal { .. } | Error::Contended))) => {
                    let user = device.user.clone();
                    report.failures.push(SweepFailure { user, source });
                }
                Some(Err(source)) => return Err(SweepError::new(report, source)),
            }
            report.last = Some(device.user);
        }
        Ok(report)
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
        for device in first.into_iter().filter(Device::has_credential) {
            self.inner.keys.open(&device).map_err(CheckError::Seal)?;
        }
        self.check_keys()
    }

    fn check_keys(&self) -> Result<(), CheckError> {
        let user =
            UserId::new("check").map_err(|error| CheckError::Store(StoreError::corrupt(error)))?;
        let Inner { keys, random, .. } = &*self.inner;
        let mut device = Device::new(&user, 0, &**random)?;
        device.sealed = keys.seal(&Secrets::default(), &device, &**random)?;
        keys.open(&device).map(drop).map_err(CheckError::Seal)
    }
}

fn was_done(outcome: Outcome<()>) -> bool {
    matches!(outcome, Outcome::Accepted(()))
}

/// What [`reseal_all`](TotpService::reseal_all) or [`end_everybodys_proofs`](TotpService::end_everybodys_proofs) did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SweepReport {
    /// Devices that were changed.
    pub changed: u64,
    /// Devices that needed no change.
    pub unchanged: u64,
    /// Users whose device could not be changed: keep the old keys until this is empty.
    pub failures: Vec<SweepFailure>,
    /// The last user that was looked at, to resume behind; `None` if there was none.
    pub last: Option<UserId>,
}

impl SweepReport {
    fn add(&mut self, page: Self) {
        self.changed += page.changed;
        self.unchanged += page.unchanged;
        self.failures.extend(page.failures);
        self.last = page.last;
    }
}

/// A device that could not be changed.
#[derive(Debug)]
#[non_exhaustive]
pub struct SweepFailure {
    /// Whose it is.
    pub user: UserId,
    /// Why: [`Error::Seal`] or [`Error::Contended`].
    pub source: Error,
}

/// It stopped before every device was looked at.
#[derive(Debug, thiserror::Error)]
#[error("stopped before every device was looked at")]
#[non_exhaustive]
pub struct SweepError {
    /// What was done until then.
    pub report: Box<SweepReport>,
    /// Why it stopped.
    pub source: Error,
}

impl SweepError {
    pub(crate) fn new(report: SweepReport, source: Error) -> Self {
        Self {
            report: Box::new(report),
            source,
        }
    }
}

/// The thread that did it ended before it could answer: what was done is not known. Run it again.
impl From<Error> for SweepError {
    fn from(source: Error) -> Self {
        Self::new(SweepReport::default(), source)
    }
}
