//! Users who must have a second factor: the settings offer nothing that is refused.

use std::sync::Arc;

use actix_totp::{Demand, FakeClock, MemoryStore, Totp, TotpService, UserId, pages::Pages};
use actix_web::HttpRequest;

use super::{alice, routes, site};
use crate::support::{NOON, PageClient, RunningServer, keys};

const WHY: &str =
    "Your account must have two-factor authentication: you can replace the authenticator";

/// alice, who has a second factor and has not shown it.
fn enrolled(demand: Demand) -> (PageClient, TotpService, FakeClock, RunningServer) {
    let (store, clock) = (Arc::new(MemoryStore::new()), FakeClock::at(NOON));
    let builder = || Totp::builder(Arc::clone(&store), keys()).clock(clock.clone());
    let service = builder().build().unwrap().service().clone();
    let user = UserId::new("alice").unwrap();
    let _ = service.enroll(&user, "", None).unwrap();
    let code = service.code_for(&user).unwrap().unwrap();
    assert!(service.confirm(&user, &code).unwrap().accepted().is_some());
    clock.advance_secs(60);
    let of_all = async move |_: &HttpRequest, _: &UserId| Ok(demand);
    let server = site(builder().pages(Pages::new()).demand(of_all), routes);
    (alice(&server, "alice"), service, clock, server)
}

#[test]
fn who_must_have_it_is_shown_no_form_to_turn_it_off_and_told_why() {
    let (mut alice, service, _clock, _server) = enrolled(Demand::Everyone);
    let user = UserId::new("alice").unwrap();
    let page = alice.visit("/auth/otp/settings/");
    assert!(page.contains(WHY) && page.contains("section-replace"));
    assert!(!page.contains("section-disable") && !page.contains("disable/"));

    // A form that was open before is refused, and the page says why.
    let code = service.code_for(&user).unwrap().unwrap();
    let form = [("token", &*code), ("form", "disable")];
    let page = alice.send("../disable/", &form);
    assert_eq!(alice.at, "/auth/otp/settings/");
    assert_eq!(page.matches(WHY).count(), 2, "as a notice, too: {page}");
    assert!(service.status(&user).unwrap().enabled);

    alice.language = "de";
    let page = alice.visit("/auth/otp/settings/");
    assert!(page.contains("aber sie nicht ausschalten"), "{page}");
}

#[test]
fn whom_it_is_not_demanded_of_can_turn_it_off() {
    let (mut alice, service, _clock, _server) = enrolled(Demand::IfEnrolled);
    let user = UserId::new("alice").unwrap();
    let page = alice.visit("/auth/otp/settings/");
    assert!(page.contains("section-disable") && !page.contains(WHY));
    let code = service.code_for(&user).unwrap().unwrap();
    let form = [("token", &*code), ("form", "disable")];
    alice.send("../disable/", &form);
    assert!(!service.status(&user).unwrap().enabled);
}
