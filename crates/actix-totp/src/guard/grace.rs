//! Users who must have the second factor, and may still go on without it for a while.

use actix_totp_core::{Grace, Operation, Outcome, UserId};
use actix_web::{
    HttpRequest,
    http::header::{HeaderMap, HeaderName},
};

use super::RequireTotp;
use crate::problem::Problem;

const SETUP_REQUIRED_BY: HeaderName = HeaderName::from_static("totp-setup-required-by");

/// What a guard has to do for a user whom it lets go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) grace: Grace,
    /// `None`: the user's time has not begun.
    pub(crate) required_by: Option<u64>,
    /// Whether its beginning, or a reminder, is to be written.
    pub(crate) is_to_be_noted: bool,
}

impl RequireTotp {
    /// Lets nobody go on without a second factor whom it is demanded of, also where
    /// [`TotpBuilder::grace`](crate::TotpBuilder::grace) gives others time: for what matters more. No time begins here.
    ///
    /// Default: as that says.
    pub fn without_grace(mut self) -> Self {
        self.policy.grace = None;
        self
    }

    /// By when the user must have set it up. What is to be noted is written before the handler runs.
    pub(super) async fn note(
        &self,
        req: &HttpRequest,
        user: &UserId,
        deadline: Deadline,
    ) -> Result<u64, Problem> {
        if let (Some(at), false) = (deadline.required_by, deadline.is_to_be_noted) {
            return Ok(at);
        }
        let operation = Operation::note_setup_deadline(user, deadline.grace);
        let noted = self.totp.for_request(req).apply(operation).await?;
        let Outcome::Accepted(required_by) = noted else {
            return Err(Problem::totp_required()); // enrolled meanwhile
        };
        // Another process may have begun the user's time long ago.
        if self.totp.service().now()? >= required_by {
            return Err(Problem::totp_setup_required());
        }
        Ok(required_by)
    }
}

/// Tells the client, in seconds since the Unix epoch.
pub(super) fn tell(headers: &mut HeaderMap, required_by: Option<u64>) {
    if let Some(at) = required_by {
        headers.insert(SETUP_REQUIRED_BY, at.into());
    }
}
