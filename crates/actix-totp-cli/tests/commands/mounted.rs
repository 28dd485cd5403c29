//! The commands as a subcommand of an application, with its own store, keys and settings.

use std::{
    process::ExitCode,
    sync::{Arc, Mutex},
};

use actix_totp_cli::{
    Args,
    actix_totp_core::{Event, EventContext},
    actix_totp_diesel::{
        DieselStore,
        diesel::{
            Connection, SqliteConnection,
            r2d2::{ConnectionManager, Pool},
        },
    },
    run, run_with,
};
use clap::Parser;

use crate::support::{Database, OLD, Users, key_ring, user};

/// The application's own command line.
#[derive(Parser)]
enum Application {
    Serve,
    Totp(Args),
}

fn totp(line: &str) -> Args {
    match Application::parse_from(line.split_whitespace()) {
        Application::Totp(args) => args,
        Application::Serve => panic!("{line} serves"),
    }
}

type Told = Arc<Mutex<Vec<(Event, Option<String>)>>>;

#[test]
fn an_application_hears_what_is_done_and_by_whom() {
    let database = Database::sqlite();
    Users::in_database(&database).enroll_many(2);
    let told = Told::default();
    for line in [
        "application totp unlock user-000 --actor jane",
        "application totp end-proofs --everybody --yes --actor jane",
        "application totp reset user-001 --yes",
    ] {
        let told = Arc::clone(&told);
        let hear = move |event: &Event, context: &EventContext| {
            told.lock()
                .unwrap()
                .push((event.clone(), context.actor.clone()));
        };
        let code = run_with(totp(line), database.store(), key_ring(OLD), |totp| {
            totp.on_event(hear)
        });
        assert_eq!(code, ExitCode::SUCCESS);
    }
    let told = told.lock().unwrap();
    let events: Vec<&Event> = told.iter().map(|(event, _)| event).collect();
    let [first, second] = ["user-000", "user-001"].map(user);
    assert_eq!(
        events,
        [
            &Event::Unlocked {
                user: first.clone()
            },
            &Event::ProofsEnded { user: first },
            &Event::ProofsEnded {
                user: second.clone()
            },
            &Event::Reset { user: second },
        ]
    );
    let actors: Vec<&str> = told
        .iter()
        .map(|(_, actor)| actor.as_deref().unwrap())
        .collect();
    assert_eq!(actors[..3], ["jane"; 3]);
    assert!(!actors[3].is_empty(), "the login name");
}

/// A pool of the application's own has the settings that the application gave it.
#[test]
fn the_doctor_finds_what_an_application_did_not_set_on_its_own_pool() {
    let database = Database::sqlite();
    let manager = ConnectionManager::<SqliteConnection>::new(&database.url);
    let store = DieselStore::from_pool(Pool::builder().max_size(1).build(manager).unwrap());
    store.migrate().unwrap();
    let inspection = store.inspect().unwrap();
    let wrong = inspection.settings.iter().filter(|it| !it.is_right);
    assert_eq!(
        wrong.map(|it| it.name).collect::<Vec<_>>(),
        ["journal_mode", "busy_timeout"]
    );
    let code = run(totp("application totp check"), store, key_ring(OLD));
    assert_eq!(code, ExitCode::from(1));
    assert!(SqliteConnection::establish(&database.url).is_ok());
}
