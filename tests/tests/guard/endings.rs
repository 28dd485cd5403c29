//! What ends proofs, wherever they are.

use actix_totp::Epoch;
use serde_json::json;

use crate::{
    Site, id, kinds, plain,
    support::{Client, PLACES},
};

type End = fn(&Site, &mut Client);

fn disable(site: &Site, alice: &mut Client) {
    alice
        .token("/auth/otp/disable/", &site.code("alice"))
        .json();
}

fn reset(site: &Site, _: &mut Client) {
    assert!(site.totp.service().reset(&id("alice")).unwrap());
}

fn replace(site: &Site, alice: &mut Client) {
    alice
        .token("/auth/otp/generate/", &site.code("alice"))
        .json();
    site.clock.advance_secs(30);
    alice.token("/auth/otp/verify/", &site.code("alice")).json();
}

fn end_all(site: &Site, _: &mut Client) {
    assert!(site.totp.service().end_all_proofs(&id("alice")).unwrap());
}

fn forget(_: &Site, alice: &mut Client) {
    alice.post("/auth/otp/forget-browsers/", &json!({})).json();
}

fn change_password(_: &Site, alice: &mut Client) {
    assert_eq!(alice.post("/password", &json!({})).status, 200);
}

fn epoch(site: &Site) -> Option<Epoch> {
    site.totp.service().status(&id("alice")).unwrap().epoch
}

#[test]
fn every_proof_ends_at_the_next_request_but_that_of_whoever_keeps_one() {
    // Who ends them, and what both are told then. `None`: the one that asks passes.
    let endings: [(End, Option<&str>, &str); 6] = [
        (disable, Some("totp_setup_required"), "totp_setup_required"),
        (reset, Some("totp_setup_required"), "totp_setup_required"),
        (end_all, Some("totp_required"), "totp_required"),
        (replace, None, "totp_required"),
        (forget, None, "totp_required"),
        (change_password, None, "totp_required"),
    ];
    for place in PLACES {
        for (end, to_one, to_other) in endings {
            let site = Site::at(place, plain, kinds);
            let mut one = site.verified("alice");
            let mut other = site.signed_in("alice");
            site.validate(&mut other, "alice");
            assert_eq!(other.get("/vault").status, 200);
            let saved = one.clone();
            end(&site, &mut one);
            for (client, expected) in [(&mut one, to_one), (&mut other, Some(to_other))] {
                match expected {
                    None => assert_eq!(client.get("/vault").status, 200, "{place:?}"),
                    Some("totp_required") => client.is_asked_for_a_code("/vault", "totp_required"),
                    Some(code) => drop(client.get("/vault").problem(403, code)),
                }
            }
            if to_one.is_none() {
                let mut before = saved;
                before.is_asked_for_a_code("/vault", "totp_required");
            }
        }
    }
}

#[test]
fn a_successor_is_no_younger() {
    for place in PLACES {
        for end in [forget as End, change_password] {
            let site = Site::at(place, plain, kinds);
            let mut alice = site.verified("alice");
            site.clock.advance_secs(12 * 3_600 - 60);
            end(&site, &mut alice);
            assert_eq!(alice.get("/vault").status, 200);
            site.clock.advance_secs(31);
            alice.is_asked_for_a_code("/vault", "stale_proof");
            let stale = alice.post("/auth/otp/forget-browsers/", &json!({}));
            stale.problem(place.refusal(), "stale_proof");
        }
    }
}

#[test]
fn enrolling_anew_brings_no_proof_back() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        disable(&site, &mut alice.clone());
        site.enrolled("alice");
        alice.is_asked_for_a_code("/vault", "totp_required");
    }
}

#[test]
fn a_change_of_password_ends_every_proof_where_the_request_brings_none_that_counts() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        let before = epoch(&site);
        let mut half_signed_in = site.signed_in("alice");
        change_password(&site, &mut half_signed_in);
        assert_ne!(epoch(&site), before);
        alice.is_asked_for_a_code("/vault", "totp_required");
        half_signed_in.is_asked_for_a_code("/vault", "totp_required");
        change_password(&site, &mut alice); // with a proof that has ended
        alice.is_asked_for_a_code("/vault", "totp_required");

        let mut bob = site.signed_in("bob"); // has no second factor
        change_password(&site, &mut bob);
        let mut nobody = site.server.browser();
        let nobody = nobody.post("/password", &json!({}));
        nobody.problem(401, "not_authenticated");

        let before = epoch(&site);
        site.store.fail_from(1);
        let unknown = alice.post("/password", &json!({}));
        unknown.problem(503, "store_unavailable");
        site.store.fail_from(0);
        assert_eq!(epoch(&site), before);
    }
}
