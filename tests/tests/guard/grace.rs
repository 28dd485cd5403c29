//! Users who must have a second factor and may go on without it for a while.

use std::{
    sync::{Arc, Barrier, Mutex},
    time::{Duration, SystemTime},
};

use actix_totp::{
    BuildError, Demand, DeviceStore, Event, Grace, MemoryStore, Totp, TotpBuilder, UserId, Verified,
};
use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig},
};
use serde_json::{Value, json};

use crate::{
    Site, run,
    support::{Answer, Browser, Call, FaultyStore, NOON, keys},
};

const DAY: u64 = 86_400;
const DEADLINE: u64 = NOON + 14 * DAY;

fn fortnight(builder: TotpBuilder) -> TotpBuilder {
    let everyone = async |_: &HttpRequest, _: &UserId| Ok(Demand::Everyone);
    builder
        .demand(everyone)
        .grace(Grace::per_user(Duration::from_secs(14 * DAY)))
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    let scope = |path: &str| web::scope(path);
    async fn verified(_: Verified) -> &'static str {
        "verified"
    }
    cfg.service(
        scope("/vault")
            .wrap(totp.require())
            .route("/verified", web::to(verified))
            .route("", web::to(run)),
    )
    .service(
        scope("/strict")
            .wrap(totp.require().without_grace())
            .route("", web::to(run)),
    );
}

fn over(store: &Arc<dyn DeviceStore>) -> Site {
    let store = Arc::clone(store);
    Site::on(store, fortnight, routes)
}

fn bob(site: &Site) -> Browser {
    site.with_session(&json!({ "user_id": "bob" }))
}

#[track_caller]
fn assert_passes_until(answer: &Answer, deadline: u64) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.header("totp-setup-required-by");
    assert_eq!(told, Some(deadline.to_string().as_str()));
}

fn told_by_status(browser: &mut Browser) -> Value {
    let status = browser.get("/auth/otp/status/").json();
    status["totp_setup_required_by"].clone()
}

#[test]
fn until_the_deadline_the_user_passes_unverified_and_is_told_of_it() {
    let site = Site::new(fortnight, routes);
    let mut bob = bob(&site);
    assert_eq!(told_by_status(&mut bob), Value::Null, "nothing has begun");
    assert_passes_until(&bob.get("/vault"), DEADLINE);
    assert_eq!(told_by_status(&mut bob), DEADLINE);
    let refused = bob.get("/vault/verified");
    refused.problem(403, "totp_setup_required");

    site.clock.set(DEADLINE - 1);
    assert_passes_until(&bob.get("/vault"), DEADLINE);
    site.clock.set(DEADLINE);
    let runs = site.runs();
    let over = bob.get("/vault");
    over.problem(403, "totp_setup_required");
    assert_eq!(over.header("totp-setup-required-by"), None);
    assert_eq!(told_by_status(&mut bob), Value::Null);
    assert_eq!(site.runs(), runs);

    // Still a way in: to set it up.
    bob.post("/auth/otp/generate/", &json!({})).json();
    let id = UserId::new("bob").unwrap();
    let code = site.totp.service().code_for(&id).unwrap().unwrap();
    bob.token("/auth/otp/verify/", &code).json();
    let passed = bob.get("/vault");
    assert_eq!(
        (passed.status, passed.header("totp-setup-required-by")),
        (200, None)
    );
    assert_eq!(told_by_status(&mut bob), Value::Null);
}

#[test]
fn a_guard_without_grace_begins_no_time_and_refuses() {
    let store: Arc<dyn DeviceStore> = Arc::new(MemoryStore::new());
    let site = over(&store);
    bob(&site)
        .get("/strict")
        .problem(403, "totp_setup_required");
    let anonymous = site.server.browser().get("/vault");
    anonymous.problem(401, "not_authenticated");
    assert_eq!(store.page(None, 1).unwrap(), [], "nobody was given time");
    assert_eq!(site.runs(), 0);
}

#[test]
fn the_first_request_writes_once_and_later_ones_only_read() {
    let faulty = FaultyStore::around(Arc::new(MemoryStore::new()));
    let store: Arc<dyn DeviceStore> = Arc::new(faulty.clone());
    let site = over(&store);
    let mut bob = bob(&site);
    assert_passes_until(&bob.get("/vault"), DEADLINE);
    assert_eq!(faulty.calls(), [Call::Load, Call::Load, Call::Swap]);
    for left in [14 * DAY, 8 * DAY] {
        site.clock.set(DEADLINE - left);
        assert_passes_until(&bob.get("/vault"), DEADLINE);
        assert_eq!(faulty.calls(), [Call::Load]);
    }
    site.clock.set(DEADLINE - 6 * DAY);
    assert_passes_until(&bob.get("/vault"), DEADLINE);
    assert_eq!(faulty.calls(), [Call::Load, Call::Load, Call::Swap]);
    assert_passes_until(&bob.get("/vault"), DEADLINE);
    assert_eq!(faulty.calls(), [Call::Load]);
}

