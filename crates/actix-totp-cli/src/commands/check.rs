//! `check`, the doctor: what is wrong, and what to do about it.

use actix_totp_core::UserId;
use actix_totp_diesel::{Inspection, Setting};
use serde::Serialize;

use crate::{
    commands::Boxes,
    failure::{Failure, sentence},
    output::one_line,
    run::Session,
};

/// Clocks may differ by so many seconds: less than a code lives.
const MOST_SECONDS_APART: u64 = 10;
/// How many users are named whose box does not open.
const NAMED: usize = 20;

/// What was found.
#[derive(Debug, Serialize)]
struct Finding {
    subject: String,
    level: Level,
    says: String,
    remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// It is as it should be.
    Well,
    /// It works, and somebody should know.
    Note,
    /// Something is to be done.
    Problem,
}

#[derive(Debug, Serialize)]
struct Report {
    well: bool,
    findings: Vec<Finding>,
}

/// Looks at everything, and writes nothing.
pub(crate) fn check(session: &mut Session) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let inspected = session.database.inspect()?;
    let table = session.totp.survey(None, 1);
    let can_be_read = table.is_ok();
    findings.push(store(inspected.as_ref(), table.err().as_ref()));
    if let Some(inspection) = &inspected {
        findings.extend(migrations(inspection, can_be_read));
        findings.extend(inspection.seconds_ahead.map(clock));
        findings.extend(inspection.settings.iter().map(setting));
    }
    if can_be_read {
        let boxes = session.count_boxes(NAMED)?;
        findings.extend(keys(session, &boxes));
        findings.push(broken(&boxes));
    }
    let well = findings.iter().all(|it| it.level != Level::Problem);
    let report = Report { well, findings };
    session.out.answer(&report, || report.lines())?;
    if well {
        Ok(())
    } else {
        Err(Failure::Refused("something is to be done".into()))
    }
}

fn store(inspected: Option<&Inspection>, error: Option<&actix_totp_core::Error>) -> Finding {
    match (error, inspected) {
        (None, _) => well("store", "it answers".into()),
        (Some(_), Some(it)) if !it.has_table => problem(
            "store",
            "there is no table totp_devices".into(),
            "see that it is the right database, then run `actix-totp migrate`",
        ),
        (Some(error), _) => problem(
            "store",
            sentence(error),
            "run `actix-totp migrate`; a row that is no device was written by something else",
        ),
    }
}

/// Who runs the SQL with another tool has the table, and nothing in diesel's version table.
fn migrations(inspection: &Inspection, can_be_read: bool) -> Option<Finding> {
    let pending = inspection.pending_migrations.join(", ");
    let finding = match (pending.is_empty(), can_be_read) {
        (true, _) => well("migrations", "all of them have run".into()),
        (false, true) => Finding {
            level: Level::Note,
            ..problem(
                "migrations",
                format!(
                    "the table can be read, but {pending} is not in __diesel_schema_migrations"
                ),
                "nothing, if another tool runs the SQL of the migrations; else run `actix-totp migrate`",
            )
        },
        (false, false) => problem(
            "migrations",
            format!("{pending} has not run"),
            "run `actix-totp migrate`",
        ),
    };
    Some(finding)
}

fn clock(seconds_ahead: i64) -> Finding {
    if seconds_ahead.unsigned_abs() <= MOST_SECONDS_APART {
        return well(
            "clock",
            "the database's shows the time of this machine".into(),
        );
    }
    let of = if seconds_ahead > 0 {
        "ahead of"
    } else {
        "behind"
    };
    let apart = seconds_ahead.unsigned_abs();
    problem(
        "clock",
        format!("the database's is {apart} seconds {of} this machine's"),
        "see which one is wrong, and that NTP runs on both: codes are compared by the clock of the application",
    )
}

fn setting(setting: &Setting) -> Finding {
    if setting.is_right {
        well(setting.name, "it is as it should be".into())
    } else {
        problem(
            setting.name,
            "it is not as it should be".into(),
            &format!("set it to {}", setting.wanted),
        )
    }
}

/// Each key of the ring and of the store.
fn keys(session: &Session, boxes: &Boxes) -> Vec<Finding> {
    let ring: Vec<_> = session.keys.ids().collect();
    let mut findings = Vec::new();
    for (at, id) in ring.iter().enumerate() {
        let count = boxes.by_key.get(&Some(*id)).copied().unwrap_or_default();
        findings.push(match (at, count) {
            (0, _) => well("keys", format!("{id} seals; it sealed {count} boxes")),
            (_, 0) => Finding {
                level: Level::Note,
                ..problem(
                    "keys",
                    format!("{id} opens; no box needs it"),
                    "keep it with the dumps that are as old, and take it out of TOTP_KEY",
                )
            },
            _ => Finding {
                level: Level::Note,
                ..problem(
                    "keys",
                    format!("{id} opens; {count} boxes need it"),
                    "when every instance seals under the first key, run `actix-totp reseal`",
                )
            },
        });
    }
    for (id, count) in &boxes.by_key {
        if let Some(id) = id.filter(|id| !ring.contains(id)) {
            findings.push(problem(
                "keys",
                format!("{id} is not there; {count} boxes do not open without it"),
                "put it behind the first one (TOTP_KEY=new,old); where it is lost, `actix-totp reset` each of them",
            ));
        }
    }
    findings
}

fn broken(boxes: &Boxes) -> Finding {
    if boxes.broken == 0 {
        return well("boxes", "each opens whose key is there".into());
    }
    let users: Vec<String> = boxes
        .broken_users
        .iter()
        .map(UserId::as_str)
        .map(one_line)
        .collect();
    problem(
        "boxes",
        format!("{} do not open: {}", boxes.broken, users.join(", ")),
        "the rows were altered or put back from elsewhere: restore them, or `actix-totp reset` their users",
    )
}

fn well(subject: &str, says: String) -> Finding {
    Finding {
        subject: subject.into(),
        level: Level::Well,
        says,
        remedy: None,
    }
}

fn problem(subject: &str, says: String, remedy: &str) -> Finding {
    Finding {
        subject: subject.into(),
        level: Level::Problem,
        says,
        remedy: Some(remedy.into()),
    }
}

impl Report {
    fn lines(&self) -> String {
        let lines: Vec<String> = self.findings.iter().map(Finding::lines).collect();
        lines.join("\n")
    }
}

impl Finding {
    fn lines(&self) -> String {
        let level = match self.level {
            Level::Well => "well",
            Level::Note => "note",
            Level::Problem => "PROBLEM",
        };
        let remedy = self.remedy.as_ref();
        let remedy = remedy.map_or(String::new(), |remedy| format!("\n        → {remedy}"));
        format!("{level:<7} {}: {}{remedy}", self.subject, self.says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_more_than_ten_seconds_off_is_a_problem() {
        for ahead in [-10, 0, 10] {
            assert_eq!(clock(ahead).level, Level::Well, "{ahead}");
        }
        for (ahead, says) in [(11, "11 seconds ahead of"), (-3600, "3600 seconds behind")] {
            let finding = clock(ahead);
            assert_eq!(finding.level, Level::Problem);
            assert!(finding.says.contains(says), "{}", finding.says);
        }
    }
}
