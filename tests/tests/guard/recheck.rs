//! `recheck_every`: guards that believe for a while what they have seen in the store.

use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use actix_session::{Session, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    BuildError, Device, DeviceStore, FakeClock, MemoryStore, StoreError, Totp, TotpBuilder, UserId,
    Version,
};
use actix_web::{App, HttpResponse, cookie::Key, web};

use crate::{
    Site, id, kinds,
    support::{Call, NOON, PLACES, Place, keys, serve},
};

const EVERY: u64 = 10;

fn site(place: Place) -> Site {
    rechecking(place, EVERY)
}

fn rechecking(place: Place, secs: u64) -> Site {
    let set = |builder: TotpBuilder| builder.recheck_every(Duration::from_secs(secs));
    Site::at(place, set, kinds)
}

#[test]
fn within_the_time_the_store_is_asked_once() {
    for place in PLACES {
        let site = site(place);
        let mut alice = site.verified("alice");
        site.store.calls();
        for _ in 0..5 {
            assert_eq!(alice.get("/vault").status, 200);
            assert_eq!(alice.get("/account").status, 200);
        }
        assert_eq!(site.store.calls(), [Call::Load]);
        site.clock.advance_secs(EVERY - 1);
        assert_eq!(alice.get("/vault").status, 200);
        assert_eq!(site.store.calls(), []);
        site.clock.advance_secs(1);
        assert_eq!(alice.get("/vault").status, 200);
        assert_eq!(site.store.calls(), [Call::Load]);
    }
}

#[test]
fn a_strict_guard_and_the_status_always_ask() {
    for place in PLACES {
        let site = site(place);
        let mut alice = site.verified("alice");
        assert_eq!(alice.get("/vault").status, 200);
        site.store.calls();
        assert_eq!(alice.get("/transfer").status, 200);
        alice.get("/auth/otp/status/").json();
        assert_eq!(site.store.calls(), [Call::Load, Call::Load]);
    }
}

#[test]
fn a_change_in_this_process_is_known_at_once() {
    for place in PLACES {
        let site = site(place);
        let mut one = site.verified("alice");
        let mut two = site.signed_in("alice");
        site.validate(&mut two, "alice");
        assert_eq!(one.get("/vault").status, 200);
        assert_eq!(two.get("/vault").status, 200);
        one.token("/auth/otp/disable/", &site.code("alice")).json();
        two.get("/vault").problem(403, "totp_setup_required");
    }
}

#[test]
fn a_change_elsewhere_is_known_when_the_time_is_over() {
    for place in PLACES {
        let site = site(place);
        let mut alice = site.verified("alice");
        assert_eq!(alice.get("/vault").status, 200);
        let device = site.devices.load(&id("alice")).unwrap().unwrap();
        let deleted = (site.devices).swap(&device.user, Some(device.version), None);
        assert!(deleted.unwrap());

        site.clock.advance_secs(EVERY - 1);
        assert_eq!(alice.get("/vault").status, 200, "that is the trade-off");
        alice.get("/transfer").problem(403, "totp_setup_required");
        site.clock.advance_secs(1);
        alice.get("/vault").problem(403, "totp_setup_required");
        alice.get("/vault").problem(403, "totp_setup_required");
    }
}

#[test]
fn a_refusal_is_never_remembered() {
    for place in PLACES {
        let site = site(place);
        let mut one = site.verified("alice");
        assert_eq!(one.get("/vault").status, 200);
        let mut two = site.signed_in("alice");
        two.is_asked_for_a_code("/vault", "totp_required");
        site.store.calls();
        two.is_asked_for_a_code("/vault", "totp_required");
        assert_eq!(site.store.calls(), [Call::Load]);
        site.validate(&mut two, "alice");
        assert_eq!(two.get("/vault").status, 200);

        let mut bob = site.signed_in("bob");
        bob.get("/vault").problem(403, "totp_setup_required");
        assert_eq!(bob.get("/account").status, 200);
        site.store.calls();
        assert_eq!(bob.get("/account").status, 200);
        assert_eq!(site.store.calls(), [Call::Load]);
    }
}

#[test]
fn what_is_remembered_makes_no_proof_older_than_it_may_be() {
    for place in PLACES {
        let site = rechecking(place, 300);
        let mut alice = site.verified("alice");
        site.clock.advance_secs(12 * 3_600 - 30 - 100);
        assert_eq!(alice.get("/vault").status, 200);
        site.clock.advance_secs(101);
        alice.is_asked_for_a_code("/vault", "stale_proof");
    }
}

