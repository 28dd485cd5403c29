//! The operations without HTTP, for handlers and jobs of the application's own. Each crosses to a thread of the
//! plugin's own once.
//!
//! All but those over all devices wait with a time limit, so they need a tokio runtime with its timer, as every actix-web
//! application has it.

use std::thread;

use actix_totp_core::{
    Authenticated, Authenticator, AuthenticatorId, AuthenticatorName, CheckError, Confirmed,
    Credential, Disabled, Enrollment, Error, Operation, Outcome, Proof, Removed, Renewed,
    SignInTicket, Status, SweepError, SweepReport, TotpService, UserId,
};
use tokio::sync::oneshot;

use crate::plugin::Totp;

/// # Example
///
/// ```
/// use actix_totp::{Error, Outcome, Totp, UserId};
///
/// /// "Sign out everywhere", and the state for a settings page.
/// async fn sign_out_everywhere(totp: &Totp, user: &UserId) -> Result<bool, Error> {
///     totp.end_all_proofs(user).await?;
///     Ok(totp.status(user).await?.enabled)
/// }
///
/// /// A sign-in over another protocol: accepted once, else a reason.
/// async fn second_factor(totp: &Totp, user: &UserId, token: &str) -> Result<bool, Error> {
///     Ok(matches!(totp.authenticate(user, token).await?, Outcome::Accepted(_)))
/// }
/// ```
impl Totp {
    /// Makes a new secret; see [`TotpService::enroll`](crate::TotpService::enroll).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn enroll(
        &self,
        user: &UserId,
        label: &str,
        token: Option<&str>,
    ) -> Result<Outcome<Enrollment>, Error> {
        self.apply(Operation::enroll(user, label, token)).await
    }

    /// Confirms the pending secret; see [`TotpService::confirm`](crate::TotpService::confirm).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn confirm(&self, user: &UserId, token: &str) -> Result<Outcome<Confirmed>, Error> {
        self.apply(Operation::confirm(user, token)).await
    }

    /// Accepts a token, once; see [`TotpService::authenticate`](crate::TotpService::authenticate).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn authenticate(
        &self,
        user: &UserId,
        token: &str,
    ) -> Result<Outcome<Authenticated>, Error> {
        self.apply(Operation::authenticate(user, token)).await
    }

    /// Issues a ticket to a user who has just shown the first factor; see
    /// [`TotpService::begin_sign_in`](crate::TotpService::begin_sign_in). `None`: the user has no second factor.
    ///
    /// # Errors
    ///
    /// As there. Nobody may be signed in then.
    pub async fn begin_sign_in(&self, user: &UserId) -> Result<Option<SignInTicket>, Error> {
        let (status, now) = self.read(user).await?;
        self.service().issue_ticket(user, &status, now)
    }

    /// Accepts a token for a ticket, once; see [`TotpService::complete_sign_in`](crate::TotpService::complete_sign_in). The ticket
    /// is opened before anything waits.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn complete_sign_in(
        &self,
        ticket: &str,
        token: &str,
    ) -> Result<Outcome<Authenticated>, Error> {
        match self.service().open_ticket(ticket)? {
            Outcome::Accepted(pending) => {
                self.apply(Operation::complete_sign_in(&pending, token))
                    .await
            }
            Outcome::Rejected(rejection) => Ok(Outcome::Rejected(rejection)),
        }
    }

    /// Makes new backup codes; see [`TotpService::renew_backup_codes`](crate::TotpService::renew_backup_codes).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn renew_backup_codes(
        &self,
        user: &UserId,
        token: &str,
    ) -> Result<Outcome<Renewed>, Error> {
        self.apply(Operation::renew_backup_codes(user, token)).await
    }

    /// Turns the second factor off; see [`TotpService::disable`](crate::TotpService::disable).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn disable(
        &self,
        user: &UserId,
        token: Option<&str>,
    ) -> Result<Outcome<Disabled>, Error> {
        self.apply(Operation::disable(user, token)).await
    }

    /// A user's live authenticators; see [`TotpService::authenticators`](crate::TotpService::authenticators).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn authenticators(&self, user: &UserId) -> Result<Vec<Authenticator>, Error> {
        let outcome = self.apply(Operation::authenticators(user)).await?;
        Ok(outcome.accepted().unwrap_or_default())
    }

    /// Gives an authenticator another name; see [`TotpService::rename_authenticator`](crate::TotpService::rename_authenticator).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn rename_authenticator(
        &self,
        proof: &Proof,
        id: AuthenticatorId,
        name: AuthenticatorName,
    ) -> Result<Outcome<()>, Error> {
        let operation = Operation::rename_authenticator(&proof.user, id, name);
        self.apply(operation.with_proof(Some(proof.clone()))).await
    }

    /// Removes an authenticator of several; see [`TotpService::remove_authenticator`](crate::TotpService::remove_authenticator).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn remove_authenticator(
        &self,
        user: &UserId,
        id: AuthenticatorId,
        token: &str,
    ) -> Result<Outcome<Removed>, Error> {
        self.apply(Operation::remove_authenticator(user, id, token))
            .await
    }

    /// The state of a user's second factor. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`TotpService::status`](crate::TotpService::status).
    pub async fn status(&self, user: &UserId) -> Result<Status, Error> {
        Ok(self.read(user).await?.0)
    }

    /// Clears a user's failure counts and keeps everything else. `false`: there is no device.
    ///
    /// # Errors
    ///
    /// As [`TotpService::unlock`](crate::TotpService::unlock).
    pub async fn unlock(&self, user: &UserId) -> Result<bool, Error> {
        self.is_done(Operation::unlock(user)).await
    }

    /// Deletes a user's device, every proof with it, but a deadline for its set-up. `false`: there was none.
    ///
    /// # Errors
    ///
    /// As [`TotpService::reset`](crate::TotpService::reset).
    pub async fn reset(&self, user: &UserId) -> Result<bool, Error> {
        self.is_done(Operation::reset(user)).await
    }

    /// Deletes all that is kept about a user, the deadline too: call it when an account is closed. `false`: there was nothing.
    ///
    /// # Errors
    ///
    /// As [`TotpService::delete`](crate::TotpService::delete).
    pub async fn delete(&self, user: &UserId) -> Result<bool, Error> {
        self.is_done(Operation::delete(user)).await
    }

    /// Ends every proof of a user in every session: call it at a change of password and for "sign out everywhere".
    /// `false`: there is no device.
    ///
    /// # Errors
    ///
    /// As [`TotpService::end_all_proofs`](crate::TotpService::end_all_proofs).
    pub async fn end_all_proofs(&self, user: &UserId) -> Result<bool, Error> {
        self.is_done(Operation::end_all_proofs(user)).await
    }

    /// Ends every proof of a user but the one that asks; see
    /// [`TotpService::end_other_proofs`](crate::TotpService::end_other_proofs).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn end_other_proofs(&self, proof: &Proof) -> Result<Outcome<Proof>, Error> {
        self.apply(Operation::end_other_proofs(proof)).await
    }

    /// Takes over an authenticator that a user has elsewhere; see [`TotpService::import`](crate::TotpService::import).
    ///
    /// # Errors
    ///
    /// As [`TotpService::import`](crate::TotpService::import).
    pub async fn import(
        &self,
        user: &UserId,
        credential: Credential,
        confirmed_at: u64,
    ) -> Result<Outcome<AuthenticatorId>, Error> {
        let operation = Operation::import(user, &credential, confirmed_at);
        self.apply(operation).await
    }

    /// Seals every box under the first key; see [`TotpService::reseal_all`](crate::TotpService::reseal_all). It runs on a thread of
    /// its own without a time limit, and holds up no request.
    ///
    /// # Errors
    ///
    /// As [`TotpService::reseal_all`](crate::TotpService::reseal_all); [`Error::Interrupted`] if it panicked or no
    /// thread can be had.
    pub async fn reseal_all(&self, after: Option<&UserId>) -> Result<SweepReport, SweepError> {
        let after = after.cloned();
        let done = self.on_own_thread(move |service| service.reseal_all(after.as_ref()));
        done.await.unwrap_or_else(|| Err(Error::Interrupted.into()))
    }

    /// Ends every proof of every user, after a database was restored; see
    /// [`TotpService::end_everybodys_proofs`](crate::TotpService::end_everybodys_proofs). On a thread of its own, as
    /// [`reseal_all`](Self::reseal_all).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn end_everybodys_proofs(
        &self,
        after: Option<&UserId>,
    ) -> Result<SweepReport, SweepError> {
        let after = after.cloned();
        let done = self.on_own_thread(move |service| service.end_everybodys_proofs(after.as_ref()));
        done.await.unwrap_or_else(|| Err(Error::Interrupted.into()))
    }

    /// Checks at start whether this can work: store, key, clock. [`TotpService::check`](crate::TotpService::check) does the same
    /// synchronously.
    ///
    /// # Errors
    ///
    /// As there; [`CheckError::Interrupted`] if it panicked or no thread can be had.
    pub async fn check(&self) -> Result<(), CheckError> {
        let checked = self.on_own_thread(TotpService::check);
        checked.await.unwrap_or(Err(CheckError::Interrupted))
    }

    /// Puts a proof into `session`, as a good token does, without spending a code. `false`: the user has no second
    /// factor. For tests of applications.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    #[cfg(feature = "test-util")]
    pub async fn verify_session(
        &self,
        session: &actix_session::Session,
        user: &UserId,
    ) -> Result<bool, Error> {
        let user = user.clone();
        let proof = self.on_own_thread(move |service| service.proof_for(&user));
        let proof = proof.await.unwrap_or(Err(Error::Interrupted))?;
        let session_proof = &self.plugin.session_proof;
        Ok(proof.is_some_and(|proof| session_proof.write(session, &proof).is_ok()))
    }

    async fn is_done(&self, operation: Operation<()>) -> Result<bool, Error> {
        Ok(matches!(
            self.apply(operation).await?,
            Outcome::Accepted(())
        ))
    }

    /// `None`: it panicked, or no thread can be had.
    async fn on_own_thread<T: Send + 'static>(
        &self,
        run: impl FnOnce(&TotpService) -> T + Send + 'static,
    ) -> Option<T> {
        let totp = self.clone();
        let (answer, answered) = oneshot::channel();
        let started = thread::Builder::new()
            .name("actix-totp-once".into())
            .spawn(move || {
                let service = match &totp.event_context {
                    Some(context) => &totp.service().with_context((**context).clone()),
                    None => totp.service(),
                };
                answer.send(run(service))
            });
        started.ok()?;
        answered.await.ok()
    }
}
