//! The answers of a batch, one for each of its operations, when the database does not answer for all of them at once.

use std::time::Instant;

use actix_totp_core::StoreError;

pub(crate) type Answers<T> = Vec<Result<T, StoreError>>;

/// Everybody's answer is this error.
pub(crate) fn all_failed<T>(error: &StoreError, count: usize) -> Answers<T> {
    (0..count)
        .map(|_| Err(StoreError::unavailable(error.to_string())))
        .collect()
}

/// Runs the operations of a batch each alone after it failed as a whole: a fault of one must not be everybody's.
///
/// One fails by itself. Where a second one fails it is the database, which may have taken its time; then, and after a
/// deadline, the others are not begun, and their answer is that they are unknown.
pub(crate) struct EachAlone<N> {
    now: N,
    failures: usize,
}

impl<N: Fn() -> Instant> EachAlone<N> {
    pub(crate) const fn new(now: N) -> Self {
        Self { now, failures: 0 }
    }

    /// Whether one more is begun.
    pub(crate) fn may_begin(&self, until: Instant) -> Result<(), StoreError> {
        if self.failures > 1 {
            return Err(StoreError::unavailable("others of the batch failed"));
        }
        if (self.now)() >= until {
            return Err(StoreError::unavailable("the batch took too long"));
        }
        Ok(())
    }

    /// The operation is begun before `until`, or not at all.
    pub(crate) fn run<T>(
        &mut self,
        until: Instant,
        operation: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.may_begin(until)?;
        let answer = operation();
        self.failures += usize::from(answer.is_err());
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Which of five operations were written and how many were begun, where each takes a second and four are left.
    fn written(is_bad: fn(u32) -> bool) -> (Vec<bool>, u32) {
        let (start, begun) = (Instant::now(), Cell::new(0));
        let mut each = EachAlone::new(|| start + begun.get() * SECOND);
        let mut is_written = |n| {
            let answer = each.run(start + 4 * SECOND, || {
                begun.set(begun.get() + 1);
                let good = !is_bad(n);
                good.then_some(())
                    .ok_or_else(|| StoreError::unavailable("bad"))
            });
            answer.is_ok()
        };
        ((0..5).map(&mut is_written).collect(), begun.get())
    }

    #[test]
    fn one_that_fails_leaves_the_others_alone_until_the_deadline() {
        let expected = (vec![true, false, true, true, false], 4);
        assert_eq!(written(|n| n == 1), expected, "the last is not begun");
    }

    #[test]
    fn nobody_waits_for_a_third_failure() {
        assert_eq!(
            written(|n| n != 1),
            (vec![false, true, false, false, false], 3)
        );
    }
}
