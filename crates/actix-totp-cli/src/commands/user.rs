//! What is done to one user.

use actix_totp_core::{Surveyed, UserId};
use serde::Serialize;

use crate::{
    arguments::{Change, Reset},
    commands::list::nobody,
    failure::Failure,
    output::one_line,
    prompt::confirm,
    run::Session,
};

/// What was done to a user.
#[derive(Debug, Serialize)]
struct Changed<'a> {
    user: &'a str,
    changed: bool,
    dry_run: bool,
}

/// Clears the failure counts.
pub(crate) fn unlock(session: &mut Session, change: &Change) -> Result<(), Failure> {
    let Change { user, dry_run } = change;
    session.require_device(user)?;
    let is_done = *dry_run || session.totp.unlock(user)?;
    session.report(user, is_done, *dry_run, "unlocked")
}

/// Deletes the second factor.
pub(crate) fn reset(session: &mut Session, reset: &Reset) -> Result<(), Failure> {
    let Change { user, dry_run } = &reset.change;
    session.require_device(user)?;
    if !dry_run {
        let name = one_line(user.as_str());
        let question = format!(
            "Delete the second factor of {name}? Make sure who asks for it: a thief would, too."
        );
        confirm(&question, reset.yes)?;
    }
    let is_done = *dry_run || session.totp.reset(user)?;
    session.report(user, is_done, *dry_run, "reset")
}

/// Ends every proof of one user.
pub(crate) fn end_proofs(
    session: &mut Session,
    user: &UserId,
    dry_run: bool,
    is_sure: bool,
) -> Result<(), Failure> {
    session.require_device(user)?;
    if !dry_run {
        let name = one_line(user.as_str());
        confirm(&format!("End every proof of {name}?"), is_sure)?;
    }
    let is_done = dry_run || session.totp.end_all_proofs(user)?;
    session.report(user, is_done, dry_run, "asked for a code again")
}

impl Session {
    /// There is something to do it to.
    fn require_device(&self, user: &UserId) -> Result<(), Failure> {
        let row = self.totp.survey_one(user)?;
        if row.as_ref().is_some_and(Surveyed::has_box) {
            Ok(())
        } else {
            Err(nobody(user))
        }
    }

    fn report(
        &mut self,
        user: &UserId,
        is_done: bool,
        dry_run: bool,
        what: &str,
    ) -> Result<(), Failure> {
        if !is_done {
            return Err(nobody(user)); // deleted since
        }
        let name = one_line(user.as_str());
        let answer = Changed {
            user: user.as_str(),
            changed: !dry_run,
            dry_run,
        };
        self.out.answer(&answer, || {
            if dry_run {
                format!("{name} would be {what}; nothing was done")
            } else {
                format!("{name} is {what}")
            }
        })
    }
}
