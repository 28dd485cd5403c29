//! Functions of the application that a request waits for, and that may refuse it.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_web::{HttpRequest, error::InternalError, http::header};

use crate::problem::Problem;

type Answer = Result<(), actix_web::Error>;
type Function<A> =
    dyn for<'a> Fn(&'a HttpRequest, A) -> Pin<Box<dyn Future<Output = Answer> + 'a>> + Send + Sync;

/// The application's function, if it gave one.
pub(crate) struct Hook<A>(Option<Arc<Function<A>>>);

impl<A: 'static> Hook<A> {
    pub(crate) fn new<F>(function: F) -> Self
    where
        F: AsyncFn(&HttpRequest, A) -> Answer + Send + Sync + 'static,
    {
        let function = Arc::new(function);
        Self(Some(Arc::new(move |req, about| {
            let function = Arc::clone(&function);
            Box::pin(async move { function(req, about).await })
        })))
    }

    /// Whether there is a function.
    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// What the function says to this. Without one, everything is all right.
    pub(crate) async fn call(&self, req: &HttpRequest, about: impl FnOnce() -> A) -> Answer {
        match &self.0 {
            Some(function) => function(req, about()).await.map_err(never_stored),
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

impl<A> Default for Hook<A> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A> fmt::Debug for Hook<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook(..)")
    }
}
