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
type Label = Result<String, actix_web::Error>;
type LookUpLabel = dyn for<'a> Fn(&'a HttpRequest, &'a UserId) -> Pin<Box<dyn Future<Output = Label> + 'a>>
    + Send
    + Sync;
#[cfg(feature = "identity")]
type ReadIdentity = dyn Fn(&str) -> Option<SignedIn> + Send + Sync;
type FindUser =
    dyn for<'a> Fn(&'a HttpRequest) -> Pin<Box<dyn Future<Output = Found> + 'a>> + Send + Sync;

/// A user whom the application has signed in, with the first factor.
///
/// # Example
///
/// ```
/// use actix_totp::{SignedIn, UserId};
///
/// let alice = SignedIn::new(UserId::new("4711")?).label("alice@example.com").issuer("Tenant 12");
/// assert_eq!(alice.label, "alice@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who: what never changes and is never given to somebody else.
    pub id: UserId,
    /// How the authenticator names the account, an e-mail address by custom. Blank: the id.
    pub label: String,
    /// Who issues the codes, where it is another than the plugin's issuer.
    pub issuer: Option<String>,
}

impl SignedIn {
    /// A user without a label, under the plugin's issuer.
    pub const fn new(id: UserId) -> Self {
        Self {
            id,
            label: String::new(),
            issuer: None,
        }
    }

    /// Says how the authenticator names the account. Where that costs a look-up, see [`CurrentUser::label_with`].
    ///
    /// Default: blank, the id.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Says who issues the codes, for an application with several tenants: 1 to 64 bytes, not blank, no `:`. With any other
    /// `generate/` makes no secret: it answers 503, and the log says why.
    ///
    /// Default: the plugin's, [`TotpBuilder::issuer`](crate::TotpBuilder::issuer).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }
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
///     Ok(Some(SignedIn::new(id)))
/// });
/// ```
#[derive(Clone)]
pub struct CurrentUser {
    source: Source,
    label_key: String,
    label_with: Option<Arc<LookUpLabel>>,
    /// Whether nobody can pass where no session is kept.
    needs_session: bool,
}

#[derive(Clone)]
enum Source {
    SessionKey(String),
    #[cfg(feature = "identity")]
    Identity(Arc<ReadIdentity>),
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
            label_with: None,
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

    async fn find(&self, req: &HttpRequest) -> Result<Option<SignedIn>, Problem> {
        match &self.source {
            Source::SessionKey(key) => Ok(session_id(req, key).and_then(|id| from_session(&id))),
            #[cfg(feature = "identity")]
            Source::Identity(read) => Ok(identity_text(req).and_then(|text| read(&text))),
            Source::Function(find) => find(req).await.map_err(|error| {
                tracing::error!(%error, "the function given to CurrentUser::from_fn failed");
                Problem::unavailable()
            }),
        }
    }
}

fn from_session(id: &str) -> Option<SignedIn> {
    let id = UserId::new(id).inspect_err(|error| {
        tracing::warn!(%error, "the session's user id is refused");
    });
    id.ok().map(SignedIn::new)
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
fn identity_text(req: &HttpRequest) -> Option<String> {
    use actix_identity::IdentityExt;
    req.get_identity().ok()?.id().ok()
}

impl fmt::Debug for CurrentUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::SessionKey(key) => format!("session key {key:?}"),
            #[cfg(feature = "identity")]
            Source::Identity(_) => "actix-identity".into(),
            Source::Function(_) => "a function".into(),
        };
        f.debug_tuple("CurrentUser").field(&source).finish()
    }
}
