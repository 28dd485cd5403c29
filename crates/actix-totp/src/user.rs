//! Who is signed in: the application knows, in one of three ways.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_session::SessionExt;
use actix_totp_core::UserId;
use actix_web::HttpRequest;
use serde_json::Value;

use crate::{
    problem::Problem,
    proof_in::ProofIn,
    session::{self, SessionSeen},
};

type Found = Result<Option<SignedIn>, actix_web::Error>;
type FindUser =
    dyn for<'a> Fn(&'a HttpRequest) -> Pin<Box<dyn Future<Output = Found> + 'a>> + Send + Sync;

/// A user whom the application has signed in, with the first factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who: what never changes and is never given to somebody else.
    pub id: UserId,
    /// How the authenticator names the account, an e-mail address by custom. Blank: the id.
    pub label: String,
}

/// How to find out who is signed in.
///
/// Default: [`session_key("user_id")`](Self::session_key) with the label under `email`.
///
/// # Example
///
/// ```
/// use actix_totp::{CurrentUser, SignedIn, UserId};
/// use actix_web::HttpRequest;
///
/// // 1. The application keeps the id in the session under a key of its own.
/// let by_session = CurrentUser::session_key("uid").label_key("mail");
///
/// // 2. It uses actix-identity (feature `identity`).
/// # #[cfg(feature = "identity")]
/// let by_identity = CurrentUser::identity();
///
/// // 3. It knows another way.
/// let by_header = CurrentUser::from_fn(async |req: &HttpRequest| {
///     let Some(id) = req.headers().get("x-user").and_then(|id| id.to_str().ok()) else {
///         return Ok(None); // nobody is signed in: 401
///     };
///     let id = UserId::new(id).map_err(actix_web::error::ErrorBadRequest)?;
///     Ok(Some(SignedIn { id, label: String::new() }))
/// });
/// ```
#[derive(Clone)]
pub struct CurrentUser {
    source: Source,
    label_key: String,
    /// Whether nobody can pass where no session is kept.
    needs_session: bool,
}

#[derive(Clone)]
enum Source {
    SessionKey(String),
    #[cfg(feature = "identity")]
    Identity,
    Function(Arc<FindUser>),
}

impl Default for CurrentUser {
    fn default() -> Self {
        Self::session_key("user_id")
    }
}

impl CurrentUser {
    /// The session holds the user's id under `key`, as a JSON string or integer.
    pub fn session_key(key: impl Into<String>) -> Self {
        Self::new(Source::SessionKey(key.into()))
    }

    /// actix-identity knows. Its middleware must be wrapped inside the session middleware, as its own docs say.
    #[cfg(feature = "identity")]
    pub fn identity() -> Self {
        Self::new(Source::Identity)
    }

    /// A function of the application knows. It answers `Ok(None)` if nobody is signed in; an error is answered with 503,
    /// without its text. It must answer for the first factor alone, and not from anything that the caller can choose.
    /// It must not keep a clone of the request: actix-web panics if it routes one that is shared.
    pub fn from_fn<F>(find: F) -> Self
    where
        F: AsyncFn(&HttpRequest) -> Found + Send + Sync + 'static,
    {
        let find = Arc::new(find);
        Self::new(Source::Function(Arc::new(move |req| {
            let find = Arc::clone(&find);
            Box::pin(async move { find(req).await })
        })))
    }

    /// The session holds the label under `key`, a JSON string. Without one the label is the id. Not used by
    /// [`from_fn`](Self::from_fn).
    ///
    /// Default: `email`.
    pub fn label_key(mut self, key: impl Into<String>) -> Self {
        self.label_key = key.into();
        self
    }

    /// Where the application knows who is signed in by itself, and clients keep their proofs, no session is needed.
    pub(crate) fn of_users_in(mut self, proof_in: &ProofIn) -> Self {
        let is_known = matches!(self.source, Source::Function(_));
        self.needs_session = !is_known || matches!(proof_in, ProofIn::Session);
        self
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            label_key: "email".into(),
            needs_session: true,
        }
    }

    /// Who is signed in, or the problem that nobody is. What the session says of the label is left to
    /// [`label`](Self::label). Where a session was `seen` to say it here, its middleware is not looked for again.
    pub(crate) async fn require(
        &self,
        req: &HttpRequest,
        seen: Option<&SessionSeen>,
    ) -> Result<SignedIn, Problem> {
        // A function need not look at the session.
        let seen = seen.filter(|_| !matches!(self.source, Source::Function(_)));
        if !seen.is_some_and(SessionSeen::is_seen) {
            session::probe(req);
        }
        match self.find(req).await? {
            Some(signed_in) => {
                if let Some(seen) = seen {
                    seen.see();
                }
                Ok(signed_in)
            }
            None if self.needs_session && session::is_missing(req) => Err(session::missing()),
            #[cfg(feature = "identity")]
            None if matches!(self.source, Source::Identity) => {
                session::hint_at_version(req);
                Err(Problem::not_authenticated())
            }
            None => Err(Problem::not_authenticated()),
        }
    }

    /// How the authenticator names the account. Blank: by the user's id.
    pub(crate) fn label(&self, req: &HttpRequest, signed_in: &SignedIn) -> String {
        match self.source {
            Source::Function(_) => signed_in.label.clone(),
            _ => {
                let label = req.get_session().get(&self.label_key);
                label.ok().flatten().unwrap_or_default()
            }
        }
    }

    async fn find(&self, req: &HttpRequest) -> Result<Option<SignedIn>, Problem> {
        let id = match &self.source {
            Source::SessionKey(key) => session_id(req, key),
            #[cfg(feature = "identity")]
            Source::Identity => identity_id(req),
            Source::Function(find) => {
                return find(req).await.map_err(|error| {
                    tracing::error!(%error, "the function given to CurrentUser::from_fn failed");
                    Problem::unavailable()
                });
            }
        };
        let Some(id) = id.map(UserId::new) else {
            return Ok(None);
        };
        match id {
            Ok(id) => Ok(Some(SignedIn {
                id,
                label: String::new(),
            })),
            Err(error) => {
                tracing::warn!(%error, "the session's user id is refused");
                Ok(None)
            }
        }
    }
}

/// Only a string or an integer names a user: anything else is a mistake, and then nobody is signed in.
fn session_id(req: &HttpRequest, key: &str) -> Option<String> {
    match req.get_session().get::<Value>(key).ok()?? {
        Value::String(id) => Some(id),
        Value::Number(id) if id.is_i64() || id.is_u64() => Some(id.to_string()),
        _ => {
            tracing::warn!(key, "the session's user id is no string and no integer");
            None
        }
    }
}

#[cfg(feature = "identity")]
fn identity_id(req: &HttpRequest) -> Option<String> {
    use actix_identity::IdentityExt;
    req.get_identity().ok()?.id().ok()
}

impl fmt::Debug for CurrentUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::SessionKey(key) => format!("session key {key:?}"),
            #[cfg(feature = "identity")]
            Source::Identity => "actix-identity".into(),
            Source::Function(_) => "a function".into(),
        };
        f.debug_tuple("CurrentUser").field(&source).finish()
    }
}
