//! What is done to everybody: the end of every proof, and the end of a rotation of keys.

use actix_totp_core::Surveyed;

use crate::{
    arguments::{EndProofs, Reseal},
    commands::user,
    failure::Failure,
    prompt::confirm,
    run::Session,
    sweep::Swept,
};

/// Ends the proofs of one user, or of everybody.
pub(crate) fn end_proofs(session: &mut Session, end: &EndProofs) -> Result<(), Failure> {
    let sweep = &end.sweep;
    if let Some(of) = &end.user {
        if sweep.resume.is_some() || sweep.per_second.is_some() {
            let text = "--resume and --per-second are for --everybody";
            return Err(Failure::Refused(text.into()));
        }
        return user::end_proofs(session, of, sweep.dry_run, end.yes);
    }
    let swept = if sweep.dry_run {
        session.would_change(|row| row.status.enabled)?
    } else {
        confirm("End every proof of everybody?", end.yes)?;
        session.sweep(sweep, "end-proofs", &|totp, last, limit| {
            totp.end_some_proofs(last, limit)
        })?
    };
    session.report_sweep(&swept, "are asked for a code again")
}

/// Seals every box under the first key.
pub(crate) fn reseal(session: &mut Session, reseal: &Reseal) -> Result<(), Failure> {
    let sweep = &reseal.sweep;
    let swept = if sweep.dry_run {
        let first = session.keys.ids().next();
        session.would_change(|row| row.key() != first)?
    } else {
        session.sweep(sweep, "reseal", &|totp, last, limit| {
            totp.reseal_some(last, limit)
        })?
    };
    session.report_sweep(&swept, "are under the first key now")
}

impl Session {
    /// Counts whom a command would change; whose box does not open it would leave alone.
    fn would_change(&mut self, is_to_change: impl Fn(&Surveyed) -> bool) -> Result<Swept, Failure> {
        let mut swept = Swept {
            dry_run: true,
            ..Swept::default()
        };
        self.for_each_row(|session, row| {
            match (is_to_change(row), session.totp.try_open(row)) {
                (true, Ok(())) => swept.changed += 1,
                (true, Err(_)) => swept.failures += 1,
                (false, _) => swept.unchanged += 1,
            }
            Ok(())
        })?;
        Ok(swept)
    }

    fn report_sweep(&mut self, swept: &Swept, what: &str) -> Result<(), Failure> {
        self.out.answer(swept, || {
            let Swept {
                changed,
                unchanged,
                failures,
                dry_run,
            } = swept;
            let would = if *dry_run { "; nothing was done" } else { "" };
            format!("{changed} users {what}, {unchanged} need no change, {failures} cannot be changed{would}")
        })?;
        swept.refused_some()
    }
}
