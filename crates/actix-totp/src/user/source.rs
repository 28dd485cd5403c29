//! Where the application says who is signed in.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_session::SessionExt;
use actix_totp_core::UserId;
use actix_web::HttpRequest;
use serde_json::Value;

use super::SignedIn;
use crate::problem::Problem;

pub(super) type Found = Result<Option<SignedIn>, actix_web::Error>;
#[cfg(feature = "identity")]
type ReadIdentity = dyn Fn(&str) -> Option<SignedIn> + Send + Sync;
type FindUser =
    dyn for<'a> Fn(&'a HttpRequest) -> Pin<Box<dyn Future<Output = Found> + 'a>> + Send + Sync;

#[derive(Clone)]
pub(super) enum Source {
    SessionKey(String),
    #[cfg(feature = "identity")]
    Identity(Arc<ReadIdentity>),
    Function(Arc<FindUser>),
}

impl Source {
    pub(super) async fn find(&self, req: &HttpRequest) -> Result<Option<SignedIn>, Problem> {
        match self {
            Self::SessionKey(key) => Ok(session_id(req, key).and_then(|id| from_session(&id))),
            #[cfg(feature = "identity")]
            Self::Identity(read) => Ok(identity_text(req).and_then(|text| read(&text))),
            Self::Function(find) => find(req).await.map_err(|error| {
                tracing::error!(%error, "the function given to CurrentUser::from_fn failed");
                Problem::unavailable()
            }),
        }
    }
}

pub(super) fn from_session(id: &str) -> Option<SignedIn> {
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

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SessionKey(key) => write!(f, "session key {key:?}"),
            #[cfg(feature = "identity")]
            Self::Identity(_) => f.write_str("actix-identity"),
            Self::Function(_) => f.write_str("a function"),
        }
    }
}
