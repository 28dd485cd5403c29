//! `POST forget-browsers/`.

use serde_json::json;

use super::{COOKIE, Site, assert_asks_for_a_code};

#[test]
fn forgetting_keeps_this_session_and_makes_nothing_fresh() {
    let site = Site::new();
    let mut alice = site.enrolled("alice");
    alice
        .post("/auth/otp/forget-browsers/", &json!({}))
        .problem(403, "totp_required");
    assert_eq!(site.trust(&mut alice, "alice").status, 200);
    let (mut other, before) = (alice.clone(), alice.session());
    site.clock.advance_secs(12 * 60 * 60 - 60);
    let answer = alice.post("/auth/otp/forget-browsers/", &json!({}));
    answer.json();
    assert_eq!(answer.members(), ["detail"]);
    assert!(!alice.cookies.contains_key(COOKIE));
    assert_ne!(alice.session(), before);
    assert_eq!(alice.get("/vault").status, 200);
    assert_eq!(alice.get("/fresh").status, 200);
    assert_asks_for_a_code(&mut other);
    site.clock.advance_secs(61);
    alice.get("/vault").problem(403, "stale_proof");
    alice
        .post("/auth/otp/forget-browsers/", &json!({}))
        .problem(403, "stale_proof");
}

#[test]
fn forgetting_needs_somebody_who_is_enrolled_and_no_page_of_another_site() {
    let site = Site::new();
    let forget = "/auth/otp/forget-browsers/";
    site.server
        .browser()
        .post(forget, &json!({}))
        .problem(401, "not_authenticated");
    site.signed_in("bob")
        .post(forget, &json!({}))
        .problem(400, "not_enabled");
    let mut alice = site.enrolled("alice");
    assert_eq!(site.trust(&mut alice, "alice").status, 200);
    let cross_site = [("Sec-Fetch-Site", "cross-site")];
    alice
        .send("POST", forget, &cross_site, b"")
        .problem(403, "cross_site");
    alice.get(forget).problem(405, "method_not_allowed");
    assert_eq!(alice.get("/vault").status, 200);
}
