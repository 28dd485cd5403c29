//! Proofs by one authenticator of several, wherever they are.

use std::time::Duration;

use actix_totp::{AuthenticatorName, Operation};
use serde_json::{Value, json};

use crate::{
    Site, id, kinds, plain,
    support::{Client, PLACES, Place, code_at, keys},
};

const LIST: &str = "/auth/otp/authenticators/";

fn remove(id: &str) -> String {
    format!("{LIST}{id}/remove/")
}

/// Alice with two authenticators.
struct Two {
    site: Site,
    /// The first one's id, and what it and the other one show.
    phone: String,
    secret: String,
}

impl Two {
    fn on(site: Site) -> Self {
        let mut alice = site.verified("alice");
        let further = json!({ "token": site.code("alice"), "name": "Key" });
        let generated = alice.post("/auth/otp/generate/", &further).json();
        let secret = generated["secret"].as_str().unwrap().to_owned();
        let code = code_at(&secret, site.clock.now_secs());
        alice.token("/auth/otp/verify/", &code).json();
        let phone = alice.get(LIST).json()[0]["id"].as_str().unwrap().to_owned();
        site.clock.advance_secs(90);
        Self {
            site,
            phone,
            secret,
        }
    }

    fn key_code(&self) -> String {
        code_at(&self.secret, self.site.clock.now_secs())
    }

    /// A client with a proof by the first one, and one with a proof by the other.
    fn clients(&self) -> [Client; 2] {
        let clients = [self.site.code("alice"), self.key_code()].map(|code| {
            let mut client = self.site.signed_in("alice");
            client.token("/auth/otp/validate/", &code).json();
            client
        });
        self.site.clock.advance_secs(90);
        clients
    }
}

#[test]
fn the_proofs_of_a_removed_one_end_on_every_instance_and_nobody_elses() {
    for place in PLACES {
        let two = Two::on(Site::at(place, plain, kinds));
        let there = two.site.another(keys()).server;
        let [mut by_phone, mut by_key] = two.clients();
        let everywhere = |client: &mut Client, check: fn(&mut Client)| {
            check(client);
            let mut client = client.clone();
            client.browser.address = there.address;
            check(&mut client);
        };
        let passes: fn(&mut Client) = |client| assert_eq!(client.get("/vault").status, 200);
        everywhere(&mut by_phone, passes);
        everywhere(&mut by_key, passes);
        let answer = by_key.token(&remove(&two.phone), &two.key_code()).json();
        assert_eq!(answer["proof"].is_string(), !place.is_session());
        everywhere(&mut by_phone, |client| {
            client.is_asked_for_a_code("/vault", "totp_required");
        });
        everywhere(&mut by_key, passes);
    }
}

#[test]
fn a_code_of_the_removed_one_gives_no_proof_and_leaves_the_callers() {
    for place in PLACES {
        let two = Two::on(Site::at(place, plain, kinds));
        let [_, mut by_key] = two.clients();
        let code = two.site.code("alice");
        let answer = by_key.token(&remove(&two.phone), &code).json();
        assert_eq!(answer, json!({ "detail": "Authenticator removed" }));
        assert_eq!(by_key.get("/vault").status, 200);
    }
}

#[test]
fn a_guard_that_believes_what_it_has_seen_knows_of_a_removal_in_this_process_at_once() {
    for place in PLACES {
        let recheck =
            |builder: actix_totp::TotpBuilder| builder.recheck_every(Duration::from_secs(300));
        let two = Two::on(Site::at(place, recheck, kinds));
        let [mut by_phone, mut by_key] = two.clients();
        for client in [&mut by_phone, &mut by_key] {
            assert_eq!(client.get("/vault").status, 200);
        }
        by_key.token(&remove(&two.phone), &two.key_code()).json();
        by_phone.is_asked_for_a_code("/vault", "totp_required");
        assert_eq!(by_key.get("/vault").status, 200);
    }
}

#[test]
fn without_a_proof_clients_are_challenged_and_see_and_change_nothing() {
    for place in PLACES {
        let two = Two::on(Site::at(place, plain, kinds));
        let mut thief = two.site.signed_in("alice");
        thief.is_asked_for_a_code(LIST, "totp_required");
        let path = format!("{LIST}{}/rename/", two.phone);
        let name = json!({ "name": "Mine", "token": two.key_code() });
        let answer = thief.post(&path, &name);
        answer.problem(place.refusal(), "totp_required");
        assert_eq!(
            answer.header("www-authenticate").is_some(),
            !place.is_session()
        );
        let [mut by_phone, _] = two.clients();
        two.site.clock.advance_secs(12 * 3_600);
        by_phone.is_asked_for_a_code(LIST, "stale_proof");
        let answer = by_phone.post(&path, &name);
        answer.problem(place.refusal(), "stale_proof");
    }
}

/// Instances share no queue: the swap alone decides.
#[test]
fn of_removals_of_the_last_two_at_two_instances_at_once_one_is_done() {
    for _ in 0..20 {
        let two = Two::on(Site::at(Place::Header, plain, kinds));
        let there = two.site.another(keys());
        let [by_phone, by_key] = two.clients();
        let key = by_key.clone().get(LIST).json()[1]["id"].clone();
        let remove_key = (by_phone, remove(key.as_str().unwrap()));
        let mut remove_phone = (by_key, remove(&two.phone));
        remove_phone.0.browser.address = there.server.address;
        let codes = [two.site.code("alice"), two.key_code()];
        let removals = [remove_key, remove_phone].into_iter().zip(codes);
        let mut answers: Vec<_> = std::thread::scope(|scope| {
            let sent: Vec<_> = removals
                .map(|((mut client, path), code)| scope.spawn(move || client.token(&path, &code)))
                .collect();
            sent.into_iter().map(|it| it.join().unwrap()).collect()
        });
        answers.sort_by_key(|it| it.status);
        answers[0].json();
        answers[1].problem(400, "last_authenticator");
        let status = two.site.totp.service().status(&id("alice")).unwrap();
        assert_eq!(status.authenticators.len(), 1);
    }
}

#[actix_web::test]
async fn without_http_they_are_listed_added_renamed_and_removed_too() {
    let two = Two::on(Site::new(plain, kinds));
    let (totp, alice) = (&two.site.totp, id("alice"));
    let listed = totp.authenticators(&alice).await.unwrap();
    let [phone, key] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(Value::from(phone.id.to_string()), json!(two.phone));
    let proof = totp.authenticate(&alice, &two.key_code()).await.unwrap();
    let proof = proof.accepted().unwrap().proof;
    let name = AuthenticatorName::new("Phone").unwrap();
    let renamed = totp.rename_authenticator(&proof, phone.id, name.clone());
    assert!(renamed.await.unwrap().accepted().is_some());
    assert_eq!(totp.authenticators(&alice).await.unwrap()[0].name, name);
    let code = two.site.code("alice");
    let further = Operation::enroll(&alice, "", Some(&code)).named(name);
    assert!(totp.apply(further).await.unwrap().accepted().is_some());
    two.site.clock.advance_secs(90);
    let code = two.key_code();
    let removed = totp.remove_authenticator(&alice, phone.id, &code);
    assert!(removed.await.unwrap().accepted().unwrap().proof.is_some());
    let left = totp.authenticators(&alice).await.unwrap();
    assert_eq!((left.len(), left[0].id), (1, key.id));
    let nobody = totp.authenticators(&id("bob")).await.unwrap();
    assert!(nobody.is_empty());
}