#[test]
fn a_store_that_fails_lets_nobody_pass() {
    for lost in [FaultyStore::fail_only, FaultyStore::lose_answer_of] {
        for k in 1..=3 {
            let faulty = FaultyStore::around(Arc::new(MemoryStore::new()));
            let store: Arc<dyn DeviceStore> = Arc::new(faulty.clone());
            let site = over(&store);
            let mut bob = bob(&site);
            lost(&faulty, k);
            bob.get("/vault").problem(503, "store_unavailable");
            assert_eq!(site.runs(), 0);
            faulty.fail_from(0);
            site.clock.advance_secs(DAY);
            let began = store.page(None, 1).unwrap().pop();
            let expected = began.map_or(DEADLINE + DAY, |it| it.setup_required_by.unwrap());
            assert_passes_until(&bob.get("/vault"), expected);
        }
    }
}

#[test]
fn of_32_first_requests_at_two_instances_one_begins_the_time() {
    let store: Arc<dyn DeviceStore> = Arc::new(MemoryStore::new());
    let sites = [over(&store), over(&store)];
    sites[1].clock.advance_secs(5); // their clocks differ a little
    let ready = Barrier::new(32);
    let mut told: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..32)
            .map(|n| {
                let mut bob = bob(&sites[n % 2]);
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    let answer = bob.get("/vault");
                    assert_eq!(answer.status, 200);
                    answer.header("totp-setup-required-by").unwrap().to_owned()
                })
            })
            .collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    told.sort();
    told.dedup();
    let device = store.page(None, 1).unwrap().remove(0);
    let deadline = device.setup_required_by.unwrap();
    assert_eq!(told, [deadline.to_string()]);
    assert!([DEADLINE, DEADLINE + 5].contains(&deadline));
}

#[test]
fn of_32_requests_each_reminder_is_delivered_once() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let store: Arc<dyn DeviceStore> = Arc::new(MemoryStore::new());
    let listening = |builder: TotpBuilder| {
        fortnight(builder).on_event(move |event, context| {
            let by = context.peer.is_some();
            log.lock().unwrap().push((event.clone(), by));
        })
    };
    let site = Site::on(store, listening, routes);
    bob(&site).get("/vault");
    let reminder = Event::SetupDue {
        user: UserId::new("bob").unwrap(),
        required_by: DEADLINE,
    };
    for (left, expected) in [(8 * DAY, 0), (7 * DAY, 1), (5 * DAY, 0), (DAY, 1), (60, 0)] {
        site.clock.set(DEADLINE - left);
        let ready = Barrier::new(32);
        std::thread::scope(|scope| {
            for _ in 0..32 {
                let mut bob = bob(&site);
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    assert_passes_until(&bob.get("/vault"), DEADLINE);
                });
            }
        });
        site.totp.service().flush_events();
        let told = std::mem::take(&mut *events.lock().unwrap());
        assert_eq!(told, vec![(reminder.clone(), true); expected], "{left}");
    }
}

#[test]
fn no_new_sign_in_reset_or_enrollment_in_between_gains_time() {
    let store: Arc<dyn DeviceStore> = Arc::new(MemoryStore::new());
    let site = over(&store);
    let id = UserId::new("bob").unwrap();
    assert_passes_until(&bob(&site).get("/vault"), DEADLINE);
    site.enrolled("bob");
    assert!(site.totp.service().reset(&id).unwrap());
    site.clock.advance_secs(DAY);
    assert_passes_until(&bob(&site).get("/vault"), DEADLINE);
    site.enrolled("bob");
    let code = site.totp.service().code_for(&id).unwrap().unwrap();
    let disabled = site.totp.service().disable(&id, Some(&code)).unwrap();
    assert!(disabled.accepted().is_some(), "the operator's own way");
    assert_passes_until(&bob(&site).get("/vault"), DEADLINE);
    site.clock.set(DEADLINE);
    bob(&site).get("/vault").problem(403, "totp_setup_required");
    assert!(site.totp.service().delete(&id).unwrap());
    assert_passes_until(&bob(&site).get("/vault"), DEADLINE + 14 * DAY);
}

#[test]
fn a_date_for_all_writes_no_row_and_ends_for_all() {
    fn until(builder: TotpBuilder) -> TotpBuilder {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(DEADLINE);
        builder.grace(Grace::until(date))
    }
    let store: Arc<dyn DeviceStore> = Arc::new(MemoryStore::new());
    let site = Site::on(Arc::clone(&store), until, routes);
    let mut bob = bob(&site);
    assert_eq!(told_by_status(&mut bob), DEADLINE);
    assert_passes_until(&bob.get("/vault"), DEADLINE);
    assert_eq!(store.page(None, 1).unwrap(), []);
    site.clock.set(DEADLINE);
    bob.get("/vault").problem(403, "totp_setup_required");
}

#[test]
fn a_time_per_user_is_one_hour_to_366_days() {
    let build = |secs| {
        let grace = Grace::per_user(Duration::from_secs(secs));
        Totp::builder(MemoryStore::new(), keys())
            .grace(grace)
            .build()
    };
    for good in [3_600, 366 * DAY] {
        assert!(build(good).is_ok());
    }
    for bad in [0, 3_599, 366 * DAY + 1] {
        assert!(matches!(build(bad), Err(BuildError::Web(_))), "{bad}");
    }
}