#[test]
fn what_is_remembered_makes_no_code_of_a_proof() {
    for place in PLACES {
        let site = site(place);
        let mut alice = site.verified("alice");
        assert_eq!(alice.get("/vault").status, 200);
        alice.is_asked_for_a_code("/wipe", "stale_proof");
    }
}

#[test]
fn a_clock_that_is_set_back_makes_the_store_be_asked() {
    let site = site(Place::Session);
    let mut alice = site.verified("alice");
    assert_eq!(alice.get("/vault").status, 200);
    site.store.calls();
    site.clock.set(site.clock.now_secs() - 1);
    assert_eq!(alice.get("/vault").status, 200);
    assert_eq!(site.store.calls(), [Call::Load]);
}

#[test]
fn after_a_swap_whose_answer_was_lost_the_store_is_asked() {
    for place in PLACES {
        let site = site(place);
        let mut one = site.verified("alice");
        assert_eq!(one.get("/vault").status, 200);
        let code = site.code("alice");
        site.store.lose_answer_of(2);
        let unknown = one.token("/auth/otp/disable/", &code);
        unknown.problem(503, "store_unavailable");
        site.store.fail_from(0);
        one.get("/vault").problem(403, "totp_setup_required");
    }
}

#[test]
fn the_time_is_one_second_to_five_minutes() {
    let build = |time| {
        Totp::builder(MemoryStore::new(), keys())
            .recheck_every(time)
            .build()
    };
    for good in [1, 300] {
        assert!(build(Duration::from_secs(good)).is_ok());
    }
    for bad in [
        Duration::ZERO,
        Duration::from_millis(999),
        Duration::from_secs(301),
    ] {
        assert!(matches!(build(bad), Err(BuildError::Web(_))), "{bad:?}");
    }
}

/// A store whose next load, on demand, has read its answer and keeps it until it may go on.
#[derive(Clone, Default)]
struct SlowLoad {
    devices: Arc<MemoryStore>,
    state: Arc<(Mutex<Loading>, Condvar)>,
}

#[derive(Default, PartialEq)]
enum Loading {
    #[default]
    AtOnce,
    Slowly,
    HasRead,
}

impl SlowLoad {
    fn change(&self, to: Loading) {
        *self.state.0.lock().unwrap() = to;
        self.state.1.notify_all();
    }

    fn wait_until(&self, state: Loading) {
        let guard = self.state.0.lock().unwrap();
        let _now = self.state.1.wait_while(guard, |it| *it != state).unwrap();
    }
}

impl DeviceStore for SlowLoad {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let answer = self.devices.load(user);
        if *self.state.0.lock().unwrap() == Loading::Slowly {
            self.change(Loading::HasRead);
            self.wait_until(Loading::AtOnce);
        }
        answer
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.devices.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.devices.page(after, limit)
    }
}

#[test]
fn a_load_that_began_before_a_change_is_not_remembered() {
    let (store, clock) = (SlowLoad::default(), FakeClock::at(NOON));
    let totp = Totp::builder(store.clone(), keys())
        .clock(clock.clone())
        .recheck_every(Duration::from_secs(300))
        .build()
        .unwrap();
    let alice = UserId::new("alice").unwrap();
    let service = totp.service().clone();
    let accepted = service.enroll(&alice, "", None).unwrap().accepted();
    assert!(accepted.is_some());
    let code = service.code_for(&alice).unwrap().unwrap();
    assert!(service.confirm(&alice, &code).unwrap().accepted().is_some());

    let server = serve!({
        let (totp, verifying) = (totp.clone(), totp.clone());
        let sessions =
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[7; 64]))
                .cookie_secure(false)
                .build();
        App::new()
            .service(
                web::resource("/guarded")
                    .wrap(totp.require())
                    .to(HttpResponse::Ok),
            )
            .route(
                "/login",
                web::get().to(move |session: Session| {
                    let totp = verifying.clone();
                    async move {
                        session.insert("user_id", "alice").unwrap();
                        let alice = UserId::new("alice").unwrap();
                        assert!(totp.verify_session(&session, &alice).await.unwrap());
                        HttpResponse::Ok().finish()
                    }
                }),
            )
            .wrap(sessions)
    });
    let mut browser = server.browser();
    assert_eq!(browser.get("/login").status, 200);

    store.change(Loading::Slowly);
    let mut waiting = browser.clone();
    let under_way = std::thread::spawn(move || waiting.get("/guarded").status);
    store.wait_until(Loading::HasRead);
    assert!(service.end_all_proofs(&alice).unwrap());
    store.change(Loading::AtOnce);
    assert_eq!(
        under_way.join().unwrap(),
        200,
        "it was asked before the change"
    );
    browser.get("/guarded").problem(403, "totp_required");
}
