//! `kill -9` under load: what was acknowledged is still true. That an answer waits for its commit, and the commit for the
//! disk, is shown in the store's own tests: a kill leaves the page cache as it is.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use crate::support::{Binary, Browser, Driver, told};
use serde_json::json;

const USERS: usize = 16;

struct User {
    browser: Browser,
    backup_codes: Vec<String>,
}

/// Registers, signs in and enrolls; the first code is for the step before, so that no time needs to pass.
fn enrolled(address: SocketAddr, name: &str) -> User {
    let mut browser = Browser::new(address);
    let form = json!({ "username": name, "password": "correct horse", "email": "a@example.com" });
    assert_eq!(browser.post("/register", &form).status, 201);
    assert_eq!(browser.post("/login", &form).status, 200);
    let generated = browser.post("/auth/otp/generate/", &json!({})).json();
    let secret = generated["secret"].as_str().unwrap();
    let code = crate::support::code_at(secret, crate::support::seconds_now());
    let verified = browser.token("/auth/otp/verify/", &code).json();
    let codes = verified["backup_codes"].as_array().unwrap().iter();
    User {
        browser,
        backup_codes: codes.map(|it| it.as_str().unwrap().to_owned()).collect(),
    }
}

crate::support::on_each_driver!(a_kill_under_load_loses_nothing_that_was_acknowledged);

fn a_kill_under_load_loses_nothing_that_was_acknowledged(driver: Driver) {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("SESSIONS", "cookie"), ("WORKERS", "1"), told(driver)];
    let first = Binary::start(folder.path(), &settings);
    let users: Vec<User> = (0..USERS)
        .map(|n| enrolled(first.address, &format!("user {n}")))
        .collect();
    drop(first);

    let mut acknowledged = Vec::new();
    // Two codes of each user per round: the server dies after so many answers.
    for (round, dies_after) in [1, 7, 13, 20, 26].into_iter().enumerate() {
        let running = Binary::start(folder.path(), &settings);
        let address = running.address;
        let (answered, count) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        thread::scope(|scope| {
            for (n, user) in users.iter().enumerate() {
                let (answered, count) = (&answered, &count);
                scope.spawn(move || {
                    for code in &user.backup_codes[2 * round..2 * round + 2] {
                        let answer = user
                            .browser
                            .at(address)
                            .try_token("/auth/otp/validate/", code);
                        match answer {
                            Ok(answer) => assert_eq!(answer.status, 200, "{answer:?}"),
                            Err(_) => return, // it is dead
                        }
                        answered.lock().unwrap().push((n, code.clone()));
                        count.fetch_add(1, SeqCst);
                    }
                });
            }
            while count.load(SeqCst) < dies_after {
                thread::yield_now();
            }
            drop(running); // SIGKILL
        });
        let answered = answered.into_inner().unwrap();
        assert!(answered.len() >= dies_after);
        acknowledged.extend(answered);

        let again = Binary::start(folder.path(), &settings);
        for (n, code) in &acknowledged {
            let replayed = users[*n]
                .browser
                .at(again.address)
                .token("/auth/otp/validate/", code);
            replayed.problem(400, "invalid_token");
        }
    }
    assert!(
        acknowledged.len() < 10 * USERS,
        "some requests met a dead server"
    );
}
