//! Who keeps the proof of a request: the one place where a proof is read, and where a new one is given out.

use actix_session::{Session, SessionExt};
use actix_totp_core::{Proof, UserId};
use actix_web::{Error, HttpRequest};

use crate::{
    cross_site, plugin::Totp, problem::Problem, proof_in::Place, sealed_proof::SealedProof,
    session, trust::Trust, verified::Verified,
};

/// Who keeps the proof that a request earns. To be had before a code is spent.
pub(crate) struct Keeper<'a> {
    totp: &'a Totp,
    req: &'a HttpRequest,
    /// `None`: the client does.
    session: Option<Session>,
}

impl Totp {
    /// Refuses what a page of another site may have made a browser send.
    ///
    /// # Errors
    ///
    /// `cross_site`.
    pub(crate) fn require_same_site(&self, req: &HttpRequest) -> Result<(), Problem> {
        let plugin = &*self.plugin;
        let passes = plugin.places.is_unforgeable(req.headers())
            || cross_site::passes(req, &plugin.trusted_origins);
        if passes {
            Ok(())
        } else {
            Err(Problem::cross_site())
        }
    }

    /// Where the request's proof is.
    pub(crate) fn place(&self, req: &HttpRequest) -> Place {
        self.plugin.places.of(req)
    }

    /// The proof that the request brings, if it is this user's. Whether it counts is for a guard to decide.
    pub(crate) async fn proof_of(&self, req: &HttpRequest, user: &UserId) -> Option<Proof> {
        match self.place(req) {
            Place::Session => self.plugin.session_proof.read(req, user),
            Place::Header | Place::Claim => {
                self.open_proof(user, &self.plugin.places.sent(req).await?)
            }
        }
    }

    /// Who will keep the request's next proof.
    ///
    /// # Errors
    ///
    /// `no_session`: it is to be in a session, and none is kept.
    pub(crate) fn keeper<'a>(&'a self, req: &'a HttpRequest) -> Result<Keeper<'a>, Problem> {
        let session = match self.place(req) {
            Place::Session => Some(session::require(req)?),
            Place::Header | Place::Claim => None,
        };
        Ok(Keeper {
            totp: self,
            req,
            session,
        })
    }

    /// Takes the proof away from the request's session after a good token. What a client keeps has ended with its epoch.
    pub(crate) fn remove_proof(&self, req: &HttpRequest) {
        if self.place(req) == Place::Session {
            self.plugin.session_proof.remove(&req.get_session());
        }
    }

    /// The settings of trusted browsers, if the request may be of one: a browser's proof is in its session.
    pub(crate) fn trust(&self, req: &HttpRequest) -> Option<&Trust> {
        (self.place(req) == Place::Session).then_some(&self.plugin.trust)
    }
}

impl Keeper<'_> {
    /// Gives out the proof of a good token, after the application has been told: into the session under a new id, or as members of
    /// the answer.
    ///
    /// # Errors
    ///
    /// The application's; or the session takes nothing, or the proof cannot be sealed. The token is spent then.
    pub(crate) async fn give(&self, proof: &Proof) -> Result<Option<SealedProof>, Error> {
        let plugin = &*self.totp.plugin;
        let verified = || Verified {
            user: proof.user.clone(),
            at: proof.at,
            proof: Some(proof.clone()),
            by_code: true,
        };
        plugin.on_verified.call(self.req, verified).await?;
        match &self.session {
            Some(session) => plugin.session_proof.write(session, proof)?,
            None => return Ok(Some(self.sealed(proof)?)),
        }
        Ok(None)
    }

    /// Gives out the successor of the proof that the request has brought: the session keeps its id.
    ///
    /// # Errors
    ///
    /// The session takes nothing, or the proof cannot be sealed.
    pub(crate) fn replace(&self, proof: &Proof) -> Result<Option<SealedProof>, Problem> {
        match &self.session {
            Some(session) => self.totp.plugin.session_proof.replace(session, proof)?,
            None => return Ok(Some(self.sealed(proof)?)),
        }
        Ok(None)
    }

    fn sealed(&self, proof: &Proof) -> Result<SealedProof, Problem> {
        Ok(self.totp.seal_proof(proof)?)
    }
}
