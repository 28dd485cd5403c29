//! An operation: what a user, or an operator for them, asks for. It is made first, and then applied, alone or in a batch.

mod constructors;

use tracing::Span;

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName},
    device::{Device, UserId},
    error::Error,
    event::{Event, EventContext},
    outcome::Outcome,
    proof::Proof,
    service::{Inner, TotpService},
    store::Swap,
    sync::Arc,
    transition::{Accepted, Context, Next, Stop, Transition},
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
    name: Option<AuthenticatorName>,
    replacing: Option<AuthenticatorId>,
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

impl<T> Operation<T> {
    fn new(
        user: &UserId,
        transition: impl Fn(Option<Device>, &Context<'_>) -> Transition<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            user: user.clone(),
            proof: None,
            issuer: None,
            name: None,
            replacing: None,
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

    /// Says which proof the asking session holds, if it holds one that is not too old. Such a session may rename an
    /// authenticator, and may renew backup codes and make new secrets also while the wrong codes of others make everybody wait.
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
            name: self.name.as_ref(),
            replacing: self.replacing,
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
