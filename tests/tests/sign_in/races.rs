//! One ticket, sent many times at once.

use std::sync::Barrier;

use crate::{
    Site, complete,
    support::{Answer, Browser},
    ticket, user,
};

const BROWSERS: usize = 32;

/// What 32 browsers are answered that send this ticket at once, each with one of these tokens.
fn race(site: &Site, ticket: &str, tokens: &[String]) -> Vec<(Browser, Answer)> {
    let ready = Barrier::new(BROWSERS);
    std::thread::scope(|scope| {
        let sending: Vec<_> = (0..BROWSERS)
            .map(|n| {
                let (ready, token) = (&ready, &tokens[n % tokens.len()]);
                let mut browser = site.browser();
                scope.spawn(move || {
                    ready.wait();
                    let answer = complete(&mut browser, ticket, token);
                    (browser, answer)
                })
            })
            .collect();
        sending.into_iter().map(|it| it.join().unwrap()).collect()
    })
}

/// That one is signed in, and the others learn that the ticket is used.
#[track_caller]
fn assert_one_is_signed_in(answers: Vec<(Browser, Answer)>) {
    let mut signed_in = 0;
    for (mut browser, answer) in answers {
        if answer.status == 200 {
            signed_in += 1;
            assert_eq!(browser.get("/vault").status, 200);
        } else {
            answer.problem(401, "invalid_ticket");
            assert!(browser.cookies.is_empty());
        }
    }
    assert_eq!(signed_in, 1);
}

#[test]
fn with_one_code_one_is_signed_in() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    for _ in 0..3 {
        let given = ticket(&mut site.browser(), "alice");
        assert_one_is_signed_in(race(&site, &given, &[phone.code()]));
        site.clock.advance_secs(30);
    }
    assert_eq!(site.device(&user("alice")).failures, 0);
}

#[test]
fn with_all_codes_that_are_good_and_backup_codes_one_is_signed_in() {
    let site = Site::start();
    let alice = user("alice");
    let (phone, backup) = site.enroll(&alice);
    let given = ticket(&mut site.browser(), "alice");
    let codes = [-30, 0, 30].map(|secs| phone.code_in(secs)).to_vec();
    assert_one_is_signed_in(race(&site, &given, &codes));
    site.clock.advance_secs(90);
    let given = ticket(&mut site.browser(), "alice");
    let mut tokens = backup[..3].to_vec();
    tokens.push(phone.code());
    assert_one_is_signed_in(race(&site, &given, &tokens));
    assert!(site.device(&alice).backup_codes_remaining >= 9);
    assert_eq!(site.device(&alice).failures, 0);
}

/// Two tickets of one user are two passwords: the second is void, and its owner begins again.
#[test]
fn of_two_tickets_one_signs_in() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let (mut here, mut there) = (site.browser(), site.browser());
    let tickets = [ticket(&mut here, "alice"), ticket(&mut there, "alice")];
    assert_eq!(complete(&mut here, &tickets[0], &phone.code()).status, 200);
    let late = complete(&mut there, &tickets[1], &phone.code_in(30));
    late.problem(401, "invalid_ticket");
    site.clock.advance_secs(30);
    let again = ticket(&mut there, "alice");
    assert_eq!(complete(&mut there, &again, &phone.code()).status, 200);
    assert_eq!(here.get("/vault").status, 200, "both are signed in");
}
