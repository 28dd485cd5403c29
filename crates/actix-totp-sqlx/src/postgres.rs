//! What is different about PostgreSQL.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use actix_totp_sql::{
    Limits, Row, Write, WriteAll, WriteKind,
    actix_totp_core::UserId,
    statements::{self, ForAll},
    with_columns,
};
use sqlx::{PgConnection, Postgres, postgres::PgConnectOptions};

use crate::{
    backend::{Open, queries},
    session::Session,
};

macro_rules! text {
    ($statement:ident) => {{
        static TEXT: LazyLock<String> = LazyLock::new(|| numbered(statements::$statement));
        TEXT.as_str()
    }};
}

/// `?`, `?` as `$1`, `$2`.
fn numbered(statement: &str) -> String {
    let mut words = statement.split('?');
    let first = words.next().unwrap_or_default().to_owned();
    words.enumerate().fold(first, |text, (at, words)| {
        format!("{text}${}{words}", at + 1)
    })
}

with_columns!(
    queries! { Postgres, Postgres, text: text, user_id: String, str, begin: "BEGIN", {
        fn find_all(session: &mut Self, users: &[&UserId]) -> Result<Vec<Option<Row>>, sqlx::Error> {
            let wanted: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
            let rows = session.ask(async |connection| {
                sqlx::query(text!(FIND_ALL)).bind(wanted).fetch_all(connection).await
            })?;
            let mut found = HashMap::with_capacity(rows.len());
            for row in &rows {
                let row = read(row)?;
                found.insert(row.user.clone(), row);
            }
            let row = |user: &&UserId| found.get(user.as_str().as_bytes()).cloned();
            Ok(users.iter().map(row).collect())
        }

        const WRITE_ALL: Option<WriteAll<Self>> = Some(write_all);

        /// A unique violation, a serialization failure, a deadlock.
        fn is_conflict(error: &sqlx::Error) -> bool {
            let code = error.as_database_error().and_then(|error| error.code());
            matches!(code.as_deref(), Some("23505" | "40001" | "40P01"))
        }
    }}
);

static FOR_ALL: LazyLock<[String; 3]> = LazyLock::new(|| {
    [WriteKind::Update, WriteKind::Delete, WriteKind::Insert].map(|it| numbered(it.for_all()))
});

fn write_all(
    session: &mut Session<Postgres>,
    kind: WriteKind,
    writes: &[Write<'_>],
) -> Result<Vec<bool>, sqlx::Error> {
    macro_rules! bind_lists {
        ([$($column:ident: $sql:ty => $value:ty,)*] $statement:ident, $lists:ident) => {
            $statement$(.bind($lists.$column))*
        };
    }
    let ForAll {
        users,
        expected,
        lists,
    } = ForAll::of(kind, writes);
    let written = session.ask(async |connection| {
        let mut statement = sqlx::query_scalar(FOR_ALL[kind as usize].as_str()).bind(users);
        if let Some(expected) = expected {
            statement = statement.bind(expected);
        }
        if let Some(lists) = lists {
            statement = with_columns!(bind_lists! { statement, lists });
        }
        statement.fetch_all(connection).await
    })?;
    let written: HashSet<String> = written.into_iter().collect();
    let is_written = |write: &Write<'_>| written.contains(write.swap.user.as_str());
    Ok(writes.iter().map(is_written).collect())
}

impl Open for Postgres {
    type Driver = Session<Self>;

    fn parse(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
        url.parse()
    }

    async fn set_up(connection: &mut PgConnection, limits: Limits) -> Result<(), sqlx::Error> {
        let set = "SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)";
        sqlx::query(set)
            .bind(limits.lock.as_millis().to_string())
            .bind(limits.statement.as_millis().to_string())
            .persistent(false)
            .execute(connection)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_from_one() {
        assert_eq!(numbered("a = ? AND b > ?"), "a = $1 AND b > $2");
        assert_eq!(numbered("DELETE"), "DELETE");
    }
}
