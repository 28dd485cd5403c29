//! Many swaps of a kind as one statement of PostgreSQL.

use actix_totp_sql::{Write, WriteKind, statements::ForAll, with_columns};
use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary, Nullable, Text},
};

/// Gives the users whose rows it wrote.
pub(crate) struct Statement<'a> {
    sql: &'static str,
    values: ForAll<'a>,
}

impl<'a> Statement<'a> {
    /// All of the writes are of this kind.
    pub(crate) fn of(kind: WriteKind, writes: &'a [Write<'a>]) -> Self {
        Self {
            sql: kind.for_all(),
            values: ForAll::of(kind, writes),
        }
    }
}

macro_rules! bind_lists {
    ([$($column:ident: $sql:ty => $value:ty,)*] $lists:ident, $bind:ident) => {
        $($bind!(Array<$sql>, &$lists.$column);)*
    };
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // diesel writes the parameters itself.
        let mut words = self.sql.split('?');
        macro_rules! bind {
            ($sql:ty, $value:expr) => {
                out.push_sql(words.next().unwrap_or_default());
                out.push_bind_param::<$sql, _>($value)?;
            };
        }
        bind!(Array<Text>, &self.values.users);
        if let Some(expected) = &self.values.expected {
            bind!(Array<BigInt>, expected);
        }
        if let Some(lists) = &self.values.lists {
            with_columns!(bind_lists! { lists, bind });
        }
        words.for_each(|words| out.push_sql(words));
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
