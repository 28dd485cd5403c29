//! Who gets the cookie, and what it opens.

use std::time::Duration;

use actix_totp::{KeyRing, MemoryStore, Proof, Totp, TotpBuilder};
use serde_json::json;

use super::{COOKIE, DAYS_30, PURPOSE, Site, assert_asks_for_a_code, id, sign_in};
use crate::support::keys;

#[test]
fn a_trusted_browser_is_not_asked_for_a_code_by_whichever_session() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    assert_eq!(alice.get("/vault").status, 200);
    let status = alice.get("/auth/otp/status/").json();
    assert_eq!(status["session_verified"], true);
    site.clock.advance_secs(DAYS_30 - 1);
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn the_cookie_is_for_this_host_over_tls_and_not_for_scripts() {
    let site = Site::new();
    let answer = site.trust(&mut site.enrolled("alice"), "alice");
    let cookies: Vec<&str> = answer.all("set-cookie").collect();
    let [cookie] = cookies
        .iter()
        .filter(|it| it.starts_with(COOKIE))
        .collect::<Vec<_>>()[..]
    else {
        panic!("one cookie: {cookies:?}");
    };
    let mut attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    attributes.sort_unstable();
    let expected = [
        "HttpOnly",
        "Max-Age=2592000",
        "Path=/",
        "SameSite=Lax",
        "Secure",
    ];
    assert_eq!(attributes, expected);
    assert!(!cookie.contains("alice"));
}

#[test]
fn without_tls_it_has_a_plain_name_and_only_if_told() {
    let site = Site::with(keys(), |totp| {
        totp.trusted_browsers(Duration::from_secs(86_400))
            .danger_trust_without_tls()
    });
    let mut alice = site.enrolled("alice");
    let answer = site.trust(&mut alice, "alice");
    let cookie = answer
        .all("set-cookie")
        .find(|it| it.starts_with("totp_trust="))
        .unwrap();
    assert!(
        !cookie.contains("Secure") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    sign_in(&mut alice, "alice");
    assert_eq!(alice.get("/vault").status, 200);
    site.clock.advance_secs(86_401);
    assert_asks_for_a_code(&mut alice);
}

#[test]
fn nobody_is_trusted_unless_it_is_turned_on_and_asked_for_with_a_good_token() {
    let off = Site::with(keys(), |totp| totp);
    let mut alice = off.enrolled("alice");
    assert_eq!(off.trust(&mut alice, "alice").status, 200);
    assert!(!alice.cookies.contains_key(COOKIE));

    let site = Site::new();
    let mut alice = site.enrolled("alice");
    let mut validate = |mut body: serde_json::Value| {
        body["token"] = site.code("alice").into();
        alice.post("/auth/otp/validate/", &body).json();
        alice.cookies.contains_key(COOKIE)
    };
    assert!(!validate(json!({})));
    for not_asked in [json!(false), json!(null), json!("true"), json!(1)] {
        assert!(
            !validate(json!({ "trust_browser": not_asked })),
            "{not_asked}"
        );
    }
    let wrong = json!({ "token": "ABCD-EFGH-JKLM-NPQR", "trust_browser": true });
    alice
        .post("/auth/otp/validate/", &wrong)
        .problem(400, "invalid_token");
    assert!(!alice.cookies.contains_key(COOKIE));

    let form = format!("token={}&trust_browser=true", site.code("alice"));
    assert_eq!(alice.form("/auth/otp/validate/", &form).status, 200);
    assert!(alice.cookies.contains_key(COOKIE), "a form may ask, too");
}

#[test]
fn a_cookie_of_before_it_was_turned_off_opens_nothing() {
    let site = Site::with(keys(), |totp| totp);
    let mut alice = site.enrolled("alice");
    let service = site.totp.service();
    let proof = service.proof_for(&id("alice")).unwrap().unwrap();
    let sealed = service.seal_proof(PURPOSE, &proof).unwrap();
    alice.cookies.insert(COOKIE.into(), sealed);
    assert_asks_for_a_code(&mut alice);
}

#[test]
fn what_was_forged_truncated_or_made_for_somebody_else_asks_for_a_code() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    let good = alice.cookies[COOKIE].clone();
    let site_of_another_key = Site::with(
        KeyRing::new([std::array::from_fn(|n| 100 + n as u8)]).unwrap(),
        |totp| totp.trusted_browsers(Duration::from_secs(DAYS_30)),
    );
    let proof = site
        .totp
        .service()
        .proof_for(&id("alice"))
        .unwrap()
        .unwrap();
    let foreign = site_of_another_key
        .totp
        .service()
        .seal_proof(PURPOSE, &proof)
        .unwrap();
    let other_epoch = Proof {
        epoch: actix_totp::Epoch::from_i64(proof.epoch.to_i64() ^ 1),
        ..proof.clone()
    };
    let other_epoch = site
        .totp
        .service()
        .seal_proof(PURPOSE, &other_epoch)
        .unwrap();
    let bobs = site.trusted("bob").cookies[COOKIE].clone();
    let flipped = match good.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &good[1..]),
    };
    let json = serde_json::to_string(&proof).unwrap();
    for bad in [
        &good[..86],
        &good[..44],
        &good[1..],
        &flipped,
        &format!("{good}A"),
        &foreign,
        &other_epoch,
        &bobs,
        &json.replace(['"', ','], ""),
        "true",
        "alice",
        &"A".repeat(87),
    ] {
        alice.cookies.insert(COOKIE.into(), bad.to_owned());
        assert_asks_for_a_code(&mut alice);
    }
    alice.cookies.insert(COOKIE.into(), good.clone());
    assert_eq!(alice.get("/vault").status, 200);

    let mut bob = site.signed_in("bob");
    bob.cookies.insert(COOKIE.into(), good.clone());
    assert_asks_for_a_code(&mut bob);
    let mut nobody = site.server.browser();
    nobody.cookies.insert(COOKIE.into(), good);
    nobody.get("/vault").problem(401, "not_authenticated");
}

