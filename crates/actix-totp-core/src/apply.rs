//! Every operation by its name: load, transition, swap; events after the swap.

use crate::{
    authenticator::{Authenticator, AuthenticatorId, AuthenticatorName},
    device::UserId,
    error::{Error, StoreError},
    event::{Event, EventContext},
    operation::{Attempt, Operation},
    outage::Outage,
    outcome::{Authenticated, Confirmed, Disabled, Enrollment, Outcome, Removed, Renewed},
    proof::Proof,
    retry::Retry,
    service::TotpService,
    status::Status,
    sync::Arc,
};

impl TotpService {
    /// Makes a new secret for the user and shows it. `label` names the account in the authenticator (the user id, if
    /// blank). While a second factor is on, a good `token` is needed. Of the only authenticator it is then a replacement: that one keeps
    /// working until the new one is confirmed. Beside several it is a further one. [`Operation::enroll`] can be told otherwise.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `AlreadyConfirmed`; with a token those of [`authenticate`](Self::authenticate), and
    /// `TooManyAuthenticators` and `NoSuchAuthenticator`, for which no token is spent.
    pub fn enroll(
        &self,
        user: &UserId,
        label: &str,
        token: Option<&str>,
    ) -> Result<Outcome<Enrollment>, Error> {
        self.apply(&Operation::enroll(user, label, token))
    }

    /// Confirms the pending secret with its first code: the second factor is on. The first authenticator, and one that takes the place
    /// of the only one, come with new backup codes; the latter ends every proof. After ten wrong codes the pending secret is dropped. While a live one exists, the last five are for sessions that hold a proof
    /// ([`Operation::with_proof`]).
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NotGenerated`, `AlreadyConfirmed`, `EnrollmentExpired`, `EnrollmentDiscarded`,
    /// `TooManyAuthenticators`,
    /// `MalformedToken`, `TotpCodeNeeded`, `InvalidToken`, `ClockSkew`, `ProofNeeded`.
    pub fn confirm(&self, user: &UserId, token: &str) -> Result<Outcome<Confirmed>, Error> {
        self.apply(&Operation::confirm(user, token))
    }

    /// Accepts a token, once. A code is compared with those of all live authenticators; if it is that of several, it is spent for all of
    /// them, and the first is named.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NoDevice`, `NotEnabled`, `MalformedToken`, `InvalidToken`, `Throttled`, `Locked`.
    pub fn authenticate(
        &self,
        user: &UserId,
        token: &str,
    ) -> Result<Outcome<Authenticated>, Error> {
        self.apply(&Operation::authenticate(user, token))
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
        self.apply(&Operation::renew_backup_codes(user, token))
    }

    /// Turns the second factor off and deletes the device, every proof with it, but a deadline for its set-up. Needs a good token, unless the device is
    /// only pending.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: those of [`authenticate`](Self::authenticate), and `TokenNeeded`.
    pub fn disable(&self, user: &UserId, token: Option<&str>) -> Result<Outcome<Disabled>, Error> {
        self.apply(&Operation::disable(user, token))
    }

    /// Ends every proof of the user but the one that asks, which is given its successor: of the same time, under the new
    /// epoch. So "forget all browsers" makes nothing fresh. Asking with a proof that does not count changes nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NoDevice`, `NotEnabled`, `ProofNeeded`.
    pub fn end_other_proofs(&self, proof: &Proof) -> Result<Outcome<Proof>, Error> {
        self.apply(&Operation::end_other_proofs(proof))
    }

    /// The user's live authenticators, in the order in which they were added; none where no second factor is on. Writes nothing, but
    /// opens the box.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn authenticators(&self, user: &UserId) -> Result<Vec<Authenticator>, Error> {
        let outcome = self.apply(&Operation::authenticators(user))?;
        Ok(outcome.accepted().unwrap_or_default())
    }

    /// Gives an authenticator of the user whose proof it is another name. The caller checks how old the proof is.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `NoDevice`, `NotEnabled`, `ProofNeeded`, `NoSuchAuthenticator`.
    pub fn rename_authenticator(
        &self,
        proof: &Proof,
        id: AuthenticatorId,
        name: AuthenticatorName,
    ) -> Result<Outcome<()>, Error> {
        let operation = Operation::rename_authenticator(&proof.user, id, name);
        self.apply(&operation.with_proof(Some(proof.clone())))
    }

    /// Removes an authenticator, and ends the proofs by it and no others. Needs a good token: a code of any of them, or a backup code.
    /// The last one is not removed: that is [`disable`](Self::disable).
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: those of [`authenticate`](Self::authenticate), and `NoSuchAuthenticator` and `LastAuthenticator`,
    /// for which no token is spent.
    pub fn remove_authenticator(
        &self,
        user: &UserId,
        id: AuthenticatorId,
        token: &str,
    ) -> Result<Outcome<Removed>, Error> {
        self.apply(&Operation::remove_authenticator(user, id, token))
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

    /// Does an operation on this thread: load, transition, swap, and again while other writers are first. Nothing is answered
    /// before it is written.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Contended`] if other writers were first too often.
    pub fn apply<T>(&self, operation: &Operation<T>) -> Result<Outcome<T>, Error> {
        let _entered = operation.span().enter();
        let mut retry = Retry::default();
        retry.begin(self);
        loop {
            let device = self.load(operation.user())?;
            let attempt = operation.attempt(self, device);
            let Attempt {
                swap,
                outcome,
                events,
            } = attempt.inspect_err(|error| operation.notify_fault(self, error))?;
            let is_written = match swap {
                None => true,
                Some(swap) => {
                    let next = swap.next.as_ref();
                    let swapped = self.inner.store.swap(&swap.user, swap.expected, next);
                    let writes = &self.inner.outages.writes;
                    self.report_outage(writes, &swap.user, &swapped, operation.event_context(self));
                    swapped?
                }
            };
            if is_written {
                operation.notify(self, events);
                return Ok(outcome);
            }
            self.inner.sleeper.sleep(retry.after_conflict(self)?);
        }
    }

    /// Reports a store that begins to fail.
    pub(crate) fn report_outage<T>(
        &self,
        outage: &Outage,
        user: &UserId,
        answer: &Result<T, StoreError>,
        context: Option<&Arc<EventContext>>,
    ) {
        if outage.begins(answer, || self.now().ok()) {
            if let Err(error) = answer {
                tracing::error!("StoreFailed: {error:?}"); // with its causes, also where fields are not shown
            }
            let event = Event::StoreFailed { user: user.clone() };
            self.inner.notifier.notify(event, context);
        }
    }
}
