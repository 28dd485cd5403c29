//! What a driver does for a store: the queries, on one connection.

use std::num::TryFromIntError;

use actix_totp_core::{Swap, UserId};

use crate::columns::{Columns, Row};

/// Connections to one database.
pub type ConnectionPool<D> = r2d2::Pool<<D as Driver>::Manager>;

/// What a store opens.
pub struct Opened<D: Driver> {
    /// Reads, and writes too where there is no writer.
    pub pool: ConnectionPool<D>,
    /// The one connection that writes, on SQLite.
    pub writer: Option<WriterConnection<D>>,
}

impl<D: Driver> Opened<D> {
    /// Every connection reads and writes.
    pub const fn without_writer(pool: ConnectionPool<D>) -> Self {
        Self { pool, writer: None }
    }
}

/// The one connection that writes, in a pool of its own.
pub struct WriterConnection<D: Driver> {
    /// Holds one connection.
    pub pool: ConnectionPool<D>,
    /// [`Driver::transaction`], or what a test does instead.
    pub transaction: Transaction<D>,
    /// What is done behind everybody's answer.
    pub after_commit: AfterCommit,
}

/// Is given after each commit how many rows it wrote, when everybody has their answer.
pub type AfterCommit = Box<dyn FnMut(usize) + Send>;

/// Runs a function in one transaction.
pub type Transaction<D> = fn(
    &mut <D as Driver>::Connection,
    &mut dyn FnMut(&mut <D as Driver>::Connection) -> Result<(), <D as Driver>::Error>,
) -> Result<(), <D as Driver>::Error>;

/// Writes many of one kind with one statement that commits by itself, and says for each in order whether it was written. No
/// user comes twice.
pub type WriteAll<D> = fn(
    &mut <D as Driver>::Connection,
    WriteKind,
    &[Write<'_>],
) -> Result<Vec<bool>, <D as Driver>::Error>;

/// Makes many updates with few statements, in a transaction that has begun, and says for each in order whether it was written.
/// No user comes twice.
pub type UpdateAll<D> =
    fn(&mut <D as Driver>::Connection, &[Write<'_>]) -> Result<Vec<bool>, <D as Driver>::Error>;

/// What a swap does to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// Of a row at the expected version.
    Update,
    /// Of a row at the expected version.
    Delete,
    /// Of a row that is expected to be absent.
    Insert,
}

impl WriteKind {
    /// `None`: it writes nothing.
    pub(crate) const fn of(swap: &Swap) -> Option<Self> {
        match (swap.expected, &swap.next) {
            (Some(_), Some(_)) => Some(Self::Update),
            (Some(_), None) => Some(Self::Delete),
            (None, Some(_)) => Some(Self::Insert),
            (None, None) => None,
        }
    }
}

/// A swap, and the values that it writes.
pub struct Write<'a> {
    /// The swap.
    pub swap: &'a Swap,
    /// What it writes; `None`: it deletes.
    pub columns: Option<Columns>,
}

impl<'a> Write<'a> {
    pub(crate) fn of(swap: &'a Swap) -> Result<Self, TryFromIntError> {
        let columns = swap.next.as_ref().map(Columns::of).transpose()?;
        Ok(Self { swap, columns })
    }
}

/// The kind of a database: migrating differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB, also as a Galera cluster.
    Mysql,
}

/// A driver for one kind of database, and what a store asks of its connections.
pub trait Driver: Sized + 'static {
    /// A connection.
    type Connection: Send + 'static;
    /// Makes such connections.
    type Manager: r2d2::ManageConnection<Connection = Self::Connection>;
    /// Why a query failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The kind of the database.
    const DIALECT: Dialect;

    /// The row of a user.
    fn find(connection: &mut Self::Connection, user: &UserId) -> Result<Option<Row>, Self::Error>;

    /// Writes a row where there is none; the number of rows written. A row that is there already is an error that
    /// [`is_conflict`](Self::is_conflict) knows.
    fn insert(
        connection: &mut Self::Connection,
        user: &UserId,
        columns: &Columns,
    ) -> Result<usize, Self::Error>;

    /// Writes the row that is at this version; the number of rows written.
    fn update(
        connection: &mut Self::Connection,
        user: &UserId,
        expected: i64,
        columns: &Columns,
    ) -> Result<usize, Self::Error>;

    /// Deletes the row that is at this version; the number of rows deleted.
    fn delete(
        connection: &mut Self::Connection,
        user: &UserId,
        expected: i64,
    ) -> Result<usize, Self::Error>;

    /// The rows after a user, in the order of their bytes.
    fn page(
        connection: &mut Self::Connection,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<Vec<Row>, Self::Error>;

    /// Finds many; the rows are in the order of the users.
    fn find_all(
        connection: &mut Self::Connection,
        users: &[&UserId],
    ) -> Result<Vec<Option<Row>>, Self::Error> {
        users
            .iter()
            .map(|user| Self::find(connection, user))
            .collect()
    }

    /// One statement for many swaps of a kind, where the database has it.
    const WRITE_ALL: Option<WriteAll<Self>> = None;

    /// What the writer has beside [`update`](Self::update), where each statement costs more than what it does.
    const UPDATE_ALL: Option<UpdateAll<Self>> = None;

    /// Runs a function in one transaction, which on SQLite takes the write lock at its start. What fails in it, or in its
    /// COMMIT, rolls it back.
    #[allow(
        clippy::type_complexity,
        reason = "with a name it has another lifetime"
    )]
    fn transaction(
        connection: &mut Self::Connection,
        run: &mut dyn FnMut(&mut Self::Connection) -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error>;

    /// Runs statements without parameters.
    fn execute(connection: &mut Self::Connection, sql: &'static str) -> Result<(), Self::Error>;

    /// The one value of a query without parameters, a BIGINT named `number`.
    fn number(
        connection: &mut Self::Connection,
        sql: &'static str,
    ) -> Result<Option<i64>, Self::Error>;

    /// Whether the connection still answers.
    fn answers(connection: &mut Self::Connection) -> bool;

    /// Makes the pool drop this connection instead of giving it to somebody else.
    fn discard(connection: &mut Self::Connection);

    /// Whether this error of a conditional write says that another writer was first, and nothing was written. Any other is a
    /// fault.
    fn is_conflict(error: &Self::Error) -> bool;

    /// The error for a value that no column holds.
    fn out_of_range(error: TryFromIntError) -> Self::Error;
}
