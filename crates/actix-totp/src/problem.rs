//! Every error as one JSON shape: RFC 9457 problem details with a stable `code`.

use std::{borrow::Cow, fmt, time::Duration};

use actix_totp_core::{Error, Rejection};
use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
};
use serde_json::{Map, Value, json};

use crate::answer_headers::protect;

/// Seconds after which a store that failed may be asked again.
const TRY_AGAIN_SECS: u64 = 2;

/// A refusal or a fault as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail` and a stable
/// snake_case `code`.
///
/// An application may answer with one of its own, for instance from `authorize_change`.
///
/// # Example
///
/// ```
/// use actix_totp::Problem;
/// use actix_web::{ResponseError, http::StatusCode};
///
/// let problem = Problem::new(StatusCode::FORBIDDEN, "password_required", "Enter your password again.");
/// assert_eq!(problem.error_response().status(), 403);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    members: Map<String, Value>,
    retry_after_secs: Option<u64>,
    allow: Option<&'static str>,
}

impl Problem {
    /// A problem of the application's own. Neither text may repeat anything that was sent.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            members: Map::new(),
            retry_after_secs: None,
            allow: None,
        }
    }

    /// The stable reason.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The text for the user.
    #[cfg(feature = "pages")]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    #[cfg(feature = "pages")]
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// A member beside those that every problem has.
    #[cfg(feature = "pages")]
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// What the status asks for beside the body.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
    }

    fn bad_request(code: &'static str, detail: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }

    pub(crate) fn not_authenticated() -> Self {
        let detail = "Authentication credentials were not provided.";
        Self::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail)
    }

    pub(crate) fn cross_site() -> Self {
        let detail = "This request came from another site.";
        Self::new(StatusCode::FORBIDDEN, "cross_site", detail)
    }

    pub(crate) fn totp_required() -> Self {
        let detail = "Enter a code from your authenticator to go on.";
        Self::new(StatusCode::FORBIDDEN, "totp_required", detail)
    }

    pub(crate) fn totp_setup_required() -> Self {
        let detail = "Set up two-factor authentication to go on.";
        Self::new(StatusCode::FORBIDDEN, "totp_setup_required", detail)
    }

    pub(crate) fn stale_proof() -> Self {
        let detail = "Enter a fresh code from your authenticator to go on.";
        Self::new(StatusCode::FORBIDDEN, "stale_proof", detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let detail = "This method is not allowed here.";
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        }
    }

    pub(crate) fn body_too_large() -> Self {
        let detail = "The body is larger than 4 KiB.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    pub(crate) fn request_timeout() -> Self {
        let detail = "The body did not arrive in time.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
    }

    pub(crate) fn unsupported_media_type() -> Self {
        let detail = "Send application/json or application/x-www-form-urlencoded.";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        )
    }

    pub(crate) fn malformed_body() -> Self {
        Self::bad_request(
            "malformed_body",
            "Send a JSON object or a form with the member \"token\".",
        )
    }

    /// The field is missing, or is no string.
    pub(crate) fn token_field(code: &'static str, message: &'static str) -> Self {
        Self::bad_request(code, "The token is missing or malformed.")
            .with("token", json!([message]))
    }

    pub(crate) fn no_session() -> Self {
        let detail = "The server cannot keep a session.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_session", detail)
    }

    pub(crate) fn not_guarded() -> Self {
        let detail = "The server cannot check the second factor here.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_guarded", detail)
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "The service is unavailable for the moment. Try again.";
        Self {
            retry_after_secs: Some(TRY_AGAIN_SECS),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", detail)
        }
    }

    fn too_many_requests() -> Self {
        let detail = "Too many requests at once. Try again.";
        Self {
            retry_after_secs: Some(TRY_AGAIN_SECS),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        }
    }

    fn too_many_failures(code: &'static str, retry_after: Option<Duration>) -> Self {
        let detail = "Too many failed attempts. Try again later.";
        let secs = retry_after.map(|wait| wait.as_secs());
        let problem = Self {
            retry_after_secs: secs,
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
        };
        match secs {
            Some(secs) => problem.with("retry_after", json!(secs)),
            None => problem,
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let code = rejection.code();
        match rejection {
            Rejection::ClockSkew { skew_secs } => {
                Self::bad_request(code, "Invalid token").with("skew_seconds", json!(skew_secs))
            }
            Rejection::MalformedToken => Self::token_field(
                code,
                "Enter the code from your authenticator, or a backup code.",
            ),
            Rejection::TotpCodeNeeded => Self::token_field(
                code,
                "Enter the code from your authenticator; a backup code will not do here.",
            ),
            Rejection::TokenNeeded => {
                Self::bad_request(code, "A valid token is required to disable TOTP.")
            }
            Rejection::NotGenerated => {
                Self::bad_request(code, "TOTP not generated. Please generate TOTP first.")
            }
            Rejection::NotEnabled => Self::bad_request(code, "TOTP not enabled"),
            Rejection::AlreadyConfirmed => {
                Self::bad_request(code, "TOTP already enabled and verified.")
            }
            Rejection::EnrollmentExpired => Self::bad_request(
                code,
                "This secret was generated too long ago. Please generate TOTP again.",
            ),
            Rejection::EnrollmentDiscarded => {
                Self::bad_request(code, "Too many wrong codes. Please generate TOTP again.")
            }
            Rejection::ProofNeeded => Self::totp_required(),
            Rejection::Throttled { retry_after } => {
                Self::too_many_failures(code, Some(retry_after))
            }
            Rejection::Locked => Self::too_many_failures(code, None),
            // `InvalidToken`, and whatever a later core adds: nothing more is said.
            _ => Self::bad_request(code, "Invalid token"),
        }
    }
}

/// Every fault is the same to the caller: unknown, try again. The cause goes to the log.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if matches!(error, Error::TooManyRequests) {
            tracing::debug!(%error, "totp"); // whoever floods does not fill the log
            return Self::too_many_requests();
        }
        tracing::error!(error = &error as &dyn std::error::Error, "totp");
        Self::unavailable()
    }
}

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
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let Value::Object(members) = &mut body {
            members.extend(self.members.clone());
        }
        let mut response = protect(&mut HttpResponse::build(self.status))
            .content_type("application/problem+json")
            .body(body.to_string());
        self.add_headers(response.headers_mut());
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
