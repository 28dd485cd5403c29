//! Every error as one shape: RFC 9457 problem details with a stable `code`.

mod format;
mod response;

use std::{borrow::Cow, time::Duration};

use actix_totp_core::{Error, Rejection};
use actix_web::http::{
    StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use serde_json::{Map, Value, json};

pub(crate) use self::format::ProblemFormat;
#[cfg(feature = "test-util")]
pub(crate) use self::response::Answered;

/// Seconds after which a store that failed may be asked again.
const TRY_AGAIN_SECS: u64 = 2;

/// A refusal or a fault as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail` and a stable
/// snake_case `code`.
///
/// An application may answer with one of its own, for instance from
/// [`authorize_change`](crate::TotpBuilder::authorize_change), and may give all of them another format with
/// [`on_problem`](crate::TotpBuilder::on_problem). No text and no member repeats anything that was sent.
///
/// # Example
///
/// ```
/// use actix_totp::Problem;
/// use actix_web::{ResponseError, http::StatusCode};
///
/// let problem = Problem::new(StatusCode::FORBIDDEN, "password_required", "Enter your password again.")
///     .with_member("attempts_left", 2);
/// assert_eq!(problem.error_response().status(), 403);
///
/// // What a guard says to a session without a proof.
/// assert_eq!(Problem::totp_required().code(), "totp_required");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    members: Map<String, Value>,
    retry_after_secs: Option<u64>,
    allow: Option<&'static str>,
    challenge: Option<Box<HeaderValue>>,
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
            challenge: None,
        }
    }

    /// The same with a member beside those that every problem has (RFC 9457 §3.2). `type`, `title`, `status`, `detail` and `code`
    /// stay what they are.
    pub fn with_member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable reason, in snake_case: what programs match on.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The text for people, in English.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The members beside those that every problem has, by name: `retry_after`, `skew_seconds`, `token`, and those of
    /// [`with_member`](Self::with_member).
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// How long to wait before the next try, in whole seconds. `None`: waiting does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_secs.map(Duration::from_secs)
    }

    /// What the status asks for beside the body.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(challenge) = &self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, (**challenge).clone());
        }
    }

    /// The same as a challenge (RFC 9110 §11.6.1).
    pub(crate) fn challenged(self, challenge: HeaderValue) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: Some(Box::new(challenge)),
            ..self
        }
    }

    fn bad_request(code: &'static str, detail: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401 `not_authenticated`: nobody is signed in.
    pub fn not_authenticated() -> Self {
        let detail = "Authentication credentials were not provided.";
        Self::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail)
    }

    pub(crate) fn cross_site() -> Self {
        let detail = "This request came from another site.";
        Self::new(StatusCode::FORBIDDEN, "cross_site", detail)
    }

    /// 403 `totp_required`: the second factor was not shown.
    pub fn totp_required() -> Self {
        let detail = "Enter a code from your authenticator to go on.";
        Self::new(StatusCode::FORBIDDEN, "totp_required", detail)
    }

    /// 403 `totp_setup_required`: there is no second factor, and there must be.
    pub fn totp_setup_required() -> Self {
        let detail = "Set up two-factor authentication to go on.";
        Self::new(StatusCode::FORBIDDEN, "totp_setup_required", detail)
    }

    /// 403 `stale_proof`: the second factor was shown too long ago.
    pub fn stale_proof() -> Self {
        let detail = "Enter a fresh code from your authenticator to go on.";
        Self::new(StatusCode::FORBIDDEN, "stale_proof", detail)
    }

    /// 403 `totp_is_required`: the user must have a second factor, and cannot turn it off.
    pub fn totp_is_required() -> Self {
        let detail = "Your account must have two-factor authentication: replace it instead.";
        Self::new(StatusCode::FORBIDDEN, "totp_is_required", detail)
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

    pub(crate) fn untyped_json() -> Self {
        Self {
            detail: "This is JSON: send it with Content-Type: application/json.".into(),
            ..Self::unsupported_media_type()
        }
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
            .with_member("token", json!([message]))
    }

    pub(crate) fn invalid_name() -> Self {
        let detail = "The name of an authenticator is one line of 1 to 64 characters.";
        Self::bad_request("invalid_name", detail)
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
            Some(secs) => problem.with_member("retry_after", secs),
            None => problem,
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let code = rejection.code();
        match rejection {
            Rejection::ClockSkew { skew_secs } => {
                Self::bad_request(code, "Invalid token").with_member("skew_seconds", skew_secs)
            }
            Rejection::InvalidTicket => Self::new(
                StatusCode::UNAUTHORIZED,
                code,
                "This sign-in has expired or was completed already. Sign in again.",
            ),
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
                Self::bad_request(code, "TOTP auth not found. Please generate TOTP first.")
            }
            Rejection::NoDevice => Self::bad_request(code, "TOTP auth not found"),
            Rejection::NotEnabled => Self::bad_request(code, "TOTP not enabled"),
            Rejection::AlreadyConfirmed => {
                Self::bad_request(code, "TOTP already enabled and verified.")
            }
            Rejection::TooManyAuthenticators => Self::bad_request(
                code,
                "You have as many authenticators as you may have. Remove one first.",
            ),
            Rejection::NoSuchAuthenticator => Self::new(
                StatusCode::NOT_FOUND,
                code,
                "There is no such authenticator. It may have been removed.",
            ),
            Rejection::LastAuthenticator => Self::bad_request(
                code,
                "This is your last authenticator. Disable TOTP, or add another one first.",
            ),
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
        tracing::error!("totp: {error:?}"); // with its causes, also where fields are not shown
        Self::unavailable()
    }
}
