//! The deadline by which a user must have set up the second factor. It outlives the credentials: nothing renews it.

use super::rules::{Accepted, Context, Next, Stop, Transition};
use crate::{
    device::{Device, UserId},
    event::Event,
    grace::{Grace, Noted},
    opened::Opened,
    outcome::Rejection,
};

/// Notes the deadline of a user who has no second factor, if there is none yet, and a reminder that is due. Answers by when
/// the user must have set it up.
pub(crate) fn note_setup_deadline(
    device: Option<Device>,
    user: &UserId,
    grace: Grace,
    context: &Context<'_>,
) -> Transition<u64> {
    if device.as_ref().is_some_and(Device::is_confirmed) {
        return Err(Rejection::AlreadyConfirmed.into());
    }
    let noted = Noted::on(device.as_ref());
    let note = grace.note(noted, context.now);
    if note.next == noted {
        return Ok(Accepted {
            next: Next::Keep,
            answer: note.required_by,
            events: Vec::new(),
        });
    }
    let mut opened = match device {
        Some(device) => context.open(device)?,
        None => Opened::new(user, context.now, context.random)?,
    };
    opened.device.setup_required_by = note.next.required_by;
    opened.device.setup_reminded_at = note.next.reminded_at;
    let reminder = Event::SetupDue {
        user: user.clone(),
        required_by: note.required_by,
    };
    let events = note.is_reminder.then_some(reminder);
    Ok(Accepted::put(
        opened,
        note.required_by,
        Vec::from_iter(events),
    ))
}

/// What is left of a device whose credentials go: its deadline and the last reminder alone, or nothing. The box need not open for it.
pub(super) fn without_credentials(device: &Device, context: &Context<'_>) -> Result<Next, Stop> {
    if device.setup_required_by.is_none() && device.setup_reminded_at.is_none() {
        return Ok(Next::Delete);
    }
    let mut opened = Opened::new(&device.user, context.now, context.random)?;
    opened.device.setup_required_by = device.setup_required_by;
    opened.device.setup_reminded_at = device.setup_reminded_at;
    Ok(Next::Put(Box::new(opened)))
}
