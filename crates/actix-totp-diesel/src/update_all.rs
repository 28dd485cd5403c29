//! Many conditional updates as one statement of PostgreSQL.
//!
//! It commits by itself, as a single swap does, so that the commit and the round trip are shared. Each row is written if it
//! is at the version that is expected of it: a row that another writer changes meanwhile is looked at again when its lock is
//! free. Which rows were written only RETURNING can say.

use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary, Nullable, Text},
};

use crate::{backend::Update, columns::with_columns};

macro_rules! update_all {
    ([$first:ident: $first_sql:ty => $first_value:ty, $($column:ident: $sql:ty => $value:ty,)*]) => {
        /// The new rows, one list for each column.
        #[derive(Default)]
        pub(crate) struct UpdateAll<'a> {
            users: Vec<&'a str>,
            expected: Vec<i64>,
            $first: Vec<&'a $first_value>,
            $($column: Vec<&'a $value>,)*
        }

        impl<'a> UpdateAll<'a> {
            pub(crate) fn of(updates: &'a [Update<'a>]) -> Self {
                let mut all = Self::default();
                for update in updates {
                    all.users.push(update.next.user.as_str());
                    all.expected.push(update.expected.to_i64());
                    all.$first.push(&update.columns.$first);
                    $(all.$column.push(&update.columns.$column);)*
                }
                all
            }
        }

        impl QueryFragment<Pg> for UpdateAll<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql(concat!(
                    "UPDATE totp_devices SET ", stringify!($first), " = n.", stringify!($first),
                    $(", ", stringify!($column), " = n.", stringify!($column),)*
                    " FROM unnest(",
                ));
                out.push_bind_param::<Array<Text>, _>(&self.users)?;
                out.push_sql(", ");
                out.push_bind_param::<Array<BigInt>, _>(&self.expected)?;
                out.push_sql(", ");
                out.push_bind_param::<Array<$first_sql>, _>(&self.$first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                )*
                out.push_sql(concat!(
                    ") AS n (user_id, expected, ", stringify!($first), $(", ", stringify!($column),)*
                    ") WHERE totp_devices.user_id = n.user_id AND totp_devices.version = n.expected \
                     RETURNING totp_devices.user_id",
                ));
                Ok(())
            }
        }
    };
}
with_columns!(update_all! {});

impl Query for UpdateAll<'_> {
    type SqlType = Text;
}

/// Prepared once per connection.
impl QueryId for UpdateAll<'_> {
    type QueryId = UpdateAll<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Connection> RunQueryDsl<Connection> for UpdateAll<'_> {}
