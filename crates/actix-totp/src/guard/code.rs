//! A code that comes with the request itself: `TOTP-Code`, for scripts and for actions that want a code each time.
//!
//! 1. It is taken from clients that keep their proofs themselves, and by a guard that asks for a code each time. Elsewhere it is
//!    not looked at.
//! 2. It is spent by the first guard that meets it, once, and counts for all guards of that plugin around the handler.
//! 3. It is not spent for a caller who is refused for another reason: who is not signed in, or comes from another site.

use actix_totp_core::{Operation, Outcome, Proof, Rejection, UserId};
use actix_web::{
    Error, HttpMessage, HttpRequest,
    http::header::{CACHE_CONTROL, HeaderMap, HeaderValue},
};

use super::RequireTotp;
use crate::{
    cross_site::single,
    problem::Problem,
    proof_in::Place,
    sealed_proof::SealedProof,
    verified::{Passed, Verified},
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
    /// The check-list, with a code that the request may bring. With the proof of a code that was spent, where the client keeps it.
    pub(super) async fn admit(
        &self,
        req: &HttpRequest,
    ) -> Result<(Option<Verified>, Option<SealedProof>), Error> {
        let user = self.user(req).await?;
        let Some(taken) = self.take_code(req, &user).await? else {
            return Ok((self.weigh(req, user).await?, None));
        };
        let verified = Verified {
            user,
            at: taken.proof.at,
            proof: Some(taken.proof),
            by_code: true,
        };
        Ok((Some(verified), taken.sealed))
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

    /// Puts the proof of a code into the answer to its request, which nobody may store.
    pub(super) fn hand_out(&self, proof: &SealedProof, headers: &mut HeaderMap) {
        let Ok(mut text) = HeaderValue::try_from(proof.text()) else {
            return; // it is letters, digits, `-` and `_`
        };
        text.set_sensitive(true);
        headers.insert(self.totp.plugin.places.proof_header.clone(), text);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
        let verified = extensions
            .get::<Passed>()?
            .of(Some(&self.totp))?
            .1
            .as_ref()?;
        let is_meant = |it: &&Verified| it.by_code && it.user == *user;
        Some(verified).filter(is_meant)?.proof.clone()
    }
}
