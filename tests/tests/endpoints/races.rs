//! Many browsers of one user at the same moment.

use std::sync::Barrier;

use crate::support::{Answer, Browser, TestApp};
use serde_json::json;

const BROWSERS: usize = 8;

/// What each of these browsers is answered when all send the same at once.
fn all_at_once(browsers: &mut [Browser], path: &str, token: &str) -> Vec<Answer> {
    let ready = Barrier::new(browsers.len());
    std::thread::scope(|scope| {
        let sending: Vec<_> = browsers
            .iter_mut()
            .map(|browser| {
                scope.spawn(|| {
                    ready.wait();
                    browser.token(path, token)
                })
            })
            .collect();
        sending.into_iter().map(|it| it.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|it| it.status == status).count()
}

fn browsers(app: &TestApp) -> Vec<Browser> {
    (0..BROWSERS).map(|_| app.signed_in("alice")).collect()
}

#[test]
fn a_code_or_backup_code_opens_one_session_of_all_that_send_it() {
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    for token in [phone.code(), backup[0].clone()] {
        let mut browsers = browsers(&app);
        let answers = all_at_once(&mut browsers, "/auth/otp/validate/", &token);
        assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 7));
        for (browser, answer) in browsers.iter_mut().zip(&answers) {
            match answer.status {
                200 => assert_eq!(browser.get("/vault").status, 200),
                _ => {
                    answer.problem(400, "invalid_token");
                    browser.get("/vault").problem(403, "totp_required");
                }
            }
        }
    }
    let device = app.device().unwrap();
    assert_eq!(device.failures, 0, "a replay is not counted");
    assert_eq!(device.backup_codes_remaining, 9);
}

#[test]
fn one_of_all_that_confirm_is_given_the_backup_codes_that_work() {
    let app = TestApp::start();
    let mut browsers = browsers(&app);
    let generated = browsers[0].post("/auth/otp/generate/", &json!({})).json();
    let phone = app.authenticator(&generated);
    let answers = all_at_once(&mut browsers, "/auth/otp/verify/", &phone.code());
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 7));
    let won = answers.iter().find(|it| it.status == 200).unwrap().json();
    let backup = won["backup_codes"][0].as_str().unwrap();
    browsers[0].token("/auth/otp/validate/", backup).json();
}

#[test]
fn of_all_that_generate_the_last_one_written_is_the_one_that_waits() {
    let app = TestApp::start();
    let mut browsers = browsers(&app);
    browsers.truncate(5); // so that those who are wrong need not wait
    let answers = all_at_once(&mut browsers, "/auth/otp/generate/", "");
    let (mut good, mut wrong) = (0, 0);
    for answer in &answers {
        let phone = app.authenticator(&answer.json());
        let verified = browsers[0].token("/auth/otp/verify/", &phone.code());
        match verified.status {
            200 => good += 1,
            _ if good == 0 => {
                verified.problem(400, "invalid_token");
                wrong += 1;
            }
            _ => {
                verified.problem(400, "already_confirmed");
            }
        }
    }
    assert_eq!(good, 1, "{wrong} were wrong");
}

#[test]
fn of_all_that_disable_one_is_told_so_and_nothing_is_left() {
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let answers = all_at_once(&mut browsers(&app), "/auth/otp/disable/", &phone.code());
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 7));
    assert!(app.device().is_none());
    for answer in answers.iter().filter(|it| it.status == 400) {
        answer.problem(400, "not_enabled");
    }
}

/// Reads of one user that wait together share one answer: each must see the same device.
#[test]
fn no_parallel_request_without_a_proof_passes() {
    let app = TestApp::start();
    app.enrolled("alice");
    for round in 0..10 {
        let mut browsers = browsers(&app);
        let ready = Barrier::new(browsers.len());
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let ask = |browser: &mut Browser| {
                ready.wait();
                browser.get("/account").status // guarded for those who have a second factor
            };
            let asking: Vec<_> = browsers
                .iter_mut()
                .map(|browser| scope.spawn(move || ask(browser)))
                .collect();
            asking.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert_eq!(statuses, [403; BROWSERS], "round {round}");
    }
}
