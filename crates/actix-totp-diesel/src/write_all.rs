//! Many swaps of a kind as one statement of PostgreSQL.
//!
//! It commits by itself, as a single swap does, so that the commit and the round trip are shared. Each row is written if it
//! is at the version that is expected of it, or absent: a row that another writer changes meanwhile is looked at again when
//! its lock is free. Which rows were written only RETURNING can say.

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary, Nullable, Text},
};

use crate::{
    backend::{Write, WriteKind},
    columns::with_columns,
};

macro_rules! statement {
    ([$first:ident: $first_sql:ty => $first_value:ty, $($column:ident: $sql:ty => $value:ty,)*]) => {
        const COLUMNS: &str = concat!(stringify!($first), $(", ", stringify!($column),)*);
        const SET: &str = concat!(
            stringify!($first), " = n.", stringify!($first),
            $(", ", stringify!($column), " = n.", stringify!($column),)*
        );

        /// The new values, one list for each column.
        #[derive(Default)]
        struct Values<'a> {
            $first: Vec<&'a $first_value>,
            $($column: Vec<&'a $value>,)*
        }

        impl<'a> Values<'a> {
            fn of(writes: &'a [Write<'a>]) -> Self {
                let mut values = Self::default();
                for columns in writes.iter().filter_map(|write| write.columns.as_ref()) {
                    values.$first.push(&columns.$first);
                    $(values.$column.push(&columns.$column);)*
                }
                values
            }

            fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql(", ");
                out.push_bind_param::<Array<$first_sql>, _>(&self.$first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                )*
                Ok(())
            }
        }
    };
}
with_columns!(statement! {});

/// Gives the users whose rows it wrote.
pub(crate) struct Statement<'a> {
    kind: WriteKind,
    users: Vec<&'a str>,
    expected: Vec<i64>,
    values: Values<'a>,
}

impl<'a> Statement<'a> {
    /// All of the writes are of this kind.
    pub(crate) fn of(kind: WriteKind, writes: &'a [Write<'a>]) -> Self {
        let swaps = || writes.iter().map(|write| write.swap);
        Self {
            kind,
            users: swaps().map(|swap| swap.user.as_str()).collect(),
            expected: swaps()
                .filter_map(|it| it.expected)
                .map(|it| it.to_i64())
                .collect(),
            values: Values::of(writes),
        }
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let words = match self.kind {
            WriteKind::Update => ["UPDATE totp_devices SET ", SET, " FROM unnest("],
            WriteKind::Delete => ["DELETE FROM totp_devices", "", " USING unnest("],
            WriteKind::Insert => [
                "INSERT INTO totp_devices (user_id, ",
                COLUMNS,
                ") SELECT * FROM unnest(",
            ],
        };
        words.iter().for_each(|words| out.push_sql(words));
        out.push_bind_param::<Array<Text>, _>(&self.users)?;
        if self.kind != WriteKind::Insert {
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(&self.expected)?;
        }
        if self.kind != WriteKind::Delete {
            self.values.bind(&mut out)?;
        }
        let is_at =
            ") WHERE totp_devices.user_id = n.user_id AND totp_devices.version = n.expected";
        let words = match self.kind {
            WriteKind::Update => [") AS n (user_id, expected, ", COLUMNS, is_at],
            WriteKind::Delete => [") AS n (user_id, expected", "", is_at],
            WriteKind::Insert => [")", "", " ON CONFLICT DO NOTHING"],
        };
        words.iter().for_each(|words| out.push_sql(words));
        out.push_sql(" RETURNING totp_devices.user_id");
        Ok(())
    }
}

impl Query for Statement<'_> {
    type SqlType = Text;
}

/// Prepared once per connection and kind: it is known by its SQL.
impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Statement<'_> {}
