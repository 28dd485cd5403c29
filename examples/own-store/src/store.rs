//! Load, swap and page, over connections of the store's own.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_totp_core::{Device, DeviceStore, StoreError, UserId, Version};
use redis::{Client, Commands, Connection, ErrorKind, RedisError, RedisResult, Script};

use crate::row::{self, Row};

/// How long Redis may take to connect, and then for each thing it takes or answers, before the outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(2);

/// Devices in Redis. What it promises, and what Redis must be set to for it, is in the docs of the crate.
pub struct RedisStore {
    client: Client,
    prefix: String,
    swap: Script,
    /// As many as were ever needed at once: no more than there are threads that ask. A pool that bounds them would be one
    /// more place to wait in.
    idle: Mutex<Vec<Connection>>,
}

impl RedisStore {
    /// Devices in the Redis at `url` (`redis://:password@host:port/db`), under keys that begin with `{totp}:`.
    ///
    /// Asks nobody yet: whether Redis answers is found out by the plugin's `check`.
    ///
    /// # Errors
    ///
    /// If `url` is none, or asks for TLS, which is a feature of the crate `redis`.
    pub fn open(url: &str) -> RedisResult<Self> {
        Self::with_prefix(url, "{totp}:")
    }

    /// The same under keys that begin with `prefix`, for one Redis with several applications.
    ///
    /// In a cluster it must hold a hash tag, a part in braces: the keys of one swap must be at one server.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn with_prefix(url: &str, prefix: impl Into<String>) -> RedisResult<Self> {
        Ok(Self {
            client: Client::open(url)?,
            prefix: prefix.into(),
            swap: Script::new(include_str!("swap.lua")),
            idle: Mutex::default(),
        })
    }

    fn row(&self, user: &UserId) -> String {
        format!("{}user:{user}", self.prefix)
    }

    /// Who has a row, all with the score 0: then Redis keeps them in the order of their bytes.
    fn users(&self) -> String {
        format!("{}users", self.prefix)
    }

    /// Asks on a connection that nobody else uses. One that has failed is not used again, as a late answer would be taken
    /// for the answer to the next question; nor are the others, which a restart has ended, too.
    fn ask<T>(
        &self,
        question: impl FnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let answer = idle
            .map_or_else(|| self.connect(), Ok)
            .and_then(|mut connection| Ok((question(&mut connection)?, connection)));
        match answer {
            Ok((answer, connection)) => {
                self.idle().push(connection);
                Ok(answer)
            }
            Err(error) => {
                self.idle().clear();
                Err(fault(error))
            }
        }
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceStore for RedisStore {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let row: Row = self.ask(|redis| redis.hgetall(self.row(user)))?;
        if row.is_empty() {
            return Ok(None);
        }
        row::device(user.clone(), &row).map(Some)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let expected = expected.map_or_else(|| "absent".into(), |it| it.to_i64().to_string());
        let mut swap = self.swap.key(self.row(user));
        swap.key(self.users()).arg(expected).arg(user.as_str());
        if let Some(device) = next {
            swap.arg(&row::fields(device));
        }
        self.ask(|redis| swap.invoke(redis))
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        let limit = isize::try_from(limit).unwrap_or(isize::MAX);
        let mut from = after.map_or_else(|| "-".into(), |after| format!("({after}"));
        loop {
            let users: Vec<String> =
                self.ask(|redis| redis.zrangebylex_limit(self.users(), &from, "+", 0, limit))?;
            let Some(last) = users.last() else {
                return Ok(Vec::new());
            };
            from = format!("({last}");
            let mut page = Vec::new();
            // Not as a pipeline: the crate would wait its time for each answer of one, after the first did not come.
            for user in users {
                let user = UserId::new(user).map_err(StoreError::corrupt)?;
                page.extend(self.load(&user)?);
            }
            // Were all of them deleted since, an empty page would say that nobody comes after them.
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }
}

/// There is no conflict that Redis reports as an error, so each is a fault: the write may have happened or not.
fn fault(error: RedisError) -> StoreError {
    let is_no_row = error.kind() == ErrorKind::TypeError || error.code() == Some("WRONGTYPE");
    if is_no_row {
        return StoreError::corrupt(error);
    }
    StoreError::unavailable(error)
}