#[test]
fn where_a_fresh_code_is_asked_for_it_will_not_do() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    assert_eq!(alice.get("/vault").status, 200);
    alice.get("/fresh").problem(403, "totp_required");
    // Nor does it make a proof that has grown old fresh again.
    let code = site.code("alice");
    alice.token("/auth/otp/validate/", &code).json();
    assert_eq!(alice.get("/fresh").status, 200);
    site.clock.advance_secs(12 * 60 * 60 + 1);
    alice.get("/fresh").problem(403, "stale_proof");
    assert_eq!(alice.get("/vault").status, 200);
    alice.get("/fresh").problem(403, "stale_proof");
}

#[test]
fn it_changes_nothing_without_a_token() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    for (path, code) in [
        ("/auth/otp/disable/", "token_required"),
        ("/auth/otp/backup-codes/", "token_required"),
        ("/auth/otp/generate/", "already_confirmed"),
    ] {
        alice.post(path, &json!({})).problem(400, code);
    }
    let forget = alice.post("/auth/otp/forget-browsers/", &json!({}));
    forget.problem(403, "totp_required");
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn a_rotated_key_still_opens_what_it_sealed() {
    let [old, new] = [1, 100].map(|first| std::array::from_fn(|n| first + n as u8));
    let trusting = |totp: TotpBuilder| totp.trusted_browsers(Duration::from_secs(DAYS_30));
    let before = Site::with(KeyRing::new([old]).unwrap(), trusting);
    let after = Site::with(KeyRing::new([new, old]).unwrap(), trusting);
    let mut alice = after.enrolled("alice");
    let proof = after
        .totp
        .service()
        .proof_for(&id("alice"))
        .unwrap()
        .unwrap();
    let sealed = before.totp.service().seal_proof(PURPOSE, &proof).unwrap();
    alice.cookies.insert(COOKIE.into(), sealed);
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn the_time_is_one_to_ninety_days() {
    for (secs, is_good) in [
        (86_399, false),
        (86_400, true),
        (90 * 86_400, true),
        (90 * 86_400 + 1, false),
    ] {
        let builder = Totp::builder(MemoryStore::new(), keys());
        let built = builder.trusted_browsers(Duration::from_secs(secs)).build();
        assert_eq!(built.is_ok(), is_good, "{secs}");
    }
}
