//! How an outcome is answered: a success as JSON that nobody may keep, anything else as a problem.

use actix_totp_core::{BackupCode, Error, Outcome};
use actix_web::{HttpResponse, cookie::Cookie};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{answer_headers::protect, problem::Problem};

pub(crate) fn ok(body: &impl Serialize) -> HttpResponse {
    protect(&mut HttpResponse::Ok()).json(body)
}

/// What was asked for, or the problem to answer with.
pub(crate) fn accepted<T>(outcome: Result<Outcome<T>, Error>) -> Result<T, Problem> {
    Ok(outcome?.into_result()?)
}

/// Seconds since the Unix epoch as an RFC 3339 string in UTC. Times beyond the year 9999 have none.
pub(crate) fn rfc3339(secs: u64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(i64::try_from(secs).ok()?).ok()?;
    time.format(&Rfc3339).ok()
}

/// Backup codes as they are shown.
pub(crate) fn reveal(codes: &[BackupCode]) -> Vec<String> {
    codes.iter().map(BackupCode::reveal).collect()
}

/// The answer with a cookie. One that cannot be written as a header is left out.
pub(crate) fn with_cookie(mut answer: HttpResponse, cookie: Option<&Cookie<'_>>) -> HttpResponse {
    if let Some(cookie) = cookie
        && let Err(error) = answer.add_cookie(cookie)
    {
        tracing::error!(%error, "a cookie cannot be set");
    }
    answer
}
