//! Tickets that are good for nothing, and tokens that are refused.

use actix_totp::Totp;
use serde_json::{Value, json};

use crate::{
    Site, complete, into_the_session,
    support::{Answer, Browser, keys},
    ticket, user,
};

fn refused(answer: &Answer) -> Value {
    let problem = answer.problem(401, "invalid_ticket");
    assert_eq!(answer.header("set-cookie"), None);
    problem
}

#[test]
fn a_flood_of_forged_tickets_gets_one_answer_and_costs_the_store_nothing() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let genuine = ticket(&mut site.browser(), "alice");
    let before = site.device(&user("alice"));
    let mut forged: Vec<Value> = (0..genuine.len())
        .step_by(3)
        .map(|length| json!(genuine[..length]))
        .collect();
    let sealed = |purpose: &str| {
        let text = site
            .totp
            .service()
            .seal_text(purpose, &user("alice"), &[0; 34]);
        json!(text.unwrap())
    };
    forged.extend(["ticket", "proof"].map(sealed));
    forged.extend([
        json!("zq7x"),
        json!("é\u{0}"),
        json!(genuine.to_uppercase()),
        json!("A".repeat(3_900)),
        json!(7),
        json!([genuine]),
        json!({ "ticket": genuine }),
        json!(true),
        Value::Null,
    ]);
    site.store.calls();
    let mut nobody = site.browser();
    let first = refused(&complete(&mut nobody, "", &phone.code()));
    for ticket in &forged {
        for token in [json!(phone.code()), json!("123456"), json!(""), Value::Null] {
            let body = json!({ "ticket": ticket, "token": token });
            let answer = nobody.post("/otp/sign-in/", &body);
            assert_eq!(refused(&answer), first, "{body}");
        }
    }
    let missing = json!({ "token": phone.code() });
    assert_eq!(refused(&nobody.post("/otp/sign-in/", &missing)), first);
    assert_eq!(site.store.calls(), []);
    assert!(site.device(&user("alice")) == before && nobody.cookies.is_empty());
}

#[test]
fn a_used_or_expired_ticket_and_one_of_a_second_factor_that_is_no_more_get_the_same_answer() {
    let site = Site::start();
    let alice = user("alice");
    let (phone, backup) = site.enroll(&alice);
    let mut browser = site.browser();
    let forged = refused(&complete(&mut browser, "zq7x", &phone.code()));
    let mut assert_void = |ticket: &str, token: &str| {
        assert_eq!(refused(&complete(&mut browser, ticket, token)), forged);
    };

    let used = ticket(&mut site.browser(), "alice");
    assert_eq!(
        complete(&mut site.browser(), &used, &phone.code()).status,
        200
    );
    assert_void(&used, &backup[0]);

    let old = ticket(&mut site.browser(), "alice");
    site.clock.advance_secs(301);
    assert_void(&old, &phone.code());

    let service = site.totp.service();
    let of_an_epoch_that_ended = ticket(&mut site.browser(), "alice");
    assert!(service.end_all_proofs(&alice).unwrap());
    assert_void(&of_an_epoch_that_ended, &phone.code());

    let of_the_old_one = ticket(&mut site.browser(), "alice");
    let disabled = service.disable(&alice, Some(&phone.code())).unwrap();
    assert!(disabled.accepted().is_some());
    assert_void(&of_the_old_one, "123456");
    let (new_phone, _) = site.enroll(&alice);
    assert_void(&of_the_old_one, &new_phone.code());
    assert_eq!(site.device(&alice).failures, 0, "nothing is counted");
}

#[test]
fn neither_a_ticket_of_another_plugin_with_the_same_keys_and_store_nor_a_trusted_browsers_cookie_will_do()
 {
    let month = std::time::Duration::from_secs(30 * 86_400);
    let site = Site::with(|builder| {
        let builder = builder.on_signed_in(into_the_session);
        builder.trusted_browsers(month).danger_trust_without_tls()
    });
    let (phone, _) = site.enroll(&user("alice"));
    let admin = Totp::builder(site.store.clone(), keys())
        .clock(site.clock.clone())
        .name("admin")
        .build()
        .unwrap();
    let of_admin = admin.service().begin_sign_in(&user("alice")).unwrap();
    let mut alice = site.browser();
    refused(&complete(
        &mut alice,
        of_admin.unwrap().as_str(),
        &phone.code(),
    ));

    let given = ticket(&mut alice, "alice");
    let body = json!({ "ticket": given, "token": phone.code(), "trust_browser": true });
    assert_eq!(alice.post("/otp/sign-in/", &body).status, 200);
    site.clock.advance_secs(13 * 3_600); // the session's proof is stale
    assert_eq!(alice.get("/vault").status, 200, "the browser is trusted");
    let cookie = alice.cookies["totp_trust"].clone();
    refused(&complete(&mut alice, &cookie, &phone.code()));

    let given = ticket(&mut site.browser(), "alice");
    alice.cookies.insert("totp_trust".into(), given);
    alice.get("/vault").problem(403, "stale_proof");
}

#[test]
fn wrong_codes_count_on_the_user_and_leave_the_ticket_good() {
    let site = Site::start();
    let alice = user("alice");
    let (phone, _) = site.enroll(&alice);
    let mut browser = site.browser();
    let given = ticket(&mut browser, "alice");
    for failures in 1..=5 {
        let answer = complete(&mut browser, &given, &phone.wrong_code());
        answer.problem(400, "invalid_token");
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(site.device(&alice).failures, failures);
    }
    for given in [given.clone(), ticket(&mut browser, "alice")] {
        let answer = complete(&mut browser, &given, &phone.code());
        assert_eq!(answer.problem(429, "throttled")["retry_after"], 30);
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    site.clock.advance_secs(30);
    assert_eq!(complete(&mut browser, &given, &phone.code()).status, 200);
}

#[test]
fn after_a_hundred_failures_codes_are_locked_and_a_backup_code_signs_in() {
    let site = Site::start();
    let alice = user("alice");
    let (phone, backup) = site.enroll(&alice);
    let service = site.totp.service();
    for _ in 0..100 {
        while let Some(wait) = service.status(&alice).unwrap().retry_after {
            site.clock.advance_secs(wait.as_secs());
        }
        let _ = service.authenticate(&alice, &phone.wrong_code()).unwrap();
    }
    let mut browser = site.browser();
    let given = ticket(&mut browser, "alice");
    complete(&mut browser, &given, &phone.code()).problem(429, "locked");
    assert_eq!(complete(&mut browser, &given, &backup[0]).status, 200);
}

/// Whoever has the ticket needs the code of its user.
#[test]
fn a_ticket_with_another_users_code_is_a_wrong_code_of_its_user() {
    let site = Site::start();
    let (_, _) = site.enroll(&user("alice"));
    let (phone_of_bob, _) = site.enroll(&user("bob"));
    let mut bob: Browser = site.browser();
    let of_alice = ticket(&mut bob, "alice");
    let answer = complete(&mut bob, &of_alice, &phone_of_bob.code());
    answer.problem(400, "invalid_token");
    assert_eq!(site.device(&user("alice")).failures, 1);
    assert_eq!(site.device(&user("bob")).failures, 0);
    assert_eq!(bob.get("/me").status, 401);
}
