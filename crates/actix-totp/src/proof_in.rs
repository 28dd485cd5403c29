//! Where proofs are: in the session, or with the client, in a header or in a claim of its token.
//!
//! 1. A request has one place. What it brings is read there and nowhere else: where a header or a claim does not open, no session
//!    is looked into. What it is given goes there, too.
//! 2. With [`ProofIn::Either`] a program is told from a browser by what other sites cannot make browsers send.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_session::SessionExt;
use actix_totp_core::BuildError;
use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{COOKIE, HeaderMap, HeaderName, ORIGIN},
};

use crate::{
    accept::{navigates, wants_page},
    body::is_json,
    cross_site::{has_token, single},
    session,
};

/// Where proofs are kept between a good token and the requests that need it. Set by [`TotpBuilder::proof_in`](crate::TotpBuilder::proof_in).
///
/// Wherever it is, a proof is good for one user and one epoch, and guards ask the store as ever: a disable ends it at the next
/// request.
///
/// Whoever keeps a proof themselves is given it as text, sealed under the key ring: every answer to a good token has the
/// members `proof` and `proof_expires_at` (seconds since the Unix epoch), and so has that of `forget-browsers/`. No session middleware is
/// asked for, no session is touched and no cookie is set.
///
/// # Example
///
/// ```
/// use actix_totp::{CurrentUser, KeyRing, MemoryStore, ProofIn, SignedIn, Totp, UserId};
/// use actix_web::{HttpRequest, http::header};
///
/// # fn user_of(_token: &str) -> Option<UserId> { None }
/// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
/// // Clients send `Authorization: Bearer …` and `TOTP-Proof: …`.
/// let totp = Totp::builder(MemoryStore::new(), keys)
///     .current_user(CurrentUser::from_fn(async |req: &HttpRequest| {
///         let token = req.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
///         let token = token.and_then(|it| it.strip_prefix("Bearer "));
///         Ok(token.and_then(user_of).map(SignedIn::new))
///     }))
///     .proof_in(ProofIn::Header)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum ProofIn {
    /// In the session of actix-session: for browsers.
    #[default]
    Session,
    /// With the client, which sends it as `TOTP-Proof`, once and as it was given: for clients without cookies. A plugin with a
    /// [`name`](crate::TotpBuilder::name) reads `TOTP-Proof-` and the name.
    Header,
    /// As [`Header`](Self::Header) for a program, and as [`Session`](Self::Session) for a browser. A program is whoever sends
    /// `TOTP-Proof`, also an empty one, as at `sign-in/` while it has nothing else to send; or an `Authorization` with a `Bearer`,
    /// `DPoP` or `Token`, while its session holds nothing and no browser says that it navigates; or whoever has no session
    /// middleware around it and asks for no page (a browser is told then: 503 `no_session`). It is decided once for a request.
    /// `TOTP-Proof` is never helped out by a session.
    Either,
    /// In a claim of the application's own token; see [`from_fn`](Self::from_fn).
    Claim(Claim),
}

impl ProofIn {
    /// In a claim of the application's own token, where this function finds it: it checks the token's signature and answers with
    /// the claim. What does not open is no proof.
    ///
    /// The client hands the `proof` that it is given to the endpoint that mints tokens, which puts it into the claim if
    /// [`Totp::open_proof`](crate::Totp::open_proof) opens it for the token's user. A refresh copies the claim: the proof keeps its age.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::ProofIn;
    /// use actix_web::HttpRequest;
    ///
    /// # struct Claims { totp: Option<String> }
    /// # fn claims(_req: &HttpRequest) -> Option<Claims> { None } // checked
    /// let proof_in = ProofIn::from_fn(async |req: &HttpRequest| claims(req)?.totp);
    /// ```
    pub fn from_fn<F>(read: F) -> Self
    where
        F: AsyncFn(&HttpRequest) -> Option<String> + Send + Sync + 'static,
    {
        let read = Arc::new(read);
        Self::Claim(Claim(Arc::new(move |req| {
            let read = Arc::clone(&read);
            Box::pin(async move { read(req).await })
        })))
    }
}

type ReadClaim = dyn for<'a> Fn(&'a HttpRequest) -> Pin<Box<dyn Future<Output = Option<String>> + 'a>>
    + Send
    + Sync;

