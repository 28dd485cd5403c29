//! `status` and `list`.

use actix_totp_core::Surveyed;
use serde::Serialize;

use crate::{
    arguments::{List, OneUser},
    failure::Failure,
    output::{one_line, time},
    run::Session,
};

/// What is said of a user. Times are seconds since the Unix epoch.
#[derive(Debug, Serialize)]
struct Row<'a> {
    user: &'a str,
    state: &'static str,
    authenticators: usize,
    backup_codes_remaining: u32,
    last_used_at: Option<u64>,
    locked: bool,
    retry_after: Option<u64>,
    failed_attempts: u32,
    replacement_pending: bool,
    enabled_since: Option<u64>,
    setup_required_by: Option<u64>,
}

impl<'a> Row<'a> {
    fn of(row: &'a Surveyed) -> Self {
        let status = &row.status;
        Self {
            user: row.user.as_str(),
            state: match (status.enabled, status.pending) {
                (true, _) => "enabled",
                (false, true) => "pending",
                (false, false) => "none",
            },
            authenticators: status.authenticators.len(),
            backup_codes_remaining: status.backup_codes_remaining,
            last_used_at: status.last_used_at,
            locked: status.locked,
            retry_after: status.retry_after.map(|wait| wait.as_secs()),
            failed_attempts: status.failed_attempts,
            replacement_pending: status.replacement_pending,
            enabled_since: row.enabled_since,
            setup_required_by: status.setup_required_by,
        }
    }

    fn columns(&self) -> String {
        columns(&[
            self.state,
            &self.authenticators.to_string(),
            &self.backup_codes_remaining.to_string(),
            if self.locked { "locked" } else { "-" },
            &time(self.last_used_at),
            &time(self.enabled_since),
            &one_line(self.user),
        ])
    }

    fn lines(&self) -> String {
        let wait = self
            .retry_after
            .map_or("-".into(), |secs| format!("{secs} s"));
        [
            ("user", one_line(self.user)),
            ("state", self.state.into()),
            ("authenticators", self.authenticators.to_string()),
            ("backup codes left", self.backup_codes_remaining.to_string()),
            ("last used", time(self.last_used_at)),
            ("locked", self.locked.to_string()),
            ("waits", wait),
            ("failed attempts", self.failed_attempts.to_string()),
            ("replacement pending", self.replacement_pending.to_string()),
            ("since", time(self.enabled_since)),
            ("must be set up by", time(self.setup_required_by)),
        ]
        .map(|(name, value)| format!("{name:<20} {value}"))
        .join("\n")
    }
}

/// The user id is the last, since it may be long.
fn columns(cells: &[&str; 7]) -> String {
    let [state, authenticators, codes, locked, used, since, user] = cells;
    format!("{state:<8} {authenticators:>4} {codes:>5} {locked:<6} {used:<20} {since:<20} {user}")
}

/// Shows one user.
pub(crate) fn status(session: &mut Session, one: &OneUser) -> Result<(), Failure> {
    let row = session.totp.survey_one(&one.user)?;
    let row = row.ok_or_else(|| nobody(&one.user))?;
    let row = Row::of(&row);
    session.out.answer(&row, || row.lines())
}

pub(crate) fn nobody(user: &actix_totp_core::UserId) -> Failure {
    let user = one_line(user.as_str());
    Failure::Refused(format!("the user {user} has no second factor here"))
}

/// Lists whom the filters let through. Pages are written as they are read.
pub(crate) fn list(session: &mut Session, list: &List) -> Result<(), Failure> {
    session.out.line(&columns(&[
        "STATE",
        "AUTH",
        "CODES",
        "LOCKED",
        "LAST USED",
        "SINCE",
        "USER",
    ]))?;
    session.for_each_row(|session, row| {
        if !list.lets_through(row) {
            return Ok(());
        }
        let row = Row::of(row);
        session.out.answer(&row, || row.columns())
    })
}

impl List {
    /// Each filter that is set must let the user through.
    fn lets_through(&self, row: &Surveyed) -> bool {
        let status = &row.status;
        let last = status.last_used_at.max(row.enabled_since);
        (!self.locked || status.locked)
            && (!self.pending || status.pending)
            && (!self.without_backup_codes || status.enabled && status.backup_codes_remaining == 0)
            && self
                .unused_since
                .is_none_or(|day| status.enabled && last.is_none_or(|last| last < day))
    }
}
