//! A sign-in in two steps: a ticket after the first factor, and the second factor for the ticket.

use crate::{
    device::UserId,
    error::Error,
    operation::Operation,
    outcome::{Authenticated, Outcome, Rejection},
    service::{Inner, TotpService},
    status::Status,
    ticket::{Mark, PendingSignIn, SignInTicket},
};

/// For applications that give no session or token before the second factor.
///
/// # Example
///
/// ```
/// use actix_totp_core::{Error, Outcome, TotpService, UserId};
///
/// enum Answer {
///     SignedIn(UserId),
///     AskForCode { ticket: String },
///     Refused,
/// }
///
/// /// After the password.
/// fn first_step(totp: &TotpService, user: UserId) -> Result<Answer, Error> {
///     Ok(match totp.begin_sign_in(&user)? {
///         None => Answer::SignedIn(user), // has no second factor
///         Some(ticket) => Answer::AskForCode { ticket: ticket.as_str().to_owned() },
///     })
/// }
///
/// /// With the ticket and a code: the ticket says who it is.
/// fn second_step(totp: &TotpService, ticket: &str, code: &str) -> Result<Answer, Error> {
///     Ok(match totp.complete_sign_in(ticket, code)? {
///         Outcome::Accepted(authenticated) => Answer::SignedIn(authenticated.proof.user),
///         Outcome::Rejected(_) => Answer::Refused,
///     })
/// }
/// ```
impl TotpService {
    /// Issues a ticket to a user who has just shown the first factor. `None`: the user has no second factor and may be signed in
    /// at once. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], [`Error::Randomness`] or [`Error::Clock`]: then nobody may be signed in.
    pub fn begin_sign_in(&self, user: &UserId) -> Result<Option<SignInTicket>, Error> {
        let now = self.now()?;
        self.issue_ticket(user, &self.status(user)?, now)
    }

    /// As [`begin_sign_in`](Self::begin_sign_in), for the status of the user as it was read at `now`, in seconds since the Unix
    /// epoch: for a front end that reads many at once ([`status_batch`](Self::status_batch)).
    ///
    /// # Errors
    ///
    /// [`Error::Randomness`].
    pub fn issue_ticket(
        &self,
        user: &UserId,
        status: &Status,
        now: u64,
    ) -> Result<Option<SignInTicket>, Error> {
        let Inner {
            keys,
            config,
            random,
            ..
        } = &*self.inner;
        let Some(epoch) = status.epoch else {
            return Ok(None);
        };
        let pending = PendingSignIn {
            user: user.clone(),
            at: now,
            mark: Mark::new(epoch, &status.authenticators, status.backup_codes_remaining),
        };
        let ticket = keys.seal_ticket(config.name.as_deref(), &pending, &**random)?;
        Ok(Some(ticket))
    }

    /// What is in a ticket, if it was issued here under any key of the ring and is not too old. The store is not asked: whether
    /// it still counts is found out when the token is accepted ([`Operation::complete_sign_in`]).
    ///
    /// # Errors
    ///
    /// [`Error::Clock`]. Rejections: `InvalidTicket`.
    pub fn open_ticket(&self, ticket: &str) -> Result<Outcome<PendingSignIn>, Error> {
        let (now, config) = (self.now()?, &self.inner.config);
        let opened = self.inner.keys.open_ticket(config.name.as_deref(), ticket);
        let timely = opened.filter(|it| it.is_timely(now, config.sign_in_lifetime_secs));
        Ok(timely.map_or(
            Outcome::Rejected(Rejection::InvalidTicket),
            Outcome::Accepted,
        ))
    }

    /// Accepts a token for a ticket, once: whoever brings both is [`proof.user`](crate::Proof::user) of the answer. A wrong token
    /// counts on the user as ever, and the ticket stays good.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. Rejections: `InvalidTicket`, for which nothing was compared or counted, and those of
    /// [`authenticate`](Self::authenticate).
    pub fn complete_sign_in(
        &self,
        ticket: &str,
        token: &str,
    ) -> Result<Outcome<Authenticated>, Error> {
        match self.open_ticket(ticket)? {
            Outcome::Accepted(pending) => self.apply(&Operation::complete_sign_in(&pending, token)),
            Outcome::Rejected(rejection) => Ok(Outcome::Rejected(rejection)),
        }
    }
}
