//! Many browsers of one user at the same moment.

use std::sync::Barrier;

use serde_json::json;

use super::{add, ids, remove};
use crate::{
    GENERATE, VERIFY,
    support::{Answer, Browser, TestApp},
};

/// What each answers when all are sent at once, each in a browser that has shown the password.
fn all_at_once<T: Send>(
    app: &TestApp,
    requests: Vec<T>,
    send: impl Fn(&mut Browser, T) -> Answer + Sync,
) -> Vec<Answer> {
    let ready = Barrier::new(requests.len());
    let browsers: Vec<_> = requests.iter().map(|_| app.signed_in("alice")).collect();
    std::thread::scope(|scope| {
        let sending: Vec<_> = browsers
            .into_iter()
            .zip(requests)
            .map(|(mut browser, request)| {
                let (ready, send) = (&ready, &send);
                scope.spawn(move || {
                    ready.wait();
                    send(&mut browser, request)
                })
            })
            .collect();
        sending.into_iter().map(|it| it.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|it| it.status == status).count()
}

#[test]
fn of_removals_of_the_last_two_at_once_one_is_done() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    add(&app, &mut alice, &phone.code(), "Key");
    let ids = ids(&mut alice);
    let requests = backup[..8].iter().enumerate();
    let requests = requests.map(|(n, code)| (remove(&ids[n % 2]), code));
    let answers = all_at_once(&app, requests.collect(), |browser, (path, code)| {
        browser.token(&path, code)
    });
    assert_eq!(count(&answers, 200), 1);
    for answer in &answers {
        match answer.status {
            200 => {}
            400 => drop(answer.problem(400, "last_authenticator")),
            _ => drop(answer.problem(404, "no_such_authenticator")),
        }
    }
    let device = app.device().unwrap();
    assert_eq!(device.authenticators.len(), 1);
    assert_eq!(device.backup_codes_remaining, 9, "one was spent");
}

#[test]
fn of_16_that_are_added_at_once_no_more_are_than_the_limit_allows() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let others = ["2", "3", "4"].map(|name| add(&app, &mut alice, &phone.code(), name));
    let phones = others.iter().chain([&phone]).map(|it| it.code());
    let used_twice = backup[..2].iter();
    let tokens = backup.iter().chain(used_twice).cloned().chain(phones);
    let tokens: Vec<_> = tokens.collect();
    assert_eq!(tokens.len(), 16);
    let answers = all_at_once(&app, tokens, |browser, token| {
        let body = json!({ "token": token, "name": "5" });
        let generated = browser.post(GENERATE[0], &body);
        if generated.status != 200 {
            return generated;
        }
        let added = app.authenticator(&generated.json());
        browser.token(VERIFY[0], &added.code())
    });
    let added = count(&answers, 200);
    let live = app.device().unwrap().authenticators.len();
    assert_eq!(live, 4 + added);
    assert!(added <= 1, "{added} were added to 4 of at most 5");
}
