//! Who is refused where one account is hammered.

use std::hash::{BuildHasher, RandomState};

/// Of one user no more than so many operations wait, and as many reads: the account is hammered.
pub(super) const MAX_OF_ONE_USER: usize = 128;

/// One of those who wait is refused, or whoever comes, each as likely as the others: the newest does not always lose, so that
/// whoever floods an account cannot keep its owner out. Nobody can foresee the lots, and nothing rests on that.
#[derive(Default)]
pub(super) struct Lots {
    dice: RandomState,
    drawn: u64,
}

impl Lots {
    /// The place of the one who loses, from 0. [`MAX_OF_ONE_USER`]: whoever comes.
    pub(super) fn draw(&mut self) -> usize {
        self.drawn += 1;
        self.dice.hash_one(self.drawn) as usize % (MAX_OF_ONE_USER + 1)
    }
}
