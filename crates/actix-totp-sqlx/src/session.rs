//! A connection that a thread can wait for, and what makes such connections.

use std::{io, time::Duration};

use actix_totp_sql::{Driver, Limits, retry_while};
use sqlx::{ConnectOptions, Connection};

use crate::{backend::Open, runtime::Runtime};

pub(crate) type Options<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

/// A connection of a store.
pub struct Session<DB: sqlx::Database> {
    connection: DB::Connection,
    runtime: Runtime,
    patience: Duration,
    is_broken: bool,
}

impl<DB: sqlx::Database> Session<DB> {
    /// Asks the database. Where no answer comes the server is gone, as its own limits are shorter: then it is unknown what it
    /// has done, and nothing more is asked on this connection.
    pub(crate) fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&mut DB::Connection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        self.ask_within(self.patience, question)
    }

    /// As [`ask`](Self::ask), for what may take longer.
    pub(crate) fn ask_within<T>(
        &mut self,
        patience: Duration,
        question: impl AsyncFnOnce(&mut DB::Connection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        if self.is_broken {
            return Err(no_answer());
        }
        let answer = self.runtime.wait(patience, question(&mut self.connection));
        self.is_broken = answer.is_none();
        answer.unwrap_or_else(|| Err(no_answer()))
    }

    pub(crate) fn answers(&mut self) -> bool {
        self.ask(async |connection| connection.ping().await).is_ok()
    }

    pub(crate) const fn discard(&mut self) {
        self.is_broken = true;
    }
}

fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        "the database did not answer",
    ))
}

/// Makes the connections of a pool.
pub struct Manager<DB: Open> {
    pub(crate) options: Options<DB>,
    pub(crate) limits: Limits,
    pub(crate) runtime: Runtime,
}

impl<DB: Open> r2d2::ManageConnection for Manager<DB> {
    type Connection = Session<DB>;
    type Error = sqlx::Error;

    fn connect(&self) -> Result<Session<DB>, sqlx::Error> {
        let patience = self.limits.answer();
        let connect = async || {
            let mut connection = self.options.connect().await?;
            DB::set_up(&mut connection, self.limits).await?;
            Ok(connection)
        };
        let attempt = || {
            let connected = self.runtime.wait(patience, connect());
            connected.unwrap_or_else(|| Err(no_answer()))
        };
        // Several processes that switch a new SQLite file to WAL at once get SQLITE_BUSY without a wait.
        let connection = retry_while(attempt, DB::Driver::is_conflict)?;
        Ok(Session {
            connection,
            runtime: self.runtime.clone(),
            patience,
            is_broken: false,
        })
    }

    fn is_valid(&self, session: &mut Session<DB>) -> Result<(), sqlx::Error> {
        session.ask(async |connection| connection.ping().await)
    }

    /// After a panic it may be in the middle of a transaction.
    fn has_broken(&self, session: &mut Session<DB>) -> bool {
        session.is_broken || std::thread::panicking()
    }
}
