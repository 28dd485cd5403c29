//! How long users may go on without the second factor that they must have, and when they are reminded of it.

use std::time::{Duration, SystemTime};

use crate::{device::Device, status::Status};

const DAY: u64 = 86_400;
/// So long before the deadline the reminders are due.
const REMINDERS: [u64; 2] = [7 * DAY, DAY];

/// How long users who must have the second factor may go on without it.
///
/// A user is reminded by an [`Event::SetupDue`](crate::Event::SetupDue) when first seen within seven days of the deadline, and
/// again within one day of it. Times are whole seconds, by the clock of the service.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use actix_totp_core::{Grace, Status};
///
/// let everybody = Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
/// assert_eq!(everybody.required_by(&Status::default()), Some(1_800_000_000));
///
/// // Each user's time begins when a guard first meets them without a second factor.
/// let each = Grace::per_user(Duration::from_secs(14 * 86_400));
/// assert_eq!(each.required_by(&Status::default()), None);
/// assert!(!Grace::per_user(Duration::from_secs(59)).is_valid());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Until(u64),
    PerUser(u64),
}

impl Grace {
    /// A date for all: from then on nobody goes on without. It is what the setting says now, whatever it said before, and is
    /// written nowhere; who was reminded of it is.
    pub fn until(date: SystemTime) -> Self {
        // Before 1970 is over, like everything before now.
        let since = date.duration_since(SystemTime::UNIX_EPOCH);
        Self(Kind::Until(since.map_or(0, |since| since.as_secs())))
    }

    /// A time for each user, 1 hour to 366 days. It begins once, when a guard would refuse the user for the first time, and is kept
    /// with the user's device: nothing that the user does renews it, nor does a reset.
    pub const fn per_user(time: Duration) -> Self {
        Self(Kind::PerUser(time.as_secs()))
    }

    /// Whether it is within its range.
    pub const fn is_valid(&self) -> bool {
        match self.0 {
            Kind::Until(_) => true,
            Kind::PerUser(secs) => 3_600 <= secs && secs <= 366 * DAY,
        }
    }

    /// By when the user must have set up the second factor, in seconds since the Unix epoch. `None`: the user's time has
    /// not begun.
    pub const fn required_by(&self, status: &Status) -> Option<u64> {
        match self.0 {
            Kind::Until(date) => Some(date),
            Kind::PerUser(_) => status.setup_required_by,
        }
    }

    /// Whether [`Operation::note_setup_deadline`](crate::Operation::note_setup_deadline) has something to write for this user at
    /// `now`, in seconds since the Unix epoch: a deadline or a reminder.
    pub fn is_to_be_noted(&self, status: &Status, now: u64) -> bool {
        let noted = Noted {
            required_by: status.setup_required_by,
            reminded_at: status.setup_reminded_at,
        };
        self.note(noted, now).next != noted
    }

    /// What a device must say at `now`, if it says this. The user's own deadline is written once; a date for all never is.
    pub(crate) fn note(&self, noted: Noted, now: u64) -> Note {
        let (required_by, own) = match self.0 {
            Kind::Until(date) => (date, noted.required_by),
            Kind::PerUser(secs) => {
                let begins = || now.saturating_add(secs);
                let required_by = noted.required_by.unwrap_or_else(begins);
                (required_by, Some(required_by))
            }
        };
        let is_over = now >= required_by;
        let is_reminder = !is_over
            && reminder_due_since(required_by, now)
                .is_some_and(|since| noted.reminded_at.is_none_or(|at| at < since));
        let reminded_at = if is_reminder {
            Some(now)
        } else {
            noted.reminded_at
        };
        let next = Noted {
            required_by: own,
            reminded_at,
        };
        Note {
            required_by,
            next: if is_over { noted } else { next },
            is_reminder,
        }
    }
}

/// What a device says of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Noted {
    /// The user's own deadline.
    pub(crate) required_by: Option<u64>,
    /// When the user was last reminded, of this deadline or of a date for all.
    pub(crate) reminded_at: Option<u64>,
}

impl Noted {
    pub(crate) fn on(device: Option<&Device>) -> Self {
        device.map_or_else(Self::default, |device| Self {
            required_by: device.setup_required_by,
            reminded_at: device.setup_reminded_at,
        })
    }
}

