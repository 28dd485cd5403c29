//! The page of the second step where nobody can say whether the code is good: its ticket is not lost.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
};

use actix_web::rt::System;

use crate::{
    Site,
    pages::{asked_for_a_code, ticket_in},
    support::{Answer, PageClient},
    user,
};

fn send(alice: &mut PageClient, ticket: &str, token: &str) -> Answer {
    let fields = [("form", "code"), ("ticket", ticket), ("token", token)];
    alice.submit("/otp/sign-in/", &fields)
}

/// Whether the page says so, asks for a code with this ticket, and says when to come back.
#[track_caller]
fn assert_may_be_tried_again(answer: &Answer, status: u16, ticket: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(ticket_in(answer), ticket);
    assert_eq!(answer.header("retry-after"), Some("2"));
    let page = answer.text();
    assert!(page.contains("does not work at the moment"), "{page}");
}

#[test]
fn while_the_store_does_not_answer_the_page_keeps_its_ticket_and_the_next_try_signs_in() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let (mut alice, ticket) = asked_for_a_code(&site, "/");
    site.store.fail_from(1);
    let code = phone.code();
    for _ in 0..2 {
        let answer = send(&mut alice, &ticket, &code);
        assert_may_be_tried_again(&answer, 503, &ticket);
        assert!(alice.browser.cookies.is_empty());
    }
    // What is refused for another reason says so, though the page itself cannot ask the store.
    let refused = send(&mut alice, &ticket, "12345");
    assert_eq!((refused.status, ticket_in(&refused)), (503, ticket.clone()));
    site.store.fail_from(0);
    assert_eq!(send(&mut alice, &ticket, &code).status, 303);
    assert_eq!(alice.browser.get("/me").text(), "alice");
}

#[test]
fn the_first_page_is_shown_while_the_store_does_not_answer() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = PageClient::at(site.browser());
    site.store.fail_only(2); // the first call is that of `begin_sign_in`
    let answer = alice.submit("/enter/alice", &[]);
    let ticket = ticket_in(&answer);
    assert_may_be_tried_again(&answer, 503, &ticket);
    assert_eq!(send(&mut alice, &ticket, &phone.code()).status, 303);
}

#[test]
fn while_the_account_is_hammered_the_page_keeps_its_ticket_and_the_next_try_signs_in() {
    let site = Site::start();
    let id = user("alice");
    let (phone, _) = site.enroll(&id);
    let (mut alice, ticket) = asked_for_a_code(&site, "/");
    let swaps = Arc::new(Barrier::new(2));
    let (held, open) = (Arc::clone(&swaps), Arc::new(Barrier::new(2)));
    let opened = Arc::clone(&open);
    let once = std::sync::Once::new();
    site.store.before_swaps(move || {
        once.call_once(|| {
            held.wait();
            opened.wait();
        });
    });
    let (code, wrong) = (phone.code(), phone.wrong_code());
    let answer = System::new().block_on(async {
        let hammer = |token: &str| {
            let guess = pin!(site.totp.authenticate(&id, token));
            let polled = guess.poll(&mut Context::from_waker(Waker::noop()));
            assert!(!matches!(polled, Poll::Ready(Ok(_))), "the store is held");
        };
        hammer(&wrong); // is written
        swaps.wait();
        thread::scope(|scope| {
            let asking = scope.spawn(|| send(&mut alice, &ticket, &code));
            // Each that comes refuses one of those that wait, by lot: in the end hers.
            while !asking.is_finished() {
                hammer("no code, and not counted");
            }
            asking.join().unwrap()
        })
    });
    open.wait();
    assert_may_be_tried_again(&answer, 429, &ticket);
    assert_eq!(send(&mut alice, &ticket, &code).status, 303);
    assert_eq!(alice.browser.get("/me").text(), "alice");
}
