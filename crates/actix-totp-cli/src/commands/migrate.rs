//! `migrate`.

use serde::Serialize;

use crate::{
    arguments::Migrate,
    failure::{Failure, sentence},
    run::Session,
};

/// What was run.
#[derive(Debug, Serialize)]
struct Migrated {
    migrations: Vec<&'static str>,
    dry_run: bool,
}

/// Makes the table, or brings it up to date.
pub(crate) fn migrate(session: &mut Session, migrate: &Migrate) -> Result<(), Failure> {
    let inspected = session.database.inspect()?;
    let answer = Migrated {
        migrations: inspected
            .map(|it| it.pending_migrations)
            .unwrap_or_default(),
        dry_run: migrate.dry_run,
    };
    if !answer.dry_run {
        let migrated = session.database.migrate();
        migrated.map_err(|error| Failure::Wiring(sentence(&error)))?;
    }
    session
        .out
        .answer(&answer, || match answer.migrations.as_slice() {
            [] => "there is nothing to migrate".into(),
            these if answer.dry_run => {
                format!("{} would be run; nothing was done", these.join(", "))
            }
            these => format!("{} has been run", these.join(", ")),
        })
}
