//! A code that comes with the request itself: `TOTP-Code`, for scripts and for actions that want a code each time.
//!
//! 1. It is taken from clients that keep their proofs themselves, and by a guard that asks for a code each time. Elsewhere it is
//!    not looked at.
//! 2. It is spent by the first guard that meets it, once, and counts for all guards of that plugin around the handler.
//! 3. It is not spent for a caller who is refused for another reason (not signed in, from another site), or of whom nothing is
//!    asked.

use actix_totp_core::{Operation, Outcome, Proof, Rejection, UserId};
use actix_web::{Error, HttpMessage, HttpRequest};

use super::{Admitted, RequireTotp};
use crate::{
    cross_site::single,
    problem::Problem,
    proof_in::Place,
    sealed_proof::SealedProof,
    verified::{Passed, Seen, Verified},
};

/// What a code was spent for.
struct Taken {
    proof: Proof,
    /// For a client that keeps it itself.
    sealed: Option<SealedProof>,
}

/// What a request shows of the second factor.
pub(super) struct Shown {
    pub(super) proof: Option<Proof>,
    /// Whether a code was spent for it with this request.
    pub(super) by_code: bool,
}

impl RequireTotp {
    /// The check-list, with a code that the request may bring.
    pub(super) async fn admit(&self, req: &HttpRequest) -> Result<Admitted, Error> {
        let Some((user, demand)) = self.asked(req).await? else {
            return Ok(Seen::NotAsked.into());
        };
        match self.take_code(req, &user).await? {
            Some(taken) => Ok(Admitted {
                sealed: taken.sealed,
                ..Seen::Verified(Verified::of(&taken.proof)).into()
            }),
            None => Ok(self.weigh(req, user, demand).await?),
        }
    }

    /// Spends the request's code, if it brings one and it was not spent yet.
    ///
    /// # Errors
    ///
    /// What `validate/` would answer; or the application's, which is told of a good token.
    async fn take_code(&self, req: &HttpRequest, user: &UserId) -> Result<Option<Taken>, Error> {
        let totp = &self.totp;
        let is_meant = self.each_time || totp.place(req) != Place::Session;
        let header = &totp.plugin.places.code_header;
        if !is_meant || !req.headers().contains_key(header) || self.taken(req, user).is_some() {
            return Ok(None);
        }
        totp.require_same_site(req)?;
        let keeper = totp.keeper(req)?; // before a code is spent for nothing
        let code = single(req.headers(), header).flatten();
        let code = code.ok_or_else(|| Problem::from(Rejection::MalformedToken))?;
        let operation = Operation::authenticate(user, code);
        let outcome = totp.for_request(req).apply(operation).await;
        match outcome.map_err(Problem::from)? {
            Outcome::Accepted(authenticated) => Ok(Some(Taken {
                sealed: keeper.give(&authenticated.proof).await?,
                proof: authenticated.proof,
            })),
            // The guard knows what to say.
            Outcome::Rejected(Rejection::NoDevice | Rejection::NotEnabled) => Ok(None),
            Outcome::Rejected(rejection) => Err(Problem::from(rejection).into()),
        }
    }

    /// What the request shows: the proof of its code, if a guard further outside has spent that, or else the proof that it brings.
    pub(super) async fn shown(&self, req: &HttpRequest, user: &UserId) -> Shown {
        let taken = self.taken(req, user);
        let by_code = taken.is_some();
        let proof = match taken {
            Some(proof) => Some(proof),
            None => self.totp.proof_of(req, user).await,
        };
        Shown { proof, by_code }
    }

    /// The proof that a guard further outside has spent this request's code for.
    fn taken(&self, req: &HttpRequest, user: &UserId) -> Option<Proof> {
        let extensions = req.extensions();
        let verified = extensions.get::<Passed>()?.by_code(&self.totp)?;
        verified.proof.clone().filter(|_| verified.user == *user)
    }
}
