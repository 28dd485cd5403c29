//! Who keeps the proof of a request: the one place where a proof is read, and where a new one is given out.

use actix_session::{SessionExt, SessionStatus};
use actix_totp_core::{Proof, UserId};
use actix_web::{
    Error, HttpRequest,
    cookie::Cookie,
    http::header::{CACHE_CONTROL, HeaderMap, HeaderValue},
};

use crate::{
    cross_site, plugin::Totp, problem::Problem, proof_in::Place, sealed_proof::SealedProof,
    session, trust::Trust, verified::Verified,
};

/// Who keeps the proof that a request earns. To be had before a code is spent.
pub(crate) struct Keeper<'a> {
    totp: &'a Totp,
    req: &'a HttpRequest,
    /// Else the client does.
    is_session: bool,
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
        let is_session = self.place(req) == Place::Session;
        if is_session {
            session::require(req)?;
        }
        Ok(Keeper {
            totp: self,
            req,
            is_session,
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

    /// Puts a proof into the header of an answer that is not the plugin's own. Nobody may store it then.
    pub(crate) fn hand_out(&self, proof: &SealedProof, headers: &mut HeaderMap) {
        let Ok(mut text) = HeaderValue::try_from(proof.text()) else {
            return; // it is letters, digits, `-` and `_`
        };
        text.set_sensitive(true);
        headers.insert(self.plugin.places.proof_header.clone(), text);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

impl Keeper<'_> {
    /// Gives out the proof of a good token, after the application has been told: into the session under a new id, or for the answer.
    ///
    /// # Errors
    ///
    /// The application's; or the session takes nothing, or the proof cannot be sealed. The token is spent then.
    pub(crate) async fn give(&self, proof: &Proof) -> Result<Option<SealedProof>, Error> {
        let plugin = &*self.totp.plugin;
        let told = plugin.on_verified.call(self.req, || Verified::of(proof));
        told.await?;
        if !self.is_session {
            return Ok(Some(self.sealed(proof)?));
        }
        let session = session::require(self.req)?; // the application may have ended it
        plugin.session_proof.write(&session, proof)?;
        Ok(None)
    }

    /// Gives out the successor of the proof that the request has brought: the session keeps its id.
    ///
    /// # Errors
    ///
    /// The session takes nothing, or the proof cannot be sealed.
    pub(crate) fn replace(&self, proof: &Proof) -> Result<Option<SealedProof>, Problem> {
        if !self.is_session {
            return Ok(Some(self.sealed(proof)?));
        }
        let session = session::require(self.req)?;
        self.totp.plugin.session_proof.replace(&session, proof)?;
        Ok(None)
    }

    /// The cookie that makes the browser of this session a trusted one, where there are such.
    pub(crate) fn trust_cookie(&self, proof: &Proof) -> Option<Cookie<'static>> {
        let trust = self.is_session.then_some(&self.totp.plugin.trust)?;
        trust.cookie_for(self.totp.service(), proof)
    }

    /// Ends the session that a function of the application has changed before the sign-in failed, whoever was to keep the proof.
    pub(crate) fn end_changed_session(&self) {
        let session = self.req.get_session();
        if session.status() != SessionStatus::Unchanged {
            session.purge();
        }
    }

    fn sealed(&self, proof: &Proof) -> Result<SealedProof, Problem> {
        Ok(self.totp.seal_proof(proof)?)
    }
}
