//! Trusted browsers: what the cookie opens, and that nothing else than it does.

mod support;

use std::time::Duration;

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, KeyRing, MemoryStore, Proof, Totp, TotpBuilder, UserId};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    web::{self, ServiceConfig},
};
use serde_json::json;
use support::{Answer, Browser, NOON, RunningServer, keys, serve};

const COOKIE: &str = "__Host-totp_trust";
const DAYS_30: u64 = 30 * 86_400;

struct Site {
    totp: Totp,
    clock: FakeClock,
    server: RunningServer,
}

impl Site {
    fn new() -> Self {
        Self::with(keys(), |totp| {
            totp.trusted_browsers(Duration::from_secs(DAYS_30))
        })
    }

    fn with(keys: KeyRing, set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> Self {
        let clock = FakeClock::at(NOON);
        let builder = Totp::builder(MemoryStore::new(), keys).clock(clock.clone());
        let totp = set(builder).build().unwrap();
        let used = totp.clone();
        let session = || {
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                .cookie_secure(false)
                .build()
        };
        let server = serve!(
            App::new()
                .configure(|cfg| routes(&used, cfg))
                .wrap(session())
        );
        Self {
            totp,
            clock,
            server,
        }
    }

    /// A browser in which `user` has shown the first factor.
    fn signed_in(&self, user: &str) -> Browser {
        let mut browser = self.server.browser();
        sign_in(&mut browser, user);
        browser
    }

    /// A browser of `user`, who is enrolled, without a proof.
    fn enrolled(&self, user: &str) -> Browser {
        self.enroll(user);
        self.signed_in(user)
    }

    fn enroll(&self, user: &str) {
        let (id, service) = (id(user), self.totp.service());
        let _ = service.enroll(&id, "", None).unwrap().accepted().unwrap();
        let code = service.code_for(&id).unwrap().unwrap();
        let _ = service.confirm(&id, &code).unwrap().accepted().unwrap();
        self.clock.advance_secs(90);
    }

    /// The next code of the user's authenticator.
    fn code(&self, user: &str) -> String {
        self.clock.advance_secs(30);
        self.totp.service().code_for(&id(user)).unwrap().unwrap()
    }

    /// A browser that `user` trusts, after a sign-out and a sign-in with the first factor: the cookie is all that it has.
    fn trusted(&self, user: &str) -> Browser {
        let mut browser = self.enrolled(user);
        let answer = self.trust(&mut browser, user);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(browser.get("/vault").status, 200);
        sign_in(&mut browser, user);
        browser
    }

    fn trust(&self, browser: &mut Browser, user: &str) -> Answer {
        let body = json!({ "token": self.code(user), "trust_browser": true });
        browser.post("/auth/otp/validate/", &body)
    }
}

fn id(user: &str) -> UserId {
    UserId::new(user).unwrap()
}

fn sign_in(browser: &mut Browser, user: &str) {
    assert_eq!(browser.post("/sign-in", &json!(user)).status, 200);
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    let fresh = totp.require().max_age(Duration::from_secs(12 * 60 * 60));
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .service(
            web::resource("/vault")
                .wrap(totp.require())
                .to(HttpResponse::Ok),
        )
        .service(web::resource("/fresh").wrap(fresh).to(HttpResponse::Ok))
        .route("/sign-in", web::post().to(first_factor));
}

async fn first_factor(req: HttpRequest, user: web::Json<String>) -> HttpResponse {
    req.get_session().clear();
    req.get_session()
        .insert("user_id", user.into_inner())
        .unwrap();
    HttpResponse::Ok().finish()
}

#[track_caller]
fn assert_asks_for_a_code(browser: &mut Browser) {
    browser.get("/vault").problem(403, "totp_required");
}

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
    let sealed = service.seal_proof(&proof).unwrap();
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
        .seal_proof(&proof)
        .unwrap();
    let other_epoch = Proof {
        epoch: actix_totp::Epoch::from_i64(proof.epoch.to_i64() ^ 1),
        ..proof.clone()
    };
    let other_epoch = site.totp.service().seal_proof(&other_epoch).unwrap();
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
fn it_ends_when_its_time_is_over() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    site.clock.advance_secs(DAYS_30 + 1);
    assert_asks_for_a_code(&mut alice);
}

type Ends = fn(&Site, &mut Browser);

#[test]
fn every_change_of_the_second_factor_ends_it() {
    let ends: [(&str, Ends); 6] = [
        ("disabled and enrolled anew", |site, elsewhere| {
            let code = site.code("alice");
            elsewhere.token("/auth/otp/disable/", &code).json();
            site.enroll("alice");
        }),
        ("replaced", |site, elsewhere| {
            let code = site.code("alice");
            elsewhere.token("/auth/otp/generate/", &code).json();
            let code = site.code("alice");
            elsewhere.token("/auth/otp/verify/", &code).json();
        }),
        ("reset and enrolled anew", |site, _| {
            assert!(site.totp.service().reset(&id("alice")).unwrap());
            site.enroll("alice");
        }),
        ("ended by an operator", |site, _| {
            assert!(site.totp.service().end_all_proofs(&id("alice")).unwrap());
        }),
        ("forgotten", |_, elsewhere| {
            elsewhere
                .post("/auth/otp/forget-browsers/", &json!({}))
                .json();
        }),
        ("forgotten by itself", |site, _| {
            let mut here = site.signed_in("alice");
            assert_eq!(site.trust(&mut here, "alice").status, 200);
            here.form("/auth/otp/forget-browsers", "").json();
        }),
    ];
    for (name, end) in ends {
        let site = Site::new();
        let mut trusted = site.trusted("alice");
        let mut elsewhere = site.signed_in("alice");
        let code = site.code("alice");
        elsewhere.token("/auth/otp/validate/", &code).json();
        assert_eq!(trusted.get("/vault").status, 200);
        end(&site, &mut elsewhere);
        let refused = trusted.get("/vault");
        assert_eq!(refused.status, 403, "{name}: {refused:?}");
        refused.problem(403, "totp_required");
    }
}

#[test]
fn a_disable_without_enrolling_anew_leaves_nothing_to_open() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    let code = site.code("alice");
    alice.token("/auth/otp/disable/", &code).json();
    assert!(!alice.cookies.contains_key(COOKIE), "and takes the cookie");
    alice.get("/vault").problem(403, "totp_setup_required");
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
    let sealed = before.totp.service().seal_proof(&proof).unwrap();
    alice.cookies.insert(COOKIE.into(), sealed);
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn a_guard_that_believes_what_it_has_seen_knows_of_the_end_at_once() {
    let site = Site::with(keys(), |totp| {
        totp.trusted_browsers(Duration::from_secs(DAYS_30))
            .recheck_every(Duration::from_secs(300))
    });
    let mut alice = site.trusted("alice");
    for _ in 0..3 {
        assert_eq!(alice.get("/vault").status, 200);
    }
    site.totp.service().end_all_proofs(&id("alice")).unwrap();
    assert_asks_for_a_code(&mut alice);
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
