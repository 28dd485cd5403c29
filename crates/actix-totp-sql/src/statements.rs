//! The statements, for drivers that take text. Each `?` is a parameter, in the order that its statement says.

use crate::{Write, WriteKind, with_columns};

macro_rules! statements {
    ([$first:ident: $first_sql:ty => $first_value:ty, $($column:ident: $sql:ty => $value:ty,)*]) => {
        macro_rules! names {
            () => { concat!(stringify!($first), $(", ", stringify!($column),)*) };
        }
        macro_rules! parameters {
            () => { concat!("?", $(statements!(@parameter $column),)*) };
        }

        /// Its parameter: the user.
        pub const FIND: &str = concat!("SELECT user_id, ", names!(), " FROM totp_devices WHERE user_id = ?");
        /// Its parameter: the users, an array. PostgreSQL.
        pub const FIND_ALL: &str = concat!("SELECT user_id, ", names!(), " FROM totp_devices WHERE user_id = ANY(?)");
        /// Its parameter: the number of rows.
        pub const FIRST_PAGE: &str = concat!("SELECT user_id, ", names!(), " FROM totp_devices ORDER BY user_id LIMIT ?");
        /// Its parameters: the user, the number of rows.
        pub const PAGE_AFTER: &str =
            concat!("SELECT user_id, ", names!(), " FROM totp_devices WHERE user_id > ? ORDER BY user_id LIMIT ?");
        /// Its parameters: the user, the columns.
        pub const INSERT: &str =
            concat!("INSERT INTO totp_devices (user_id, ", names!(), ") VALUES (?, ", parameters!(), ")");
        /// Its parameters: the columns, the user, the expected version.
        pub const UPDATE: &str = concat!(
            "UPDATE totp_devices SET ", stringify!($first), " = ?", $(", ", stringify!($column), " = ?",)*
            " WHERE user_id = ? AND version = ?"
        );
        /// Its parameters: the user, the expected version.
        pub const DELETE: &str = "DELETE FROM totp_devices WHERE user_id = ? AND version = ?";

        const UPDATE_ALL: &str = concat!(
            "UPDATE totp_devices SET ", stringify!($first), " = n.", stringify!($first),
            $(", ", stringify!($column), " = n.", stringify!($column),)*
            " FROM unnest(?, ?, ", parameters!(), ") AS n (user_id, expected, ", names!(),
            ") WHERE totp_devices.user_id = n.user_id AND totp_devices.version = n.expected RETURNING totp_devices.user_id"
        );
        const DELETE_ALL: &str = "DELETE FROM totp_devices USING unnest(?, ?) AS n (user_id, expected) \
            WHERE totp_devices.user_id = n.user_id AND totp_devices.version = n.expected RETURNING totp_devices.user_id";
        const INSERT_ALL: &str = concat!(
            "INSERT INTO totp_devices (user_id, ", names!(), ") SELECT * FROM unnest(?, ", parameters!(),
            ") ON CONFLICT DO NOTHING RETURNING totp_devices.user_id"
        );

        /// Finds so many users. Its parameters: the users, some of which may be NULL.
        pub fn find_each(users: usize) -> String {
            let more = ", ?".repeat(users.saturating_sub(1));
            format!(concat!("SELECT user_id, ", names!(), " FROM totp_devices WHERE user_id IN (?{})"), more)
        }

        /// So many updates as one statement of SQLite, which gives the users whose rows it wrote. Its parameters, for each: the
        /// user, the expected version, the columns. All may be NULL.
        pub fn update_each(updates: usize) -> String {
            let more = concat!(", (?, ?, ", parameters!(), ")").repeat(updates.saturating_sub(1));
            format!(
                concat!(
                    "WITH n (user_id, expected, ", names!(), ") AS (VALUES (?, ?, ", parameters!(), "){}) \
                    UPDATE totp_devices SET ", stringify!($first), " = n.", stringify!($first),
                    $(", ", stringify!($column), " = n.", stringify!($column),)*
                    " FROM n WHERE totp_devices.user_id = n.user_id AND totp_devices.version = n.expected RETURNING user_id"
                ),
                more
            )
        }

        /// The new values of many writes, one list for each column.
        #[derive(Default)]
        pub struct Lists<'a> {
            $(#[allow(missing_docs, reason = "the columns are those of a device")] pub $column: Vec<&'a $value>,)*
            /// The new versions.
            pub $first: Vec<&'a $first_value>,
        }

        impl<'a> Lists<'a> {
            fn of(writes: &'a [Write<'a>]) -> Self {
                let mut lists = Self::default();
                for columns in writes.iter().filter_map(|write| write.columns.as_ref()) {
                    lists.$first.push(&columns.$first);
                    $(lists.$column.push(&columns.$column);)*
                }
                lists
            }
        }
    };
    (@parameter $column:ident) => { ", ?" };
}
with_columns!(statements! {});

impl WriteKind {
    /// Many swaps of this kind as one statement of PostgreSQL, which gives the users whose rows it wrote.
    ///
    /// It commits by itself, as a single swap does, so that the commit and the round trip are shared. Each row is written if
    /// it is at the version that is expected of it, or absent: a row that another writer changes meanwhile is looked at again
    /// when its lock is free. Which rows were written only RETURNING can say.
    ///
    /// Its parameters are those of [`ForAll`].
    pub const fn for_all(self) -> &'static str {
        match self {
            Self::Update => UPDATE_ALL,
            Self::Delete => DELETE_ALL,
            Self::Insert => INSERT_ALL,
        }
    }
}

/// The parameters of [`WriteKind::for_all`] in their order, each an array.
pub struct ForAll<'a> {
    /// Whose rows.
    pub users: Vec<&'a str>,
    /// The versions that are expected; `None`: it inserts.
    pub expected: Option<Vec<i64>>,
    /// The lists of the columns; `None`: it deletes.
    pub lists: Option<Lists<'a>>,
}

impl<'a> ForAll<'a> {
    /// All of the writes are of this kind.
    pub fn of(kind: WriteKind, writes: &'a [Write<'a>]) -> Self {
        let swaps = || writes.iter().map(|write| write.swap);
        let expected = || swaps().filter_map(|it| it.expected).map(|it| it.to_i64());
        Self {
            users: swaps().map(|swap| swap.user.as_str()).collect(),
            expected: (kind != WriteKind::Insert).then(|| expected().collect()),
            lists: (kind != WriteKind::Delete).then(|| Lists::of(writes)),
        }
    }
}
