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
            reminders: status.setup_reminders,
        };
        self.note(noted, now).next != noted
    }

    /// What a device must say at `now`, if it says this. The user's own deadline is written once; a date for all never is.
    pub(crate) fn note(&self, noted: Noted, now: u64) -> Note {
        let (required_by, own, day) = match self.0 {
            Kind::Until(date) => (date, noted.required_by, day_of(date)),
            Kind::PerUser(secs) => {
                let begins = || now.saturating_add(secs);
                let required_by = noted.required_by.unwrap_or_else(begins);
                (required_by, Some(required_by), 0)
            }
        };
        let due = reminders_due(required_by, now);
        let is_first = own != noted.required_by || day > noted.day();
        let told = if is_first { 0 } else { noted.told() };
        let is_told_by_date = matches!(self.0, Kind::Until(_)) && due == 0;
        let next = if now >= required_by || is_told_by_date {
            noted
        } else {
            // The later day: while instances have different dates, none takes back what another one has noted.
            Noted::new(own, day.max(noted.day()), told.max(due))
        };
        Note {
            required_by,
            next,
            is_reminder: next != noted && due > told,
        }
    }
}

/// What a device says of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    /// The user's own deadline.
    pub(crate) required_by: Option<u64>,
    /// How many reminders were given, and 4 times the day of the date for all that they were of: a later date reminds anew.
    pub(crate) reminders: u32,
}

impl Noted {
    const fn new(required_by: Option<u64>, day: u32, told: u32) -> Self {
        Self {
            required_by,
            reminders: 4 * day + told,
        }
    }

    const fn day(self) -> u32 {
        self.reminders / 4
    }

    const fn told(self) -> u32 {
        self.reminders % 4
    }

    pub(crate) const fn on(device: Option<&Device>) -> Self {
        match device {
            Some(device) => Self {
                required_by: device.setup_required_by,
                reminders: device.setup_reminders,
            },
            None => Self {
                required_by: None,
                reminders: 0,
            },
        }
    }
}

/// What is to be noted, and whether the user is to be reminded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) required_by: u64,
    pub(crate) next: Noted,
    pub(crate) is_reminder: bool,
}

/// The day of a date for all, counted from 1970.
fn day_of(date: u64) -> u32 {
    u32::try_from(date / DAY).map_or(u32::MAX / 4 - 1, |day| day.min(u32::MAX / 4 - 1))
}

/// How many of the reminders are due.
fn reminders_due(required_by: u64, now: u64) -> u32 {
    let left = required_by.saturating_sub(now);
    REMINDERS.iter().filter(|before| left <= **before).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn noted(required_by: Option<u64>, reminders: u32) -> Noted {
        Noted {
            required_by,
            reminders,
        }
    }

    /// What is written, and whether the user is reminded.
    fn note(grace: Grace, before: Noted) -> Option<(Option<u64>, u32, bool)> {
        let Note {
            next, is_reminder, ..
        } = grace.note(before, NOW);
        (next != before).then_some((next.required_by, next.reminders, is_reminder))
    }

    #[test]
    fn the_time_of_a_user_begins_once_and_each_reminder_is_noted_once() {
        let grace = Grace::per_user(Duration::from_secs(14 * DAY));
        let nothing = noted(None, 0);
        assert_eq!(note(grace, nothing), Some((Some(NOW + 14 * DAY), 0, false)));
        for (left, told, expected) in [
            (14 * DAY, 0, None),
            (7 * DAY + 1, 0, None),
            (7 * DAY, 0, Some((1, true))),
            (7 * DAY, 1, None),
            (DAY + 1, 1, None),
            (DAY, 1, Some((2, true))),
            (DAY, 0, Some((2, true))), // not seen before: one reminder, not two
            (1, 2, None),
            (0, 0, None), // it is over
        ] {
            let by = Some(NOW + left);
            let expected = expected.map(|(reminders, is_reminder)| (by, reminders, is_reminder));
            assert_eq!(note(grace, noted(by, told)), expected, "{left} {told}");
        }
        let over = noted(Some(NOW - 1), 0);
        assert_eq!(note(grace, over), None, "nothing renews it");
        let short = Grace::per_user(Duration::from_secs(3 * DAY));
        assert_eq!(
            note(short, nothing),
            Some((Some(NOW + 3 * DAY), 1, true)),
            "less than seven days are left at its start"
        );
    }

    #[test]
    fn a_date_for_all_is_noted_for_its_reminders_alone() {
        let until = |secs: u64| Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(secs));
        let told = |date: u64, reminders| Noted::new(None, day_of(date), reminders);
        let reminded = |date, reminders| {
            let noted = told(date, reminders);
            Some((None, noted.reminders, true))
        };
        let nothing = noted(None, 0);
        assert_eq!(note(until(NOW + 7 * DAY + 1), nothing), None);
        let week = NOW + 7 * DAY;
        assert_eq!(note(until(week), nothing), reminded(week, 1));
        assert_eq!(note(until(week), told(week, 1)), None);
        assert_eq!(note(until(NOW), nothing), None, "it is over");
        assert_eq!(
            Grace::until(SystemTime::UNIX_EPOCH - Duration::from_secs(9)).0,
            Kind::Until(0)
        );

        // A later date reminds anew; an earlier one, as another instance may have it for a while, does not.
        let (day, later) = (NOW + DAY, NOW + 6 * DAY);
        assert_eq!(note(until(later), told(day, 2)), reminded(later, 1));
        assert_eq!(note(until(later), told(week, 1)), None);
        assert_eq!(note(until(day), told(week, 1)), reminded(week, 2));
        assert_eq!(note(until(week), told(u64::MAX, 1)), None);
    }

    #[test]
    fn a_date_for_all_is_not_taken_for_the_users_own_and_leaves_that_alone() {
        let date = NOW + DAY;
        let until = Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(date));
        let (own, month) = (Some(NOW + 3 * DAY), NOW + 30 * DAY);
        let kept = Noted::new(own, day_of(date), 2);
        assert_eq!(
            note(until, noted(own, 1)),
            Some((own, kept.reminders, true))
        );
        // Afterwards each user's own time goes on, or begins.
        let per_user = Grace::per_user(Duration::from_secs(30 * DAY));
        assert_eq!(note(per_user, kept), None);
        let begun = Noted::new(Some(month), day_of(date), 0);
        assert_eq!(
            note(per_user, Noted::new(None, day_of(date), 2)),
            Some((begun.required_by, begun.reminders, false))
        );
        assert!(per_user.note(begun, month - DAY).is_reminder);
    }
}
