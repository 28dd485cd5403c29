//! The columns of `totp_devices` but its key, listed once and in the order of the table.
//!
//! A column has the name of its field in [`Device`]. A new one is a line here and one in each of the three migrations.

use std::num::TryFromIntError;

use actix_totp_core::{
    AuthenticatorStates, Device, Epoch, RecentFailures, StoreError, UserId, Version,
};

/// Calls a macro with the columns, each with its SQL type (as diesel names it) and what that is in Rust, before what else it is
/// given.
#[macro_export]
macro_rules! with_columns {
    ($macro:ident! { $($given:tt)* }) => {
        $macro! {
            [
                version: BigInt => i64,
                epoch: BigInt => i64,
                sealed: Binary => Vec<u8>,
                confirmed_at: Nullable<BigInt> => Option<i64>,
                pending_at: Nullable<BigInt> => Option<i64>,
                authenticators: Binary => Vec<u8>,
                failures: BigInt => i64,
                recent_failures: Binary => Vec<u8>,
                backup_failures: BigInt => i64,
                pending_failures: BigInt => i64,
                proof_failures: Binary => Vec<u8>,
                backup_codes_remaining: BigInt => i64,
                last_used_at: Nullable<BigInt> => Option<i64>,
                setup_required_by: Nullable<BigInt> => Option<i64>,
                setup_reminded_at: Nullable<BigInt> => Option<i64>,
                created_at: BigInt => i64,
                updated_at: BigInt => i64,
            ]
            $($given)*
        }
    };
}

macro_rules! columns {
    ([$($column:ident: $sql:ty => $value:ty,)*]) => {
        /// A device's values as the database holds them.
        #[derive(Clone)]
        pub struct Columns {
            $(#[allow(missing_docs, reason = "the columns are those of a device")] pub $column: $value,)*
        }

        /// A row as it is read. `U` is how the database gives a user id: text or bytes.
        pub type Tuple<U> = (U, $($value,)*);

        impl Columns {
            pub(crate) fn of(device: &Device) -> Result<Self, TryFromIntError> {
                Ok(Self {
                    $($column: device.$column.to_column()?,)*
                })
            }

            fn into_device(self, user: UserId) -> Result<Device, StoreError> {
                Ok(Device {
                    user,
                    $($column: Field::from_column(self.$column)?,)*
                })
            }
        }

        impl Row {
            /// The row that was read.
            pub fn from_tuple<U: Into<Vec<u8>>>((user, $($column,)*): Tuple<U>) -> Self {
                Self {
                    user: user.into(),
                    columns: Columns { $($column,)* },
                }
            }
        }
    };
}
with_columns!(columns! {});

/// A row that came from the database.
#[derive(Clone)]
pub struct Row {
    /// Whose row it is.
    pub user: Vec<u8>,
    /// Its values.
    pub columns: Columns,
}

impl Row {
    pub(crate) const fn version(&self) -> Version {
        Version::from_i64(self.columns.version)
    }

    /// The device, unless somebody has written what no device holds.
    pub(crate) fn into_device(self) -> Result<Device, StoreError> {
        let user = String::from_utf8(self.user).map_err(StoreError::corrupt)?;
        let user = UserId::new(user).map_err(StoreError::corrupt)?;
        self.columns.into_device(user)
    }
}

/// A type of a device's field, and the column that holds it.
trait Field: Sized {
    type Column;

    /// Times and steps beyond `i64` cannot occur before the year 292,277,026,596.
    fn to_column(&self) -> Result<Self::Column, TryFromIntError>;
    fn from_column(column: Self::Column) -> Result<Self, StoreError>;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Field for $number {
            type Column = i64;

            #[allow(clippy::needless_question_mark, reason = "that of u32 is another error")]
            fn to_column(&self) -> Result<i64, TryFromIntError> {
                Ok(i64::try_from(*self)?)
            }

            fn from_column(column: i64) -> Result<Self, StoreError> {
                column.try_into().map_err(StoreError::corrupt)
            }
        }
    )*};
}
numbers!(u32, u64);

macro_rules! random_numbers {
    ($($number:ty),*) => {$(
        impl Field for $number {
            type Column = i64;

            fn to_column(&self) -> Result<i64, TryFromIntError> {
                Ok(self.to_i64())
            }

            fn from_column(column: i64) -> Result<Self, StoreError> {
                Ok(Self::from_i64(column))
            }
        }
    )*};
}
random_numbers!(Version, Epoch);

impl<F: Field> Field for Option<F> {
    type Column = Option<F::Column>;

    fn to_column(&self) -> Result<Self::Column, TryFromIntError> {
        self.as_ref().map(F::to_column).transpose()
    }

    fn from_column(column: Self::Column) -> Result<Self, StoreError> {
        column.map(F::from_column).transpose()
    }
}

impl Field for Vec<u8> {
    type Column = Self;

    fn to_column(&self) -> Result<Self, TryFromIntError> {
        Ok(self.clone())
    }

    fn from_column(column: Self) -> Result<Self, StoreError> {
        Ok(column)
    }
}

macro_rules! lists {
    ($($list:ty),*) => {$(
        impl Field for $list {
            type Column = Vec<u8>;

            fn to_column(&self) -> Result<Vec<u8>, TryFromIntError> {
                Ok(self.to_bytes())
            }

            fn from_column(column: Vec<u8>) -> Result<Self, StoreError> {
                Self::from_bytes(&column).map_err(StoreError::corrupt)
            }
        }
    )*};
}
lists!(RecentFailures, AuthenticatorStates);
