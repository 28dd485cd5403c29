//! Two plugins in one application: neither answers for the other.

use actix_totp::{FakeClock, MemoryStore, Totp, UserId, Verified};
use actix_web::{App, HttpResponse, middleware::Condition, web};
use serde_json::json;

use crate::{
    session, set_session,
    support::{Client, NOON, PLACES, Place, RunningServer, keys, serve},
};

/// The application's first plugin, and one with a name of its own for what administrators do. Each has its own devices.
struct Two {
    place: Place,
    users: Totp,
    admins: Totp,
    clock: FakeClock,
    server: RunningServer,
}

async fn whoever(verified: Verified) -> HttpResponse {
    HttpResponse::Ok().body(verified.user().to_string())
}

impl Two {
    fn new(place: Place) -> Self {
        let clock = FakeClock::at(NOON);
        let builder = |plugin| {
            let builder = Totp::builder(MemoryStore::new(), keys())
                .clock(clock.clone())
                .current_user(place.current_user())
                .proof_in(place.proof_in(plugin));
            if !place.has_sessions() {
                return builder;
            }
            builder
                .trusted_browsers(std::time::Duration::from_secs(86_400))
                .danger_trust_without_tls()
        };
        let users = builder(0).build().unwrap();
        let admins = builder(1).name("admin").build().unwrap();
        let (u, a) = (users.clone(), admins.clone());
        let server = serve!(
            App::new()
                .service(web::scope("/otp").configure(|cfg| u.configure(cfg)))
                .service(web::scope("/admin-otp").configure(|cfg| a.configure(cfg)))
                .route("/session", web::post().to(set_session))
                .service(
                    // The users' guard stands around a handler that asks the administrators' plugin.
                    web::scope("/mixed")
                        .app_data(web::Data::new(a.clone()))
                        .wrap(u.require())
                        .route("", web::to(whoever))
                )
                .service(
                    web::scope("/users")
                        .wrap(u.require())
                        .route("", web::to(whoever))
                )
                .service(
                    web::scope("/admins")
                        .wrap(a.require())
                        .route("", web::to(whoever))
                )
                .service(
                    web::scope("/lenient")
                        .wrap(a.require())
                        .wrap(u.require().if_enrolled())
                        .route("", web::to(whoever))
                )
                .service(
                    web::scope("/both")
                        .wrap(a.require())
                        .wrap(u.require())
                        .route("", web::to(whoever))
                )
                .wrap(Condition::new(place.has_sessions(), session()))
        );
        Self {
            place,
            users,
            admins,
            clock,
            server,
        }
    }

    fn enroll(&self, totp: &Totp) {
        let (service, alice) = (totp.service(), UserId::new("alice").unwrap());
        let _ = service
            .enroll(&alice, "", None)
            .unwrap()
            .accepted()
            .unwrap();
        let code = service.code_for(&alice).unwrap().unwrap();
        let _ = service.confirm(&alice, &code).unwrap().accepted().unwrap();
        self.clock.advance_secs(60);
    }

    fn signed_in(&self, user: &str) -> Client {
        Client::signed_in(self.server.browser(), self.place, user)
    }

    fn validate(&self, client: &mut Client, totp: &Totp, scope: &str) {
        let alice = UserId::new("alice").unwrap();
        let code = totp.service().code_for(&alice).unwrap().unwrap();
        let trusting = json!({ "token": code, "trust_browser": true });
        client
            .post(&format!("/{scope}/validate/"), &trusting)
            .json();
        self.clock.advance_secs(60);
    }
}

#[test]
fn a_proof_of_one_plugin_is_none_for_the_other() {
    PLACES
        .into_iter()
        .for_each(a_proof_of_one_is_none_for_the_other);
}

fn a_proof_of_one_is_none_for_the_other(place: Place) {
    let two = Two::new(place);
    two.enroll(&two.users);
    two.enroll(&two.admins);
    let mut alice = two.signed_in("alice");
    two.validate(&mut alice, &two.users, "otp");
    assert_eq!(alice.get("/users").text(), "alice");
    for path in ["/admins", "/both", "/mixed"] {
        alice.is_asked_for_a_code(path, "totp_required");
    }
    two.validate(&mut alice, &two.admins, "admin-otp");
    for path in ["/users", "/admins", "/both", "/mixed"] {
        assert_eq!(alice.get(path).text(), "alice", "{path}");
    }
    for cookie in ["totp_trust", "totp_trust_admin"] {
        let is_set = alice.browser.cookies.contains_key(cookie);
        assert_eq!(is_set, place.is_session(), "{cookie}");
    }
    if !place.is_session() {
        let swapped = [alice.proofs[1].clone(), alice.proofs[0].clone()];
        let own = std::mem::replace(&mut alice.proofs, swapped);
        for path in ["/users", "/admins"] {
            alice.is_asked_for_a_code(path, "totp_required");
        }
        alice.proofs = own;
    }

    // What one ends, the other keeps.
    let id = UserId::new("alice").unwrap();
    assert!(two.admins.service().end_all_proofs(&id).unwrap());
    assert_eq!(alice.get("/users").text(), "alice");
    for path in ["/admins", "/both", "/mixed"] {
        alice.is_asked_for_a_code(path, "totp_required");
    }
}

#[test]
fn a_guard_that_lets_the_unenrolled_pass_opens_no_handler_of_the_other_plugin() {
    PLACES
        .into_iter()
        .for_each(no_handler_of_the_other_is_opened);
}

fn no_handler_of_the_other_is_opened(place: Place) {
    let two = Two::new(place);
    two.enroll(&two.admins);
    let mut alice = two.signed_in("alice");
    two.validate(&mut alice, &two.admins, "admin-otp");
    assert_eq!(alice.get("/admins").text(), "alice");
    for path in ["/users", "/both", "/mixed"] {
        alice.get(path).problem(403, "totp_setup_required");
    }
}

#[test]
fn where_no_plugin_is_registered_the_innermost_guard_says_who_it_is() {
    PLACES
        .into_iter()
        .for_each(the_innermost_guard_says_who_it_is);
}

fn the_innermost_guard_says_who_it_is(place: Place) {
    let two = Two::new(place);
    two.enroll(&two.admins);
    let mut alice = two.signed_in("alice");
    two.validate(&mut alice, &two.admins, "admin-otp");
    assert_eq!(alice.get("/lenient").text(), "alice");
}
