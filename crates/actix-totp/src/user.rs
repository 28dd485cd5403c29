//! Who is signed in: the application knows, in one of three ways.

mod signed_in;
mod source;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_session::SessionExt;
use actix_totp_core::UserId;
use actix_web::{HttpMessage, HttpRequest};

pub use self::signed_in::SignedIn;
#[cfg(feature = "identity")]
use self::source::from_session;
use self::source::{Found, Source};
use crate::{
    accept::wants_page,
    problem::Problem,
    proof_in::ProofIn,
    session::{self, SessionSeen},
};

type Label = Result<String, actix_web::Error>;
type LookUpLabel = dyn for<'a> Fn(&'a HttpRequest, &'a UserId) -> Pin<Box<dyn Future<Output = Label> + 'a>>
    + Send
    + Sync;

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
///     Ok(Some(SignedIn::new(id)))
/// });
/// ```
#[derive(Clone)]
pub struct CurrentUser {
    source: Source,
    label_key: String,
    label_with: Option<Arc<LookUpLabel>>,
    needs_session: NeedsSession,
}

/// Who cannot pass where no session is kept.
#[derive(Debug, Clone, Copy)]
enum NeedsSession {
    Everybody,
    Browsers,
    Nobody,
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

    /// actix-identity knows: its text is the user's id. Its middleware must be wrapped inside the session middleware, as its own
    /// docs say.
    ///
    /// A text that is a JSON object is no id: an object holds what can change, an e-mail address or a role, and with another id
    /// the user would be without the second factor. Nobody is signed in then, and the log says so; read such a text with
    /// [`identity_with`](Self::identity_with).
    #[cfg(feature = "identity")]
    pub fn identity() -> Self {
        Self::identity_with(|text| {
            if text.trim_start().starts_with('{') {
                tracing::error!(
                    "the text of the identity is a JSON object, not a user id: read it with CurrentUser::identity_with"
                );
                return None;
            }
            from_session(text)
        })
    }

    /// As [`identity`](Self::identity), for a text that holds more than the id. `None`: nobody is signed in.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{CurrentUser, SignedIn, UserId};
    ///
    /// /// What the application hands to `Identity::login`: `{"id":4711,"email":"alice@example.com"}`.
    /// let by_identity = CurrentUser::identity_with(|text| {
    ///     let user: serde_json::Value = serde_json::from_str(text).ok()?;
    ///     let id = UserId::new(user["id"].as_i64()?.to_string()).ok()?;
    ///     Some(SignedIn::new(id).label(user["email"].as_str()?))
    /// });
    /// ```
    #[cfg(feature = "identity")]
    pub fn identity_with<F>(read: F) -> Self
    where
        F: Fn(&str) -> Option<SignedIn> + Send + Sync + 'static,
    {
        Self::new(Source::Identity(Arc::new(read)))
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

    /// A function of the application looks up the label when one is needed: at `generate/`, and never for a guard or `status/`.
    /// A blank one is the id. If it fails no secret is made: the answer is 503 without the error's text, which is logged. It must
    /// not keep a clone of the request.
    ///
    /// Default: what [`label_key`](Self::label_key) finds, or [`SignedIn::label`].
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{CurrentUser, UserId};
    /// use actix_web::{HttpRequest, error::ErrorInternalServerError, web};
    ///
    /// # struct Accounts;
    /// # impl Accounts { async fn email_of(&self, _: &UserId) -> std::io::Result<String> { Ok(String::new()) } }
    /// let current_user = CurrentUser::session_key("uid").label_with(async |req: &HttpRequest, user: &UserId| {
    ///     let accounts = req.app_data::<web::Data<Accounts>>().cloned();
    ///     let accounts = accounts.ok_or_else(|| ErrorInternalServerError("no accounts"))?;
    ///     accounts.email_of(user).await.map_err(ErrorInternalServerError)
    /// });
    /// ```
    pub fn label_with<F>(mut self, look_up: F) -> Self
    where
        F: AsyncFn(&HttpRequest, &UserId) -> Label + Send + Sync + 'static,
    {
        let look_up = Arc::new(look_up);
        self.label_with = Some(Arc::new(move |req, user| {
            let look_up = Arc::clone(&look_up);
            Box::pin(async move { look_up(req, user).await })
        }));
        self
    }

    /// Where the application knows who is signed in by itself, clients that keep their proofs need no session.
    pub(crate) fn of_users_in(mut self, proof_in: &ProofIn) -> Self {
        self.needs_session = match (&self.source, proof_in) {
            (Source::Function(_), ProofIn::Header | ProofIn::Claim(_)) => NeedsSession::Nobody,
            (Source::Function(_), ProofIn::Either) => NeedsSession::Browsers,
            _ => NeedsSession::Everybody,
        };
        self
    }

    fn lacks_session(&self, req: &HttpRequest) -> bool {
        let needs_session = match self.needs_session {
            NeedsSession::Everybody => true,
            NeedsSession::Browsers => wants_page(req.headers(), req.get_header().as_ref()),
            NeedsSession::Nobody => false,
        };
        needs_session && session::is_missing(req)
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            label_key: "email".into(),
            label_with: None,
            needs_session: NeedsSession::Everybody,
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
        match self.source.find(req).await? {
            Some(signed_in) => {
                if let Some(seen) = seen {
                    seen.see();
                }
                Ok(signed_in)
            }
            None if self.lacks_session(req) => Err(session::missing()),
            #[cfg(feature = "identity")]
            None if matches!(self.source, Source::Identity(_)) => {
                session::hint_at_version(req);
                Err(Problem::not_authenticated())
            }
            None => Err(Problem::not_authenticated()),
        }
    }

    /// How the authenticator names the account. Blank: by the user's id.
    pub(crate) async fn label(
        &self,
        req: &HttpRequest,
        signed_in: &SignedIn,
    ) -> Result<String, Problem> {
        if let Some(look_up) = &self.label_with {
            return look_up(req, &signed_in.id).await.map_err(|error| {
                tracing::error!(%error, "the function given to CurrentUser::label_with failed");
                Problem::unavailable()
            });
        }
        let in_session = || req.get_session().get(&self.label_key).ok().flatten();
        Ok(match self.source {
            Source::Function(_) => signed_in.label.clone(),
            _ if !signed_in.label.trim().is_empty() => signed_in.label.clone(),
            _ => in_session().unwrap_or_default(),
        })
    }
}

impl fmt::Debug for CurrentUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentUser").field(&self.source).finish()
    }
}
