//! What a store says of its database.

use crate::support::{self, TestConnection, TestStore, migrated};

support::on_every_database!(
    it_says_whether_the_table_is_there_and_what_is_pending,
    the_settings_of_its_own_connections_are_right,
    clocks_of_one_machine_agree,
);

fn it_says_whether_the_table_is_there_and_what_is_pending<S: TestStore>() {
    let database = S::Connection::database();
    let store = S::open(database.url());
    let before = store.inspect();
    assert!(!before.has_table && !before.pending_migrations.is_empty());
    assert_eq!(store.inspect(), before, "to look makes nothing");
    store.migrate();
    let after = store.inspect();
    assert!(after.has_table && after.pending_migrations.is_empty());
    store.revert_migrations();
    assert_eq!(
        store.inspect().pending_migrations,
        before.pending_migrations
    );
}

fn the_settings_of_its_own_connections_are_right<S: TestStore>() {
    let settings = migrated::<S>().store.inspect().settings;
    assert!(settings.len() > 1);
    assert!(settings.iter().all(|it| it.is_right), "{settings:?}");
}

fn clocks_of_one_machine_agree<S: TestStore>() {
    let seconds = migrated::<S>().store.inspect().seconds_ahead;
    assert!(seconds.is_none_or(|it| it.abs() <= 1), "{seconds:?}");
}
