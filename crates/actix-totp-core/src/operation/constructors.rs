//! Every operation by its name.

use super::Operation;
use crate::{
    authenticator::{Authenticator, AuthenticatorId, AuthenticatorName},
    config,
    credential::Credential,
    device::UserId,
    error::BuildError,
    grace::Grace,
    outcome::{Authenticated, Confirmed, Disabled, Enrollment, Removed, Renewed},
    proof::Proof,
    ticket::PendingSignIn,
    token::TypedToken,
    transition,
};

impl Operation<Enrollment> {
    /// Makes a new secret; see [`TotpService::enroll`](crate::TotpService::enroll).
    pub fn enroll(user: &UserId, label: &str, token: Option<impl Into<TypedToken>>) -> Self {
        let (of, label, token) = (user.clone(), label.to_owned(), token.map(Into::into));
        Self::new(user, move |device, context| {
            transition::enroll(device, &of, &label, token.as_ref(), context)
        })
    }

    /// Names the authenticator that is to be. While one is live it is then a further one beside it, unless
    /// [`replacing`](Self::replacing) says otherwise.
    ///
    /// Default: none. Of the only one it is then a replacement, which keeps the name; else it is called `Authenticator`.
    pub fn named(mut self, name: AuthenticatorName) -> Self {
        self.name = Some(name);
        self
    }

    /// Says that it is to take the place of this live one, and of no other: when it is confirmed, the proofs by that one end. Backup
    /// codes stay. Without a name of its own it is called as that one was. If that one is gone by then it is a further one.
    ///
    /// Default: none.
    pub fn replacing(mut self, authenticator: AuthenticatorId) -> Self {
        self.replacing = Some(authenticator);
        self
    }

    /// Names another issuer than the service's, for an application with several tenants: 1 to 64 bytes, not blank, no `:`.
    ///
    /// Default: [`TotpService::issuer`](crate::TotpService::issuer).
    ///
    /// # Errors
    ///
    /// [`BuildError::Issuer`].
    pub fn with_issuer(mut self, issuer: &str) -> Result<Self, BuildError> {
        config::check_issuer(issuer)?;
        self.issuer = Some(issuer.to_owned());
        Ok(self)
    }
}

impl Operation<Confirmed> {
    /// Confirms the pending secret; see [`TotpService::confirm`](crate::TotpService::confirm).
    pub fn confirm(user: &UserId, token: impl Into<TypedToken>) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::confirm(device, &token, context)
        })
    }
}

impl Operation<Authenticated> {
    /// Accepts a token, once; see [`TotpService::authenticate`](crate::TotpService::authenticate).
    pub fn authenticate(user: &UserId, token: impl Into<TypedToken>) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::authenticate(device, &token, context)
        })
    }

    /// Accepts a token for a ticket, once; see [`TotpService::complete_sign_in`](crate::TotpService::complete_sign_in).
    pub fn complete_sign_in(pending: &PendingSignIn, token: impl Into<TypedToken>) -> Self {
        let (token, of) = (token.into(), pending.clone());
        Self::new(pending.user(), move |device, context| {
            transition::complete_sign_in(device, &of, &token, context)
        })
    }
}

impl Operation<Renewed> {
    /// Makes new backup codes; see [`TotpService::renew_backup_codes`](crate::TotpService::renew_backup_codes).
    pub fn renew_backup_codes(user: &UserId, token: impl Into<TypedToken>) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::renew_backup_codes(device, &token, context)
        })
    }
}

impl Operation<Disabled> {
    /// Turns the second factor off; see [`TotpService::disable`](crate::TotpService::disable).
    pub fn disable(user: &UserId, token: Option<impl Into<TypedToken>>) -> Self {
        let token = token.map(Into::into);
        Self::new(user, move |device, context| {
            transition::disable(device, token.as_ref(), context)
        })
    }
}

impl Operation<Proof> {
    /// Ends every proof but this one; see [`TotpService::end_other_proofs`](crate::TotpService::end_other_proofs).
    pub fn end_other_proofs(proof: &Proof) -> Self {
        let asking = proof.clone();
        Self::new(&proof.user, move |device, context| {
            transition::end_other_proofs(device, &asking, context)
        })
    }
}

impl Operation<u64> {
    /// Gives a user who has no second factor the deadline that `grace` allows, once, and notes a reminder that is due, with its
    /// event. It answers by when the user must have set it up, in seconds since the Unix epoch, and writes only where
    /// [`Grace::is_to_be_noted`] says so. Rejection: `AlreadyConfirmed`, there is a second factor.
    pub fn note_setup_deadline(user: &UserId, grace: Grace) -> Self {
        let of = user.clone();
        Self::new(user, move |device, context| {
            transition::note_setup_deadline(device, &of, grace, context)
        })
    }
}

impl Operation<()> {
    /// Clears the failure counts; see [`TotpService::unlock`](crate::TotpService::unlock).
    pub fn unlock(user: &UserId) -> Self {
        Self::new(user, transition::unlock).by_operator()
    }

    /// Deletes the device, but its deadline; see [`TotpService::reset`](crate::TotpService::reset).
    pub fn reset(user: &UserId) -> Self {
        Self::new(user, transition::reset).by_operator()
    }

    /// Deletes all that is kept about the user; see [`TotpService::delete`](crate::TotpService::delete).
    pub fn delete(user: &UserId) -> Self {
        Self::new(user, |device, _| transition::delete(device)).by_operator()
    }

    /// Ends every proof; see [`TotpService::end_all_proofs`](crate::TotpService::end_all_proofs).
    pub fn end_all_proofs(user: &UserId) -> Self {
        Self::new(user, transition::end_all_proofs).by_operator()
    }

    /// Gives an authenticator another name; see [`TotpService::rename_authenticator`](crate::TotpService::rename_authenticator). It needs a proof that counts
    /// ([`with_proof`](Self::with_proof)).
    pub fn rename_authenticator(
        user: &UserId,
        id: AuthenticatorId,
        name: AuthenticatorName,
    ) -> Self {
        Self::new(user, move |device, context| {
            transition::rename_authenticator(device, id, &name, context)
        })
    }

    pub(crate) fn reseal(user: &UserId) -> Self {
        Self::new(user, transition::reseal).by_operator()
    }
}

impl Operation<AuthenticatorId> {
    /// Takes over a secret from elsewhere; see [`TotpService::import`](crate::TotpService::import).
    pub fn import(user: &UserId, credential: &Credential, confirmed_at: u64) -> Self {
        let (of, credential) = (user.clone(), credential.clone());
        Self::new(user, move |device, context| {
            transition::import(device, &of, &credential, confirmed_at, context)
        })
        .by_operator()
    }

    /// Names the authenticator.
    ///
    /// Default: `Authenticator`.
    pub fn named(mut self, name: AuthenticatorName) -> Self {
        self.name = Some(name);
        self
    }
}

impl Operation<Removed> {
    /// Removes an authenticator; see [`TotpService::remove_authenticator`](crate::TotpService::remove_authenticator).
    pub fn remove_authenticator(
        user: &UserId,
        id: AuthenticatorId,
        token: impl Into<TypedToken>,
    ) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::remove_authenticator(device, id, &token, context)
        })
    }
}

impl Operation<Vec<Authenticator>> {
    /// Lists the authenticators, and writes nothing; see [`TotpService::authenticators`](crate::TotpService::authenticators).
    pub fn authenticators(user: &UserId) -> Self {
        Self::new(user, transition::authenticators)
    }
}
