//! Problems in the format of the application.

use std::{fmt, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, ResponseError, error::InternalError, http::header};

use super::Problem;

type Format = dyn Fn(&HttpRequest, &Problem) -> HttpResponse + Send + Sync;

/// How problems are answered: by the application's function, if it gave one.
#[derive(Clone, Default)]
pub(crate) struct ProblemFormat(Option<Arc<Format>>);

impl ProblemFormat {
    pub(crate) fn new(
        format: impl Fn(&HttpRequest, &Problem) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(format)))
    }

    /// The answer. What the built-in one has in its headers is in the application's, too: no cache may keep it, and clients learn
    /// when to come back.
    pub(crate) fn answer(&self, req: &HttpRequest, problem: &Problem) -> HttpResponse {
        let built_in = problem.error_response();
        let Some(format) = &self.0 else {
            return built_in;
        };
        let mut own = format(req, problem);
        let missing = built_in.headers().iter().filter(|(name, _)| {
            **name != header::CONTENT_TYPE && !own.headers().contains_key(*name)
        });
        for (name, value) in missing.collect::<Vec<_>>() {
            own.headers_mut().append(name.clone(), value.clone());
        }
        #[cfg(feature = "test-util")]
        own.extensions_mut()
            .insert(super::response::Answered(problem.code().to_owned()));
        own
    }

    /// What a handler failed with, as it is answered. What is no problem is the application's own already.
    pub(crate) fn error(&self, req: &HttpRequest, error: actix_web::Error) -> actix_web::Error {
        match error.as_error::<Problem>() {
            Some(problem) if self.0.is_some() => {
                InternalError::from_response(problem.clone(), self.answer(req, problem)).into()
            }
            _ => error,
        }
    }
}

impl fmt::Debug for ProblemFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProblemFormat(..)")
    }
}