/// What is to be noted, and whether the user is to be reminded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) required_by: u64,
    pub(crate) next: Noted,
    pub(crate) is_reminder: bool,
}

/// Since when the last reminder that is due is so. Who was reminded before that is reminded again.
fn reminder_due_since(required_by: u64, now: u64) -> Option<u64> {
    let since = REMINDERS.map(|before| required_by.saturating_sub(before));
    since.into_iter().filter(|since| *since <= now).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    const fn noted(required_by: Option<u64>, reminded_at: Option<u64>) -> Noted {
        Noted {
            required_by,
            reminded_at,
        }
    }

    fn until(secs: u64) -> Grace {
        Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(secs))
    }

    /// The deadline that is written, and whether the user is reminded, at `now`.
    fn note(grace: Grace, before: Noted) -> Option<(Option<u64>, bool)> {
        let Note {
            next, is_reminder, ..
        } = grace.note(before, NOW);
        let reminded_at = if is_reminder {
            Some(NOW)
        } else {
            before.reminded_at
        };
        assert_eq!(next.reminded_at, reminded_at);
        (next != before).then_some((next.required_by, is_reminder))
    }

    #[test]
    fn the_time_of_a_user_begins_once_and_each_reminder_is_noted_once() {
        let grace = Grace::per_user(Duration::from_secs(14 * DAY));
        let nothing = Noted::default();
        assert_eq!(note(grace, nothing), Some((Some(NOW + 14 * DAY), false)));
        // So long before the deadline it is now, and the user was last reminded.
        for (left, reminded, is_reminded) in [
            (14 * DAY, None, false),
            (7 * DAY + 1, None, false),
            (7 * DAY, None, true),
            (7 * DAY, Some(7 * DAY), false),
            (DAY + 1, Some(7 * DAY), false),
            (DAY, Some(7 * DAY), true),
            (DAY, Some(DAY), false),
            (DAY, None, true), // not seen before: one reminder, not two
            (1, Some(DAY), false),
            (0, None, false), // it is over
        ] {
            let by = NOW + left;
            let before = noted(Some(by), reminded.map(|left| by - left));
            let expected = is_reminded.then_some((Some(by), true));
            assert_eq!(note(grace, before), expected, "{left} {reminded:?}");
        }
        let over = noted(Some(NOW - 1), None);
        assert_eq!(note(grace, over), None, "nothing renews it");
        let short = Grace::per_user(Duration::from_secs(3 * DAY));
        assert_eq!(
            note(short, nothing),
            Some((Some(NOW + 3 * DAY), true)),
            "less than seven days are left at its start"
        );
    }

    #[test]
    fn a_date_for_all_is_noted_for_its_reminders_alone() {
        let reminded = |ago: u64| noted(None, Some(NOW - ago));
        let nothing = Noted::default();
        let (day, week) = (NOW + DAY, NOW + 7 * DAY);
        assert_eq!(note(until(week + 1), nothing), None);
        assert_eq!(note(until(week), nothing), Some((None, true)));
        assert_eq!(note(until(week), reminded(0)), None);
        assert_eq!(note(until(NOW), nothing), None, "it is over");
        let before_1970 = Grace::until(SystemTime::UNIX_EPOCH - Duration::from_secs(9));
        assert_eq!(before_1970.0, Kind::Until(0));

        // A later date reminds anew; an earlier one, as another instance may have it for a while, does not.
        assert_eq!(note(until(week), reminded(1)), Some((None, true)));
        assert_eq!(note(until(NOW + 5 * DAY), reminded(DAY)), None);
        assert_eq!(note(until(day), reminded(DAY)), Some((None, true)));
    }

    #[test]
    fn a_date_for_all_is_not_taken_for_the_users_own_and_leaves_that_alone() {
        let own = Some(NOW + 3 * DAY);
        let until = until(NOW + DAY);
        assert_eq!(note(until, noted(own, None)), Some((own, true)));
        // Afterwards each user's own time goes on, or begins.
        let per_user = Grace::per_user(Duration::from_secs(30 * DAY));
        assert_eq!(note(per_user, noted(own, Some(NOW))), None);
        let month = NOW + 30 * DAY;
        let begun = noted(Some(month), Some(NOW));
        assert_eq!(
            note(per_user, noted(None, Some(NOW))),
            Some((begun.required_by, false))
        );
        assert!(per_user.note(begun, month - DAY).is_reminder);
    }
}
