//! An operation: what a user, or an operator for them, asks for. It is made first, and then applied, alone or in a batch.

use tracing::Span;

use crate::{
    config,
    credential::Credential,
    device::{Device, UserId},
    error::{BuildError, Error},
    event::{Event, EventContext},
    grace::Grace,
    outcome::{Authenticated, Confirmed, Disabled, Enrollment, Outcome, Renewed},
    proof::Proof,
    service::{Inner, TotpService},
    store::Swap,
    sync::Arc,
    ticket::PendingSignIn,
    token::TypedToken,
    transition::{self, Accepted, Context, Next, Stop, Transition},
};

type Apply<T> = dyn Fn(Option<Device>, &Context<'_>) -> Transition<T> + Send + Sync;

/// What a user asks for, with its input. [`TotpService::apply`] does it; a front end that has many at once gives them to
/// [`TotpService::apply_batch`].
///
/// It remembers the `tracing` span that it was made in: its log lines stand in that span, whichever thread applies it.
///
/// # Example
///
/// ```
/// use actix_totp_core::{Error, Operation, Outcome, Proof, TotpService, UserId};
///
/// /// New backup codes for a session that holds a proof, also while the wrong codes of others make everybody wait.
/// fn renew(totp: &TotpService, proof: Proof, code: &str) -> Result<usize, Error> {
///     let renewal = Operation::renew_backup_codes(&proof.user, code).with_proof(Some(proof.clone()));
///     Ok(match totp.apply(&renewal)? {
///         Outcome::Accepted(renewed) => renewed.backup_codes.len(),
///         Outcome::Rejected(_) => 0,
///     })
/// }
/// ```
#[must_use = "nothing is done before it is applied"]
pub struct Operation<T> {
    user: UserId,
    proof: Option<Proof>,
    issuer: Option<String>,
    event_context: Option<Arc<EventContext>>,
    span: Span,
    is_by_operator: bool,
    transition: Box<Apply<T>>,
}

/// One try: what is to be written (`None`: nothing), and what follows when it is.
pub(crate) struct Attempt<T> {
    pub(crate) swap: Option<Swap>,
    pub(crate) outcome: Outcome<T>,
    pub(crate) events: Vec<Event>,
}

impl Operation<Enrollment> {
    /// Makes a new secret; see [`TotpService::enroll`].
    pub fn enroll(user: &UserId, label: &str, token: Option<impl Into<TypedToken>>) -> Self {
        let (of, label, token) = (user.clone(), label.to_owned(), token.map(Into::into));
        Self::new(user, move |device, context| {
            transition::enroll(device, &of, &label, token.as_ref(), context)
        })
    }

    /// Names another issuer than the service's, for an application with several tenants: 1 to 64 bytes, not blank, no `:`.
    ///
    /// Default: [`TotpService::issuer`].
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
    /// Confirms the pending secret; see [`TotpService::confirm`].
    pub fn confirm(user: &UserId, token: impl Into<TypedToken>) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::confirm(device, &token, context)
        })
    }
}

impl Operation<Authenticated> {
    /// Accepts a token, once; see [`TotpService::authenticate`].
    pub fn authenticate(user: &UserId, token: impl Into<TypedToken>) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::authenticate(device, &token, context)
        })
    }

    /// Accepts a token for a ticket, once; see [`TotpService::complete_sign_in`].
    pub fn complete_sign_in(pending: &PendingSignIn, token: impl Into<TypedToken>) -> Self {
        let (token, of) = (token.into(), pending.clone());
        Self::new(pending.user(), move |device, context| {
            transition::complete_sign_in(device, &of, &token, context)
        })
    }
}

impl Operation<Renewed> {
    /// Makes new backup codes; see [`TotpService::renew_backup_codes`].
    pub fn renew_backup_codes(user: &UserId, token: impl Into<TypedToken>) -> Self {
        let token = token.into();
        Self::new(user, move |device, context| {
            transition::renew_backup_codes(device, &token, context)
        })
    }
}

impl Operation<Disabled> {
    /// Turns the second factor off; see [`TotpService::disable`].
    pub fn disable(user: &UserId, token: Option<impl Into<TypedToken>>) -> Self {
        let token = token.map(Into::into);
        Self::new(user, move |device, context| {
            transition::disable(device, token.as_ref(), context)
        })
    }
}

impl Operation<Proof> {
    /// Ends every proof but this one; see [`TotpService::end_other_proofs`].
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
    /// Clears the failure counts; see [`TotpService::unlock`].
    pub fn unlock(user: &UserId) -> Self {
        Self::new(user, transition::unlock).by_operator()
    }

