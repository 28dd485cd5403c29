//! A driver whose database is a map that all of its connections share.

use std::{
    collections::BTreeMap,
    num::TryFromIntError,
    ops::Bound,
    sync::{Arc, Mutex},
};

use actix_totp_core::UserId;

use crate::{
    columns::{Columns, Row},
    driver::{ConnectionPool, Dialect, Driver},
};

pub(super) type Rows = Arc<Mutex<BTreeMap<UserId, Columns>>>;

pub(super) struct Memory;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("another writer was first")]
    Conflict,
    #[error("this test fails on purpose")]
    OnPurpose,
}

pub(super) struct Manager(Rows);

impl r2d2::ManageConnection for Manager {
    type Connection = Rows;
    type Error = Failure;

    fn connect(&self) -> Result<Rows, Failure> {
        Ok(Arc::clone(&self.0))
    }

    fn is_valid(&self, _: &mut Rows) -> Result<(), Failure> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Rows) -> bool {
        false
    }
}

/// A new database.
pub(super) fn pool(connections: u32) -> ConnectionPool<Memory> {
    let pool = r2d2::Pool::builder().max_size(connections);
    pool.build(Manager(Rows::default())).unwrap()
}

fn row((user, columns): (&UserId, &Columns)) -> Row {
    let (user, columns) = (user.as_str().into(), columns.clone());
    Row { user, columns }
}

impl Driver for Memory {
    type Connection = Rows;
    type Manager = Manager;
    type Error = Failure;

    const DIALECT: Dialect = Dialect::Sqlite;

    fn find(rows: &mut Rows, user: &UserId) -> Result<Option<Row>, Failure> {
        Ok(rows.lock().unwrap().get_key_value(user).map(row))
    }

    fn insert(rows: &mut Rows, user: &UserId, columns: &Columns) -> Result<usize, Failure> {
        let mut rows = rows.lock().unwrap();
        if rows.contains_key(user) {
            return Err(Failure::Conflict);
        }
        rows.insert(user.clone(), columns.clone());
        Ok(1)
    }

    fn update(
        rows: &mut Rows,
        user: &UserId,
        expected: i64,
        columns: &Columns,
    ) -> Result<usize, Failure> {
        let deleted = Self::delete(rows, user, expected)?;
        if deleted == 1 {
            Self::insert(rows, user, columns)?;
        }
        Ok(deleted)
    }

    fn delete(rows: &mut Rows, user: &UserId, expected: i64) -> Result<usize, Failure> {
        let mut rows = rows.lock().unwrap();
        let is_there = rows.get(user).is_some_and(|it| it.version == expected);
        Ok(usize::from(is_there && rows.remove(user).is_some()))
    }

    fn page(rows: &mut Rows, after: Option<&UserId>, limit: i64) -> Result<Vec<Row>, Failure> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = rows.lock().unwrap();
        let range = rows.range((start, Bound::Unbounded)).map(row);
        Ok(range.take(usize::try_from(limit).unwrap()).collect())
    }

    fn transaction(
        rows: &mut Rows,
        run: &mut dyn FnMut(&mut Rows) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let before = rows.lock().unwrap().clone();
        let done = run(rows);
        if done.is_err() {
            *rows.lock().unwrap() = before;
        }
        done
    }

    fn execute(_: &mut Rows, _: &'static str) -> Result<(), Failure> {
        Err(Failure::OnPurpose)
    }

    fn number(_: &mut Rows, _: &'static str) -> Result<Option<i64>, Failure> {
        Err(Failure::OnPurpose)
    }

    fn answers(_: &mut Rows) -> bool {
        true
    }

    fn discard(_: &mut Rows) {}

    fn is_conflict(error: &Failure) -> bool {
        matches!(error, Failure::Conflict)
    }

    fn out_of_range(_: TryFromIntError) -> Failure {
        Failure::OnPurpose
    }
}
