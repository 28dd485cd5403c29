//! What a guard adds to an answer from behind it, be it a response or an error that middleware there returned.

use std::fmt;

use actix_web::{
    Error, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderMap, HeaderValue},
    },
};

use super::{RequireTotp, grace};
use crate::sealed_proof::SealedProof;

pub(super) struct Additions {
    pub(super) guard: RequireTotp,
    /// By when the user must set up what the guard did not see.
    pub(super) setup_required_by: Option<u64>,
    /// The proof of a code that was spent, where the client keeps it.
    pub(super) sealed: Option<SealedProof>,
}

impl Additions {
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        grace::tell(headers, self.setup_required_by);
        // A cache that does not look at cookies would hand the answer to others (RFC 9111 §3). What the handler says stands.
        if !self.guard.leave_cache_control && !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Some(proof) = &self.sealed {
            self.guard.totp.hand_out(proof, headers);
        }
    }

    /// The error, whose answer will have them. It becomes an answer outside of the guard only: middleware there sees an error as ever.
    pub(super) fn added_to(self, error: Error) -> Error {
        let has_none = self.guard.leave_cache_control
            && self.setup_required_by.is_none()
            && self.sealed.is_none();
        if has_none {
            return error;
        }
        Added { error, to: self }.into()
    }
}

/// An error with what is added to its answer.
struct Added {
    error: Error,
    to: Additions,
}

impl fmt::Debug for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Added {
    fn status_code(&self) -> StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.error_response();
        self.to.add_to(response.headers_mut());
        response
    }
}
