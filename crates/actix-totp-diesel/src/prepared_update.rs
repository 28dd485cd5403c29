//! An UPDATE that is prepared once per connection.

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, QueryFragment, QueryId},
};

/// `UPDATE totp_devices SET … WHERE …`, always with the same columns.
///
/// diesel's own `update` may set other columns at each call, and so it is prepared at each call: on PostgreSQL that is one
/// more round trip, on SQLite parsing takes longer than the update.
pub(crate) struct PreparedUpdate<Columns, Predicate> {
    pub(crate) columns: Columns,
    pub(crate) predicate: Predicate,
}

impl<DB, Columns, Predicate> QueryFragment<DB> for PreparedUpdate<Columns, Predicate>
where
    DB: Backend,
    Columns: QueryFragment<DB>,
    Predicate: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE totp_devices SET ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.predicate.walk_ast(out)
    }
}

/// There is one such query per kind of connection.
impl<Columns, Predicate> QueryId for PreparedUpdate<Columns, Predicate> {
    type QueryId = PreparedUpdate<(), ()>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Columns, Predicate, C> RunQueryDsl<C> for PreparedUpdate<Columns, Predicate> {}
