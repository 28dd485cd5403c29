//! The API whose clients hold JWTs: everything works as its README says, without a session or a cookie.

use crate::support::{Answer, Browser, NOON, RunningServer, code_at, keys};
use actix_totp::FakeClock;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

struct Payments {
    clock: FakeClock,
    server: RunningServer,
    _folder: tempfile::TempDir,
}

/// A client of one user.
struct Client {
    browser: Browser,
    access: String,
    refresh: String,
}

fn start() -> Payments {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("payments.db");
    let clock = FakeClock::at(NOON);
    let time = clock.clone();
    let server = RunningServer::start(async move |listener| {
        let database = database.to_str().unwrap();
        jwt_api::app(database, &[7; 32], keys(), time, listener).await
    });
    Payments {
        clock,
        server,
        _folder: folder,
    }
}

/// What the application itself answers.
#[track_caller]
fn own_json(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_slice(&answer.body).unwrap()
}

impl Payments {
    fn log_in(&self) -> Value {
        let form = json!({ "email": "alice@example.com", "password": "correct horse" });
        let mut browser = self.server.browser();
        browser.post("/account/register", &form);
        own_json(&browser.post("/account/login", &form))
    }

    fn client(&self, tokens: &Value) -> Client {
        let mut client = Client {
            browser: self.server.browser(),
            access: String::new(),
            refresh: String::new(),
        };
        client.take(tokens);
        client
    }

    /// Alice after her enrollment, with tokens from before it; her authenticator's secret.
    fn enrolled(&self) -> (Client, String) {
        let mut alice = self.client(&self.log_in());
        let generated = alice.post("/auth/otp/generate/", &json!({})).json();
        assert!(
            (generated["otpauth_url"].as_str().unwrap()).contains("alice%40example.com"),
            "the label comes from the users"
        );
        let secret = generated["secret"].as_str().unwrap().to_owned();
        let verified = alice.token("/auth/otp/verify/", &self.code(&secret)).json();
        alice.refresh(verified["proof"].as_str());
        self.clock.advance_secs(60);
        (alice, secret)
    }

    /// Alice with tokens of a new sign-in in two steps.
    fn signed_in(&self, secret: &str) -> Client {
        let ticket = self.log_in()["ticket"].clone();
        let step = json!({ "ticket": ticket, "token": self.code(secret) });
        let signed_in = self.server.browser().post("/auth/otp/sign-in/", &step);
        self.client(&signed_in.json())
    }

    fn code(&self, secret: &str) -> String {
        code_at(secret, self.clock.now_secs())
    }
}

impl Client {
    fn take(&mut self, tokens: &Value) {
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (self.access, self.refresh) = (token("access_token"), token("refresh_token"));
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {}", self.access);
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
        ];
        let answer = self
            .browser
            .send(method, path, &headers, body.to_string().as_bytes());
        assert_eq!(answer.header("set-cookie"), None, "{path}");
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &json!({}))
    }

    fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body)
    }

    fn token(&mut self, path: &str, token: &str) -> Answer {
        self.post(path, &json!({ "token": token }))
    }

    fn pay(&mut self) -> Answer {
        self.post("/payments", &json!({ "to": "bob", "amount": 5 }))
    }

    fn refresh(&mut self, proof: Option<&str>) {
        let form = json!({ "refresh_token": self.refresh, "proof": proof });
        let tokens = self.browser.post("/account/refresh", &form);
        self.take(&own_json(&tokens));
    }

    fn claims(&self) -> Value {
        let claims = self.access.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    }
}

#[test]
fn without_a_second_factor_a_password_gives_tokens_and_payments_ask_to_set_one_up() {
    let payments = start();
    let mut alice = payments.client(&payments.log_in());
    assert_eq!(own_json(&alice.get("/balance"))["balance"], 100);
    alice.pay().problem(403, "totp_setup_required");
    alice.access.clear();
    assert_eq!(alice.get("/balance").status, 401);
}

