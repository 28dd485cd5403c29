//! A problem as an answer, in the format of this plugin.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, body::BoxBody, http::StatusCode};
use serde_json::{Value, json};

use super::Problem;
use crate::answer_headers::protect;

/// The code of the problem that a response is made from, whatever its format: for [`RouteInventory`](crate::RouteInventory).
#[cfg(feature = "test-util")]
pub(crate) struct Answered(pub(crate) String);

impl From<Problem> for HttpResponse {
    fn from(problem: Problem) -> Self {
        problem.error_response()
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut body = self.members.clone();
        let members = [
            ("type", json!("about:blank")),
            (
                "title",
                json!(self.status.canonical_reason().unwrap_or("Error")),
            ),
            ("status", json!(self.status.as_u16())),
            ("detail", json!(self.detail)),
            ("code", json!(self.code)),
        ];
        body.extend(members.map(|(name, value)| (name.to_owned(), value)));
        let mut response = protect(&mut HttpResponse::build(self.status))
            .content_type("application/problem+json")
            .body(Value::Object(body).to_string());
        self.add_headers(response.headers_mut());
        #[cfg(feature = "test-util")]
        response
            .extensions_mut()
            .insert(Answered(self.code.to_string()));
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use actix_totp_core::Error;
    use actix_web::http::header;

    use super::*;

    #[test]
    fn too_many_of_one_user_are_429_too_many_of_all_503_and_both_say_when_to_come_back() {
        let answer = |error: Error| {
            let response = Problem::from(error).error_response();
            let has_wait = response.headers().contains_key(header::RETRY_AFTER);
            (response.status().as_u16(), has_wait)
        };
        assert_eq!(answer(Error::TooManyRequests), (429, true));
        assert_eq!(answer(Error::Overloaded), (503, true));
    }
}
