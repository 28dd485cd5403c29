//! Proofs that clients keep themselves: what they are given, and what is no proof.

use actix_totp::{Authenticated, Epoch, KeyRing, Proof, TotpBuilder, UserId};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::{
    Site, id, kinds, plain,
    support::{Answer, NOON, PLACES, Place, keys},
};

/// Where clients send their proof as a header.
const HEADERS: [Place; 2] = [Place::Header, Place::ProgramOfEither];
const CLIENTS: [Place; 3] = [Place::Header, Place::ProgramOfEither, Place::Claim];

#[test]
fn every_answer_to_a_good_token_has_the_proof_for_clients_and_never_for_sessions() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.signed_in("alice");
        let has_proof = |answer: &Answer, at: u64| {
            let body = answer.json();
            let is_given = body["proof"].is_string();
            assert_eq!(is_given, !place.is_session(), "{place:?} {body}");
            if is_given {
                assert_eq!(body["proof_expires_at"], at + 12 * 3_600);
                let nowhere_else = ["set-cookie", "location", "totp-proof"];
                assert!(nowhere_else.iter().all(|it| answer.header(it).is_none()));
            } else {
                assert!(body.get("proof_expires_at").is_none());
            }
        };
        let first = alice.post("/auth/otp/generate/", &json!({}));
        assert_eq!(
            first.members(),
            ["otpauth_url", "qr_svg", "secret"],
            "nothing was shown yet"
        );
        let verified = alice.token("/auth/otp/verify/", &site.code("alice"));
        has_proof(&verified, NOON);
        site.clock.advance_secs(60);
        has_proof(
            &alice.token("/auth/otp/validate/", &site.code("alice")),
            NOON + 60,
        );
        site.clock.advance_secs(30);
        has_proof(
            &alice.token("/auth/otp/generate/", &site.code("alice")),
            NOON + 90,
        );
        site.clock.advance_secs(30);
        let successor = alice.post("/auth/otp/forget-browsers/", &json!({}));
        has_proof(&successor, NOON + 90);
        assert_eq!(alice.get("/vault").status, 200);
        let changed = alice.post("/password", &json!({}));
        assert_eq!(changed.status, 200);
        assert_eq!(changed.text() == "null", place.is_session());
        assert_eq!(alice.get("/vault").status, 200);
    }
}

#[test]
fn clients_need_no_session_and_are_given_no_cookie() {
    for place in CLIENTS {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        alice.post("/auth/otp/forget-browsers/", &json!({})).json();
        assert_eq!(alice.get("/vault").status, 200);
        let code = site.code("alice");
        alice.token("/auth/otp/disable/", &code).json();
        alice.get("/vault").problem(403, "totp_setup_required");
        assert!(alice.browser.cookies.is_empty(), "{place:?}");
        let mut nobody = site.server.browser();
        nobody.get("/vault").problem(401, "not_authenticated");
        let nobody = nobody.token("/auth/otp/validate/", "123456");
        nobody.problem(401, "not_authenticated");
    }
}

#[test]
fn a_sign_in_in_two_steps_hands_the_proof_out_in_a_header() {
    let signs_in = |builder: TotpBuilder| {
        builder.on_signed_in(async |_: &HttpRequest, user: &UserId, _: &Authenticated| {
            Ok(HttpResponse::Ok().json(json!({ "token": user.as_str() })))
        })
    };
    for place in CLIENTS {
        let site = Site::at(place, signs_in, kinds);
        let mut alice = site.enrolled("alice");
        let ticket = site.totp.service().begin_sign_in(&id("alice"));
        let ticket = ticket.unwrap().unwrap();
        let body = json!({ "ticket": ticket.as_str(), "token": site.code("alice") });
        let headers = [
            ("Content-Type", "application/json"),
            ("TOTP-Proof", ""), // a program, which has nothing else to say so
        ];
        let body = body.to_string();
        let mut browser = site.server.browser();
        let path = "/auth/otp/sign-in/";
        let answer = browser.send("POST", path, &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{place:?} {answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(browser.cookies.is_empty());
        alice.proofs[0] = answer.header("totp-proof").unwrap().to_owned();
        assert_eq!(alice.get("/vault").status, 200);
    }
}

/// What looks like alice's proof, and is none.
fn not_hers(site: &Site, good: &str) -> Vec<String> {
    let totp = &site.totp;
    let proof = totp.service().proof_for(&id("alice")).unwrap().unwrap();
    let bobs = totp.service().proof_for(&id("bob")).unwrap().unwrap();
    let old = Proof {
        epoch: Epoch::from_i64(proof.epoch.to_i64() ^ 1),
        ..proof.clone()
    };
    let seal = |proof: &Proof| totp.seal_proof(proof).unwrap().text().to_owned();
    let other_ring = KeyRing::new([keys_bytes(100)]).unwrap();
    let elsewhere = site.another(other_ring).totp;
    let second = actix_totp::Totp::builder(actix_totp::MemoryStore::new(), keys());
    let second = second.name("admin").build().unwrap();
    let trusted = totp.service().seal_proof("actix-totp trust", &proof);
    let flipped = match good.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &good[1..]),
    };
    vec![
        seal(&bobs),
        seal(&old),
        elsewhere.seal_proof(&proof).unwrap().text().to_owned(),
        second.seal_proof(&proof).unwrap().text().to_owned(),
        trusted.unwrap(),
        flipped,
        good[..86].to_owned(),
        good[..44].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        good.to_lowercase(),
        "true".into(),
        "A".repeat(87),
        "A".repeat(50_000),
    ]
}

