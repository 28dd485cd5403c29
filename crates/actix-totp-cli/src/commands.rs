//! One file per group of commands.

pub(crate) mod check;
pub(crate) mod everybody;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod migrate;
pub(crate) mod user;

use std::collections::BTreeMap;

use actix_totp_core::{KeyId, Surveyed, UserId};

use crate::{failure::Failure, run::Session};

/// How many rows are in memory at a time.
const PAGE: usize = 500;

impl Session {
    /// Calls a function with every row, page by page.
    fn for_each_row(
        &mut self,
        mut each: impl FnMut(&mut Self, &Surveyed) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut last: Option<UserId> = None;
        loop {
            let page = self.totp.survey(last.as_ref(), PAGE)?;
            let Some(end) = page.last() else {
                return Ok(());
            };
            last = Some(end.user.clone());
            for row in &page {
                each(self, row)?;
            }
        }
    }

    /// How many boxes each key sealed, under `None` those of an unknown format; and whose box does not open, up to a number.
    fn count_boxes(&mut self, named: usize) -> Result<Boxes, Failure> {
        let mut boxes = Boxes::default();
        self.for_each_row(|session, row| {
            if row.has_box() {
                *boxes.by_key.entry(row.key()).or_default() += 1;
                let is_known = row
                    .key()
                    .is_none_or(|id| session.keys.ids().any(|it| it == id));
                if is_known && session.totp.try_open(row).is_err() {
                    boxes.broken += 1;
                    if boxes.broken_users.len() < named {
                        boxes.broken_users.push(row.user.clone());
                    }
                }
            }
            Ok(())
        })?;
        Ok(boxes)
    }
}

/// The boxes of everybody.
#[derive(Default)]
struct Boxes {
    by_key: BTreeMap<Option<KeyId>, u64>,
    /// Those that do not open although their key is in the ring.
    broken: u64,
    broken_users: Vec<UserId>,
}
