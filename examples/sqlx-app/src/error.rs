//! The application's own format of errors: `{"error": {"code", "message"}}`.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::json;

pub(crate) fn json(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    let error = json!({ "error": { "code": code, "message": message } });
    HttpResponse::build(status).json(error)
}

/// What went wrong behind a request: its client learns no more than that.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Fault {
    fn error_response(&self) -> HttpResponse {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        json(status, "internal", "Something went wrong.")
    }
}