#[test]
fn with_one_a_password_gives_a_ticket_and_the_code_the_tokens() {
    let payments = start();
    let (_, secret) = payments.enrolled();
    let first_step = payments.log_in();
    assert_eq!(first_step["access_token"], Value::Null);
    let wrong = json!({ "ticket": first_step["ticket"], "token": "000000" });
    let mut stranger = payments.server.browser();
    stranger
        .post("/auth/otp/sign-in/", &wrong)
        .problem(400, "invalid_token");

    let mut alice = payments.signed_in(&secret);
    let claims = alice.claims();
    assert_eq!(claims["amr"], json!(["mfa", "otp"]));
    assert_eq!(claims["auth_time"], payments.clock.now_secs());
    assert_eq!(alice.get("/balance").status, 200);
    assert_eq!(own_json(&alice.pay())["amount"], 5);
}

#[test]
fn a_refresh_keeps_the_proof_and_its_age_until_a_code_makes_it_younger() {
    let payments = start();
    let (_, secret) = payments.enrolled();
    let mut alice = payments.signed_in(&secret);
    let signed_in_at = payments.clock.now_secs();
    payments.clock.advance_secs(301);
    alice.refresh(None);
    assert_eq!(alice.claims()["auth_time"], signed_in_at);
    assert_eq!(alice.get("/balance").status, 200);
    let stale = alice.pay();
    let challenge = stale.header("www-authenticate").unwrap_or_default();
    assert!(challenge.contains("insufficient_user_authentication"));
    assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    stale.problem(401, "stale_proof");

    let code = payments.code(&secret);
    let validated = alice.token("/auth/otp/validate/", &code).json();
    alice.pay().problem(401, "stale_proof"); // the token is the old one
    alice.refresh(validated["proof"].as_str());
    assert_eq!(alice.claims()["auth_time"], payments.clock.now_secs());
    assert_eq!(alice.pay().status, 200);
}

#[test]
fn a_code_with_the_request_pays_without_a_new_token_and_pays_once() {
    let payments = start();
    let (_, secret) = payments.enrolled();
    let mut alice = payments.signed_in(&secret);
    payments.clock.advance_secs(301);
    let code = payments.code(&secret);
    let authorization = format!("Bearer {}", alice.access);
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/json"),
        ("TOTP-Code", code.as_str()),
    ];
    let payment = json!({ "to": "bob", "amount": 5 }).to_string();
    let mut pay = || {
        let browser = &mut alice.browser;
        browser.send("POST", "/payments", &headers, payment.as_bytes())
    };
    assert_eq!(pay().status, 200);
    pay().problem(400, "invalid_token");
}

#[test]
fn a_proof_of_somebody_else_or_made_up_is_not_put_into_a_token() {
    let payments = start();
    let before = payments.log_in();
    let (alice, secret) = payments.enrolled();
    let mut bob = payments.server.browser();
    let form = json!({ "email": "bob@example.com", "password": "battery staple" });
    bob.post("/account/register", &form);
    let tokens = own_json(&bob.post("/account/login", &form));
    let mut others = payments.signed_in(&secret);
    payments.clock.advance_secs(60);
    let code = payments.code(&secret);
    let of_alice = others.token("/auth/otp/validate/", &code).json();
    for proof in [&of_alice["proof"], &json!("made up"), &json!("")] {
        let form = json!({ "refresh_token": tokens["refresh_token"], "proof": proof });
        assert_eq!(bob.post("/account/refresh", &form).status, 400);
    }
    let from_before = json!({ "refresh_token": before["refresh_token"] });
    let refused = bob.post("/account/refresh", &from_before);
    assert_eq!(refused.status, 401, "a password alone is renewed no more");
    let access = json!({ "refresh_token": alice.access });
    let refused = bob.post("/account/refresh", &access);
    assert_eq!(refused.status, 401, "an access token refreshes nothing");
}

#[test]
fn a_disable_ends_the_proofs_in_tokens_that_others_hold() {
    let payments = start();
    let (mut alice, secret) = payments.enrolled();
    let mut elsewhere = payments.signed_in(&secret);
    assert_eq!(elsewhere.pay().status, 200);
    payments.clock.advance_secs(60);
    let code = payments.code(&secret);
    alice.token("/auth/otp/disable/", &code).json();
    elsewhere.pay().problem(403, "totp_setup_required");
    elsewhere.refresh(None);
    elsewhere.pay().problem(403, "totp_setup_required");
}
