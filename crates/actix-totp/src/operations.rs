//! The operations without HTTP, for handlers and jobs of the application's own. Each crosses to a thread of the
//! plugin's own once.
//!
//! All but resealing wait with a time limit, so they need a tokio runtime with its timer, as every actix-web application has it.

use std::thread;

use actix_totp_core::{
    Authenticated, Confirmed, Credential, Disabled, Enrollment, Error, Outcome, Proof, Renewed,
    ResealReport, Status, UserId,
};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

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
        let (user, label) = (user.clone(), label.to_owned());
        let token = token.map(|token| Zeroizing::new(token.to_owned()));
        self.run(move |service| {
            let token = token.as_ref().map(|token| token.as_str());
            service.enroll(&user, &label, token)
        })
        .await
    }

    /// Confirms the pending secret; see [`TotpService::confirm`](crate::TotpService::confirm).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn confirm(&self, user: &UserId, token: &str) -> Result<Outcome<Confirmed>, Error> {
        let (user, token) = (user.clone(), Zeroizing::new(token.to_owned()));
        self.run(move |service| service.confirm(&user, &token))
            .await
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
        let (user, token) = (user.clone(), Zeroizing::new(token.to_owned()));
        self.0.runner.authenticate(user, token).await
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
        let (user, token) = (user.clone(), Zeroizing::new(token.to_owned()));
        self.run(move |service| service.renew_backup_codes(&user, &token))
            .await
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
        let user = user.clone();
        let token = token.map(|token| Zeroizing::new(token.to_owned()));
        self.run(move |service| service.disable(&user, token.as_ref().map(|token| token.as_str())))
            .await
    }

    /// The state of a user's second factor. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`TotpService::status`](crate::TotpService::status).
    pub async fn status(&self, user: &UserId) -> Result<Status, Error> {
        Ok(self.look(user).await?.0)
    }

    /// Clears a user's failure counts and keeps everything else. `false`: there is no device.
    ///
    /// # Errors
    ///
    /// As [`TotpService::unlock`](crate::TotpService::unlock).
    pub async fn unlock(&self, user: &UserId) -> Result<bool, Error> {
        let user = user.clone();
        self.run(move |service| service.unlock(&user)).await
    }

    /// Deletes a user's device, every proof with it. `false`: there was none.
    ///
    /// # Errors
    ///
    /// As [`TotpService::reset`](crate::TotpService::reset).
    pub async fn reset(&self, user: &UserId) -> Result<bool, Error> {
        let user = user.clone();
        self.run(move |service| service.reset(&user)).await
    }

    /// Ends every proof of a user in every session: call it at a change of password and for "sign out everywhere".
    /// `false`: there is no device.
    ///
    /// # Errors
    ///
    /// As [`TotpService::end_all_proofs`](crate::TotpService::end_all_proofs).
    pub async fn end_all_proofs(&self, user: &UserId) -> Result<bool, Error> {
        let user = user.clone();
        self.run(move |service| service.end_all_proofs(&user)).await
    }

    /// Ends every proof of a user but the one that asks; see
    /// [`TotpService::end_other_proofs`](crate::TotpService::end_other_proofs).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn end_other_proofs(&self, proof: &Proof) -> Result<Outcome<Proof>, Error> {
        let proof = proof.clone();
        self.run(move |service| service.end_other_proofs(&proof))
            .await
    }

    /// Takes over somebody who enrolled elsewhere; see [`TotpService::import`](crate::TotpService::import).
    ///
    /// # Errors
    ///
    /// As [`TotpService::import`](crate::TotpService::import).
    pub async fn import(
        &self,
        user: &UserId,
        credential: Credential,
        confirmed_at: u64,
    ) -> Result<Outcome<()>, Error> {
        let user = user.clone();
        self.run(move |service| service.import(&user, &credential, confirmed_at))
            .await
    }

    /// Seals every box under the first key; see [`TotpService::reseal_all`](crate::TotpService::reseal_all). It takes as long
    /// as it takes, on a thread of its own: what requests wait for has the others.
    ///
    /// # Errors
    ///
    /// As [`TotpService::reseal_all`](crate::TotpService::reseal_all); [`Error::Interrupted`] if it panicked or no
    /// thread can be had.
    pub async fn reseal_all(&self, after: Option<&UserId>) -> Result<ResealReport, Error> {
        let (totp, after) = (self.clone(), after.cloned());
        let (answer, answered) = oneshot::channel();
        thread::Builder::new()
            .name("actix-totp-reseal".into())
            .spawn(move || answer.send(totp.service().reseal_all(after.as_ref())))
            .map_err(|_| Error::Interrupted)?;
        answered.await.unwrap_or(Err(Error::Interrupted))
    }
}
