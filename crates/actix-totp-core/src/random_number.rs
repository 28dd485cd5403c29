//! The random numbers of 64 bits that writings of devices and proofs go by.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random::{Randomness, RandomnessError};

macro_rules! random_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// A fresh one: 64 random bits.
            pub(crate) fn random(random: &dyn Randomness) -> Result<Self, RandomnessError> {
                let mut bytes = [0; 8];
                random.fill(&mut bytes)?;
                Ok(Self(u64::from_be_bytes(bytes)))
            }

            /// From the number that [`Self::to_i64`] gave, as a BIGINT column holds it.
            pub const fn from_i64(column: i64) -> Self {
                Self(column.cast_unsigned())
            }

            /// The same 64 bits as a signed number, for a BIGINT column.
            pub const fn to_i64(self) -> i64 {
                self.0.cast_signed()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:016x})", stringify!($name), self.0)
            }
        }
    };
}

random_number! {
    /// Which writing of a device this is: a fresh random number at every write, never a counter, so that a row that was
    /// deleted and made anew is not taken for the old one.
    Version
}

random_number! {
    /// Which proofs count: a random number that every proof carries. The device has one, for proofs by backup codes, and each
    /// authenticator has one. A new one ends the proofs that were given out under the old.
    Epoch
}
