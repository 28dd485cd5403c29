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

use crate::row::Values;

/// The columns of the new rows.
#[derive(Default)]
pub(crate) struct UpdateAll<'a> {
    users: Vec<&'a str>,
    expected: Vec<i64>,
    versions: Vec<i64>,
    epochs: Vec<i64>,
    sealed: Vec<&'a [u8]>,
    confirmed_at: Vec<Option<i64>>,
    pending_at: Vec<Option<i64>>,
    last_steps: Vec<Option<i64>>,
    failures: Vec<i64>,
    recent_failures: Vec<&'a [u8]>,
    backup_failures: Vec<i64>,
    pending_failures: Vec<i64>,
    proof_failures: Vec<&'a [u8]>,
    backup_codes_remaining: Vec<i64>,
    last_used_at: Vec<Option<i64>>,
    created_at: Vec<i64>,
    updated_at: Vec<i64>,
}

impl<'a> UpdateAll<'a> {
    pub(crate) fn of(updates: &'a [(i64, Values<'a>)]) -> Self {
        let mut all = Self::default();
        for (expected, values) in updates {
            let device = values.device;
            all.users.push(device.user.as_str());
            all.expected.push(*expected);
            all.versions.push(device.version.to_i64());
            all.epochs.push(device.epoch.to_i64());
            all.sealed.push(&device.sealed);
            all.confirmed_at.push(values.confirmed_at);
            all.pending_at.push(values.pending_at);
            all.last_steps.push(values.last_step);
            all.failures.push(device.failures.into());
            all.recent_failures.push(&values.recent_failures);
            all.backup_failures.push(device.backup_failures.into());
            all.pending_failures.push(device.pending_failures.into());
            all.proof_failures.push(&values.proof_failures);
            all.backup_codes_remaining
                .push(device.backup_codes_remaining.into());
            all.last_used_at.push(values.last_used_at);
            all.created_at.push(values.created_at);
            all.updated_at.push(values.updated_at);
        }
        all
    }
}

impl QueryFragment<Pg> for UpdateAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE totp_devices SET version = n.version, epoch = n.epoch, sealed = n.sealed, \
             confirmed_at = n.confirmed_at, pending_at = n.pending_at, last_step = n.last_step, failures = n.failures, \
             recent_failures = n.recent_failures, backup_failures = n.backup_failures, \
             pending_failures = n.pending_failures, proof_failures = n.proof_failures, \
             backup_codes_remaining = n.backup_codes_remaining, last_used_at = n.last_used_at, \
             created_at = n.created_at, updated_at = n.updated_at FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.users)?;
        macro_rules! columns {
            ($($sql:ty: $column:ident),* $(,)?) => {
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                )*
            };
        }
        columns! {
            BigInt: expected,
            BigInt: versions,
            BigInt: epochs,
            Binary: sealed,
            Nullable<BigInt>: confirmed_at,
            Nullable<BigInt>: pending_at,
            Nullable<BigInt>: last_steps,
            BigInt: failures,
            Binary: recent_failures,
            BigInt: backup_failures,
            BigInt: pending_failures,
            Binary: proof_failures,
            BigInt: backup_codes_remaining,
            Nullable<BigInt>: last_used_at,
            BigInt: created_at,
            BigInt: updated_at,
        }
        out.push_sql(
            ") AS n (user_id, expected, version, epoch, sealed, confirmed_at, pending_at, last_step, failures, \
             recent_failures, backup_failures, pending_failures, proof_failures, backup_codes_remaining, last_used_at, created_at, updated_at) \
             WHERE totp_devices.user_id = n.user_id AND totp_devices.version = n.expected \
             RETURNING totp_devices.user_id",
        );
        Ok(())
    }
}

impl Query for UpdateAll<'_> {
    type SqlType = Text;
}

/// Prepared once per connection.
impl QueryId for UpdateAll<'_> {
    type QueryId = UpdateAll<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Connection> RunQueryDsl<Connection> for UpdateAll<'_> {}