    /// Deletes the device, but its deadline; see [`TotpService::reset`].
    pub fn reset(user: &UserId) -> Self {
        Self::new(user, transition::reset).by_operator()
    }

    /// Deletes all that is kept about the user; see [`TotpService::delete`].
    pub fn delete(user: &UserId) -> Self {
        Self::new(user, |device, _| transition::delete(device)).by_operator()
    }

    /// Ends every proof; see [`TotpService::end_all_proofs`].
    pub fn end_all_proofs(user: &UserId) -> Self {
        Self::new(user, transition::end_all_proofs).by_operator()
    }

    /// Takes over a secret from elsewhere; see [`TotpService::import`].
    pub fn import(user: &UserId, credential: &Credential, confirmed_at: u64) -> Self {
        let (of, credential) = (user.clone(), credential.clone());
        Self::new(user, move |device, context| {
            transition::import(device, &of, &credential, confirmed_at, context)
        })
        .by_operator()
    }

    pub(crate) fn reseal(user: &UserId) -> Self {
        Self::new(user, transition::reseal).by_operator()
    }
}

impl<T> Operation<T> {
    fn new(
        user: &UserId,
        transition: impl Fn(Option<Device>, &Context<'_>) -> Transition<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            user: user.clone(),
            proof: None,
            issuer: None,
            event_context: None,
            span: Span::current(),
            is_by_operator: false,
            transition: Box::new(transition),
        }
    }

    const fn by_operator(mut self) -> Self {
        self.is_by_operator = true;
        self
    }

    pub(crate) const fn is_by_operator(&self) -> bool {
        self.is_by_operator
    }

    /// Says which proof the asking session holds, if it holds one that is not too old. Such a session may renew backup codes and
    /// replace the authenticator also while the wrong codes of others make everybody wait.
    ///
    /// Default: none.
    pub fn with_proof(mut self, proof: Option<Proof>) -> Self {
        self.proof = proof;
        self
    }

    /// Says which request its events are about.
    ///
    /// Default: that of the service it is given to.
    pub fn with_context(mut self, context: Option<Arc<EventContext>>) -> Self {
        self.event_context = context;
        self
    }

    /// Whose second factor it is about.
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// Tries it on the user's device, as it was loaded. Nothing is written yet.
    pub(crate) fn attempt(
        &self,
        service: &TotpService,
        device: Option<Device>,
    ) -> Result<Attempt<T>, Error> {
        let Inner {
            keys,
            config,
            random,
            ..
        } = &*service.inner;
        let context = Context {
            now: service.now()?,
            config,
            keys,
            random: &**random,
            proof: self.proof.as_ref(),
            issuer: self.issuer.as_deref().unwrap_or(&config.issuer),
        };
        let expected = device.as_ref().map(|device| device.version);
        let (next, outcome, events) = match (self.transition)(device, &context) {
            Ok(Accepted {
                next,
                answer,
                events,
            }) => (Some(next), Outcome::Accepted(answer), events),
            Err(Stop::Refused {
                next,
                rejection,
                events,
            }) => (next, Outcome::Rejected(rejection), events),
            Err(Stop::Fault(error)) => return Err(error),
        };
        let next = match next {
            None | Some(Next::Keep) => None,
            Some(Next::Delete) => Some(None),
            Some(Next::Reseal(opened)) => Some(Some(opened.close(keys, context.random)?)),
            Some(Next::Put(mut opened)) => {
                opened.device.updated_at = context.now;
                Some(Some(opened.close(keys, context.random)?))
            }
        };
        let swap = next.map(|next| Swap {
            user: self.user.clone(),
            expected,
            next,
        });
        Ok(Attempt {
            swap,
            outcome,
            events,
        })
    }

    /// What its events say of the request.
    pub(crate) fn event_context<'a>(
        &'a self,
        service: &'a TotpService,
    ) -> Option<&'a Arc<EventContext>> {
        let own = self.event_context.as_ref();
        own.or(service.event_context.as_ref())
    }

    /// Hands on the events of a try that is written.
    pub(crate) fn notify(&self, service: &TotpService, events: Vec<Event>) {
        for event in events {
            let context = self.event_context(service);
            service.inner.notifier.notify(event, context);
        }
    }

    /// Reports a box that does not open.
    pub(crate) fn notify_fault(&self, service: &TotpService, error: &Error) {
        if let Error::Seal { user, .. } = error {
            self.notify(service, vec![Event::SealBroken { user: user.clone() }]);
        }
    }
}

impl<T> std::fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
