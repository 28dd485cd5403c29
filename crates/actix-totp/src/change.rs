//! Asking the application again before the second factor is changed.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{HttpRequest, error::InternalError, http::header};

use crate::problem::Problem;

/// What a request is about to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// `generate/`: a new secret.
    Generate,
    /// `disable/`: the second factor off.
    Disable,
    /// `backup-codes/`: new backup codes.
    BackupCodes,
}

type Answer = Result<(), actix_web::Error>;
type Authorize = dyn for<'a> Fn(&'a HttpRequest, Change) -> Pin<Box<dyn Future<Output = Answer> + 'a>>
    + Send
    + Sync;

/// The application's function, if it gave one.
#[derive(Clone, Default)]
pub(crate) struct AuthorizeChange(Option<Arc<Authorize>>);

impl AuthorizeChange {
    pub(crate) fn new<F>(authorize: F) -> Self
    where
        F: AsyncFn(&HttpRequest, Change) -> Answer + Send + Sync + 'static,
    {
        let authorize = Arc::new(authorize);
        Self(Some(Arc::new(move |req, change| {
            let authorize = Arc::clone(&authorize);
            Box::pin(async move { authorize(req, change).await })
        })))
    }

    /// Whether there is one.
    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) async fn ask(&self, req: &HttpRequest, change: Change) -> Answer {
        match &self.0 {
            Some(authorize) => authorize(req, change).await.map_err(never_stored),
            None => Ok(()),
        }
    }
}

/// The application's own refusal, with the headers that every answer here has.
fn never_stored(error: actix_web::Error) -> actix_web::Error {
    if error.as_error::<Problem>().is_some() {
        return error; // has them, and can still be told on a page
    }
    let mut response = error.error_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        header::HeaderValue::from_static("nosniff"),
    );
    InternalError::from_response(error, response).into()
}

impl std::fmt::Debug for AuthorizeChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthorizeChange(..)")
    }
}
