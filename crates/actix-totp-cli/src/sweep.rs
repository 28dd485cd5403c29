//! Going through everybody, page by page: at a pace, with progress, from where it stopped.

use std::{
    thread,
    time::{Duration, Instant},
};

use actix_totp_core::{SweepError, SweepReport, TotpService, UserId};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
    arguments::Sweep,
    failure::{Failure, sentence},
    output::{one_line, remark},
    resume::Resume,
    run::Session,
};

/// How many users are looked at between two notes of how far it came. Fewer than events that may wait to be delivered.
const PAGE: usize = 100;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Swept {
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) failures: u64,
    pub(crate) dry_run: bool,
}

type Page<'a> = &'a dyn Fn(&TotpService, Option<&UserId>, usize) -> Result<SweepReport, SweepError>;

impl Session {
    /// Goes through everybody. What fails for one user is remarked, and does not stop it.
    pub(crate) fn sweep(
        &self,
        sweep: &Sweep,
        command: &'static str,
        page: Page<'_>,
    ) -> Result<Swept, Failure> {
        let resume = Resume::new(sweep.resume.as_deref(), command);
        let mut last = resume.after()?;
        if let Some(user) = &last {
            remark(&format!("goes on behind {}", one_line(user.as_str())));
        }
        let progress = progress();
        let pace = Pace::new(sweep.per_second);
        let mut swept = Swept::default();
        loop {
            let (report, stopped) = match page(&self.totp, last.as_ref(), pace.page()) {
                Ok(report) => (report, None),
                Err(error) => (*error.report, Some(error.source)),
            };
            self.totp.flush_events();
            for failure in &report.failures {
                let user = one_line(failure.user.as_str());
                let text = format!("{user}: {}", sentence(&failure.source));
                progress.suspend(|| remark(&text));
            }
            swept.changed += report.changed;
            swept.unchanged += report.unchanged;
            swept.failures += report.failures.len() as u64;
            if report.last == last && stopped.is_none() {
                progress.finish_and_clear();
                resume.forget()?;
                return Ok(swept);
            }
            last = report.last;
            if let Some(user) = &last {
                resume.note(user)?;
            }
            if let Some(error) = stopped {
                progress.abandon();
                return Err(Failure::Wiring(format!(
                    "it stopped after {} users: {}; run it again to go on",
                    swept.looked_at(),
                    sentence(&error)
                )));
            }
            progress.set_position(swept.looked_at());
            pace.wait(swept.looked_at());
        }
    }
}

impl Swept {
    const fn looked_at(&self) -> u64 {
        self.changed + self.unchanged + self.failures
    }

    /// What happened to single users is an exit code of its own.
    pub(crate) fn refused_some(&self) -> Result<(), Failure> {
        match self.failures {
            0 => Ok(()),
            failures => Err(Failure::Refused(format!(
                "{failures} users were left as they are: see above"
            ))),
        }
    }
}

/// On a terminal alone.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {pos} users, {per_sec}, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

/// How many users a second.
struct Pace {
    per_second: Option<u32>,
    started: Instant,
}

impl Pace {
    fn new(per_second: Option<u32>) -> Self {
        Self {
            per_second,
            started: Instant::now(),
        }
    }

    /// A tenth of a second's, so that the load is even.
    fn page(&self) -> usize {
        let tenth = |it: u32| usize::try_from(it.div_ceil(10)).unwrap_or(PAGE);
        self.per_second.map_or(PAGE, tenth).min(PAGE)
    }

    fn wait(&self, looked_at: u64) {
        if let Some(per_second) = self.per_second {
            let due = Duration::from_secs_f64(looked_at as f64 / f64::from(per_second));
            thread::sleep(due.saturating_sub(self.started.elapsed()));
        }
    }
}
