//! Functions of the application that a request waits for, and that may refuse it.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_web::{HttpRequest, error::InternalError};

use crate::{answer_headers::protect_foreign, problem::Problem};

type Answer<T> = Result<T, actix_web::Error>;
type Function<A, T> = dyn for<'a> Fn(&'a HttpRequest, A) -> Pin<Box<dyn Future<Output = Answer<T>> + 'a>>
    + Send
    + Sync;

/// The application's function, if it gave one.
pub(crate) struct Hook<A, T = ()>(Option<Arc<Function<A, T>>>);

impl<A: 'static, T: 'static> Hook<A, T> {
    pub(crate) fn new<F>(function: F) -> Self
    where
        F: AsyncFn(&HttpRequest, A) -> Answer<T> + Send + Sync + 'static,
    {
        let function = Arc::new(function);
        Self(Some(Arc::new(move |req, about| {
            let function = Arc::clone(&function);
            Box::pin(async move { function(req, about).await })
        })))
    }

    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// What the function says to this. `None`: there is none, and everything is all right.
    pub(crate) async fn call(
        &self,
        req: &HttpRequest,
        about: impl FnOnce() -> A,
    ) -> Answer<Option<T>> {
        match &self.0 {
            Some(function) => {
                let said = function(req, about()).await;
                said.map(Some).map_err(never_stored)
            }
            None => Ok(None),
        }
    }
}

/// The application's own refusal, with the headers that every answer here has.
fn never_stored(error: actix_web::Error) -> actix_web::Error {
    if error.as_error::<Problem>().is_some() {
        return error; // has them, and can still be told on a page
    }
    let mut response = error.error_response();
    protect_foreign(response.headers_mut());
    InternalError::from_response(error, response).into()
}

impl<A, T> Default for Hook<A, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A, T> fmt::Debug for Hook<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook(..)")
    }
}