/// The application's function that finds a proof in its token; made by [`ProofIn::from_fn`].
#[derive(Clone)]
pub struct Claim(Arc<ReadClaim>);

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim(..)")
    }
}

/// Where the proof of one request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Session,
    Header,
    Claim,
}

/// Where the proof of a request is, for each plugin that has asked. Kept with the request.
#[derive(Default)]
struct Decided(Vec<(HeaderName, Place)>);

/// Where a plugin looks for proofs.
#[derive(Debug)]
pub(crate) struct Places {
    proof_in: ProofIn,
    pub(crate) proof_header: HeaderName,
    pub(crate) code_header: HeaderName,
    /// What proofs are sealed for.
    pub(crate) purpose: String,
}

impl Places {
    /// `name`: that of a plugin beside the application's first.
    pub(crate) fn new(proof_in: ProofIn, name: Option<&str>) -> Result<Self, BuildError> {
        let suffix = name.map(|name| format!("-{name}")).unwrap_or_default();
        let header = |header: &str| {
            HeaderName::try_from(format!("{header}{suffix}"))
                .map_err(|_| BuildError::Web("a plugin's name is part of a header"))
        };
        Ok(Self {
            proof_in,
            proof_header: header("totp-proof")?,
            code_header: header("totp-code")?,
            purpose: format!("actix-totp proof{suffix}"),
        })
    }

    /// To be asked after [`session::probe`]. What was said once of a request stands: an application that writes into the session
    /// meanwhile changes nothing.
    pub(crate) fn of(&self, req: &HttpRequest) -> Place {
        match self.proof_in {
            ProofIn::Session => Place::Session,
            ProofIn::Header => Place::Header,
            ProofIn::Claim(_) => Place::Claim,
            ProofIn::Either => self.of_either(req),
        }
    }

    fn of_either(&self, req: &HttpRequest) -> Place {
        let mut decided = req.extensions_mut().remove::<Decided>().unwrap_or_default();
        let known = decided
            .0
            .iter()
            .find(|(header, _)| *header == self.proof_header);
        let place = match known {
            Some((_, place)) => *place,
            None if self.is_program(req) => Place::Header,
            None => Place::Session,
        };
        if known.is_none() {
            decided.0.push((self.proof_header.clone(), place));
        }
        req.extensions_mut().insert(decided);
        place
    }

    fn is_program(&self, req: &HttpRequest) -> bool {
        self.has_program_header(req.headers())
            && (req.headers().contains_key(&self.proof_header)
                || req.get_session().entries().is_empty())
            || session::is_missing(req) && !wants_page(req.headers(), req.get_header().as_ref())
    }

    /// The text that the client has sent, if it keeps its proof itself.
    pub(crate) async fn sent(&self, req: &HttpRequest) -> Option<String> {
        match &self.proof_in {
            ProofIn::Claim(claim) => (claim.0)(req).await,
            _ => single(req.headers(), &self.proof_header)?.map(str::to_owned),
        }
    }

    /// Whether no page of another site can have made a browser send this. It carries no cookie, and what a page cannot send across
    /// sites without being allowed to (Fetch §4.8, CORS-preflight): one of our headers, or JSON beside a token. A token alone
    /// is enough for a program that says nothing of where it comes from, as browsers do with every POST: a proxy may have
    /// added a token to what a browser sent.
    pub(crate) fn is_unforgeable(&self, headers: &HeaderMap) -> bool {
        let keeps_proofs = !matches!(self.proof_in, ProofIn::Session);
        let has_own_header =
            headers.contains_key(&self.proof_header) || headers.contains_key(&self.code_header);
        let is_browsers = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
        let is_by_token = has_token(headers) && (is_json(headers) || !is_browsers);
        keeps_proofs && !headers.contains_key(COOKIE) && (has_own_header || is_by_token)
    }

    /// Whether a header says that a program has sent this, where proofs are kept by programs. A browser that navigates is
    /// none, whatever a proxy adds.
    pub(crate) fn has_program_header(&self, headers: &HeaderMap) -> bool {
        let has_token = || has_token(headers) && navigates(headers) != Some(true);
        !matches!(self.proof_in, ProofIn::Session)
            && (headers.contains_key(&self.proof_header) || has_token())
    }
}
