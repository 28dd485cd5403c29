//! What migrating has in common on all databases: only our migrations are looked at.

#[cfg(any(feature = "sqlite", feature = "mysql"))]
use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[cfg(any(feature = "sqlite", feature = "mysql"))]
/// How long other processes are waited for that migrate, too.
const TIMEOUT: Duration = Duration::from_secs(60);
#[cfg(any(feature = "sqlite", feature = "mysql"))]
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn run<C, DB>(connection: &mut C, ours: EmbeddedMigrations) -> Result<(), Failure>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    connection.run_pending_migrations(ours).map(drop)
}

pub(crate) fn revert<C, DB>(connection: &mut C, ours: EmbeddedMigrations) -> Result<(), Failure>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let applied: Vec<MigrationVersion<'static>> = connection.applied_migrations()?;
    let mut migrations: Vec<Box<dyn Migration<DB>>> = ours.migrations()?;
    migrations.sort_by(|a, b| b.name().version().cmp(&a.name().version()));
    for migration in migrations {
        if applied.contains(&migration.name().version().as_owned()) {
            connection.revert_migration(&*migration)?;
        }
    }
    Ok(())
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
/// Tries again while others are in the way, for a minute at most.
pub(crate) fn retry_while(
    mut attempt: impl FnMut() -> Result<(), Failure>,
    others_are_in_the_way: impl Fn(&Failure) -> bool,
) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(error) if others_are_in_the_way(&error) && started.elapsed() < TIMEOUT => {
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}