#[test]
fn what_is_forged_cut_off_of_somebody_else_or_sealed_for_something_else_is_no_proof() {
    for place in CLIENTS {
        let site = Site::at(place, plain, kinds);
        site.enrolled("bob");
        let mut alice = site.verified("alice");
        let good = alice.proofs[0].clone();
        for bad in not_hers(&site, &good) {
            alice.proofs[0] = bad;
            alice.is_asked_for_a_code("/vault", "totp_required");
            let status = alice.get("/auth/otp/status/").json();
            assert_eq!(status["session_verified"], false);
        }
        assert_eq!(site.runs(), 0);
        alice.proofs[0] = good.clone();
        assert_eq!(alice.get("/vault").status, 200);
        let mut bob = site.signed_in("bob");
        bob.proofs[0] = good;
        bob.is_asked_for_a_code("/vault", "totp_required");
    }
}

#[test]
fn a_header_that_is_there_twice_empty_or_unreadable_is_no_proof_and_no_fault() {
    for place in HEADERS {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        let good = std::mem::take(&mut alice.proofs[0]);
        let mut answer = |headers: &[(&str, &str)]| alice.send("GET", "/vault", headers, b"");
        assert_eq!(answer(&[("TOTP-Proof", &good)]).status, 200);
        for bad in [
            &[("TOTP-Proof", good.as_str()), ("totp-proof", &good)][..],
            &[("TOTP-Proof", &good), ("TOTP-Proof", "")],
            &[("TOTP-Proof", "")],
            &[("TOTP-Proof", " ")],
            &[("TOTP-Proof", "é")],
            &[("TOTP-Proof", &format!("{good}, {good}"))],
            &[("TOTP-Proof", &format!("\"{good}\""))],
            &[("TOTP-Proof-admin", &good)],
            &[("Cookie", &format!("TOTP-Proof={good}; totp_trust={good}"))],
        ] {
            answer(bad).problem(401, "totp_required");
        }
        let in_address = format!("/vault?TOTP-Proof={good}&proof={good}");
        alice.get(&in_address).problem(401, "totp_required");

        // More than the server reads as a head: it refuses, or hangs up, and serves on.
        let megabyte = "A".repeat(1 << 20);
        let own = alice.headers();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = own.chain([("TOTP-Proof", megabyte.as_str())]).collect();
        if let Ok(answer) = alice.browser.try_send("GET", "/vault", &headers, b"") {
            assert!((400..500).contains(&answer.status), "{answer:?}");
        }
        assert_eq!(site.runs(), 1);
        alice.proofs[0] = good;
        assert_eq!(alice.get("/vault").status, 200);
    }
}

#[test]
fn another_instance_takes_it_while_the_key_is_in_the_ring() {
    let [old, new]: [[u8; 32]; 2] = [keys_bytes(0), keys_bytes(100)];
    for place in CLIENTS {
        let site = Site::at(place, plain, kinds);
        let alice = site.verified("alice");
        let get = |site: &Site| {
            let mut there = alice.clone();
            there.browser.address = site.server.address;
            there.get("/vault").status
        };
        assert_eq!(get(&site.another(keys())), 200);
        let rotated = site.another(KeyRing::new([new, old]).unwrap());
        assert_eq!(get(&rotated), 200);
        let retired = site.another(KeyRing::new([new]).unwrap());
        assert_eq!(get(&retired), 401);
    }
}

/// Those of `support::keys` begin with 0.
fn keys_bytes(first: u8) -> [u8; 32] {
    std::array::from_fn(|n| first + n as u8)
}

#[test]
fn a_token_of_the_application_says_how_and_when_the_second_factor_was_shown() {
    let site = Site::at(Place::Claim, plain, kinds);
    let alice = site.verified("alice");
    let proof = site
        .totp
        .open_proof(&id("alice"), &alice.proofs[0])
        .unwrap();
    let sealed = site.totp.seal_proof(&proof).unwrap();
    assert_eq!(sealed.auth_time(), proof.at);
    assert_eq!(sealed.expires_at(), proof.at + 12 * 3_600);
    assert_eq!(sealed.amr(), ["mfa", "otp"]);
    assert_eq!(format!("{sealed:?}"), "SealedProof(..)");
    assert_eq!(site.totp.open_proof(&id("bob"), &alice.proofs[0]), None);

    // A token that is refreshed a while later holds the same text: its proof is no younger.
    site.clock.set(proof.at + 12 * 3_600 + 1);
    let mut refreshed = site.signed_in("alice");
    refreshed.proofs[0] = sealed.text().to_owned();
    refreshed.is_asked_for_a_code("/vault", "stale_proof");
}
