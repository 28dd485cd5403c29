//! `RequireTotp`: who passes, and that nothing opens it.

#[path = "../support/mod.rs"]
mod support;

mod authenticators;
mod caching;
mod client_proofs;
mod code;
mod cross_site;
mod demand;
mod each_time;
mod either;
mod endings;
mod errors;
mod grace;
mod inventory;
mod paths;
mod plugins;
mod proofs;
mod recheck;
mod redirects;
mod settings;
mod skip;
mod step_up;
mod wiring;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    DeviceStore, FakeClock, KeyRing, MemoryStore, Problem, RequireTotp, Totp, TotpBuilder, UserId,
};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    middleware::{Condition, DefaultHeaders},
    web::{self, ServiceConfig},
};
use serde_json::json;
use support::{Browser, Client, FaultyStore, NOON, Place, RunningServer, keys, serve};

/// An application whose guarded routes count how often they run, and where a session can be made as a test wants it.
struct Site {
    place: Place,
    totp: Totp,
    store: FaultyStore,
    /// The same devices, as another process has them.
    devices: Arc<dyn DeviceStore>,
    clock: FakeClock,
    runs: Arc<AtomicU32>,
    server: RunningServer,
}

type Routes = fn(&Totp, &mut ServiceConfig);

impl Site {
    /// One whose proofs are in its sessions.
    fn new(set: impl FnOnce(TotpBuilder) -> TotpBuilder, routes: Routes) -> Self {
        Self::at(Place::Session, set, routes)
    }

    fn at(place: Place, set: impl FnOnce(TotpBuilder) -> TotpBuilder, routes: Routes) -> Self {
        let clock = FakeClock::at(NOON);
        let devices = Arc::new(MemoryStore::new());
        Self::over(devices, keys(), clock, place, set, routes)
    }

    /// One with these devices.
    fn on(
        devices: Arc<dyn DeviceStore>,
        set: impl FnOnce(TotpBuilder) -> TotpBuilder,
        routes: Routes,
    ) -> Self {
        let clock = FakeClock::at(NOON);
        Self::over(devices, keys(), clock, Place::Session, set, routes)
    }

    /// The same application in another process, with these keys.
    fn another(&self, keys: KeyRing) -> Self {
        let (devices, clock) = (Arc::clone(&self.devices), self.clock.clone());
        Self::over(devices, keys, clock, self.place, plain, kinds)
    }

    fn over(
        devices: Arc<dyn DeviceStore>,
        keys: KeyRing,
        clock: FakeClock,
        place: Place,
        set: impl FnOnce(TotpBuilder) -> TotpBuilder,
        routes: Routes,
    ) -> Self {
        let store = FaultyStore::around(devices.clone());
        let builder = Totp::builder(store.clone(), keys)
            .clock(clock.clone())
            .current_user(place.current_user())
            .proof_in(place.proof_in(0));
        let totp = set(builder).build().unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let (used, counter) = (totp.clone(), Arc::clone(&runs));
        let server = serve!(
            App::new()
                .app_data(web::Data::from(Arc::clone(&counter)))
                .service(web::scope("/auth/otp").configure(|cfg| used.configure(cfg)))
                .route("/session", web::post().to(set_session))
                .configure(|cfg| routes(&used, cfg))
                .wrap(Condition::new(place.has_sessions(), session()))
                .wrap(DefaultHeaders::new().add(("x-outside", "ran")))
        );
        Self {
            place,
            totp,
            store,
            devices,
            clock,
            runs,
            server,
        }
    }

    /// A browser whose session holds these entries.
    fn with_session(&self, entries: &serde_json::Value) -> Browser {
        let mut browser = self.server.browser();
        assert_eq!(browser.post("/session", entries).status, 200);
        browser
    }

    /// A client of `user`, who has shown the first factor.
    fn signed_in(&self, user: &str) -> Client {
        Client::signed_in(self.server.browser(), self.place, user)
    }

    /// A client of `user`, who is enrolled, without a proof.
    fn enrolled(&self, user: &str) -> Client {
        let (id, service) = (id(user), self.totp.service());
        let _ = service.enroll(&id, "", None).unwrap().accepted().unwrap();
        let code = service.code_for(&id).unwrap().unwrap();
        let _ = service.confirm(&id, &code).unwrap().accepted().unwrap();
        self.clock.advance_secs(60);
        self.signed_in(user)
    }

    /// A client of `user`, who is enrolled, with a proof of just now.
    fn verified(&self, user: &str) -> Client {
        let mut client = self.enrolled(user);
        self.validate(&mut client, user);
        client
    }

    fn validate(&self, client: &mut Client, user: &str) {
        let code = self.code(user);
        client.token("/auth/otp/validate/", &code).json();
        self.clock.advance_secs(30);
    }

    /// What the user's authenticator shows.
    fn code(&self, user: &str) -> String {
        self.totp.service().code_for(&id(user)).unwrap().unwrap()
    }

    fn runs(&self) -> u32 {
        self.runs.load(SeqCst)
    }
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
        .cookie_secure(false)
        .build()
}

async fn set_session(
    req: HttpRequest,
    entries: web::Json<serde_json::Map<String, serde_json::Value>>,
) -> HttpResponse {
    req.get_session().clear();
    for (key, value) in entries.iter() {
        req.get_session().insert(key, value).unwrap();
    }
    HttpResponse::Ok().json(json!({}))
}

fn id(user: &str) -> UserId {
    UserId::new(user).unwrap()
}

async fn run(runs: web::Data<AtomicU32>) -> HttpResponse {
    runs.fetch_add(1, SeqCst);
    HttpResponse::Ok().body("the vault")
}

fn vault(totp: &Totp, cfg: &mut ServiceConfig) {
    cfg.service(
        web::scope("/vault")
            .wrap(totp.require())
            .service(
                web::scope("/inner")
                    .route("/deep", web::to(run))
                    .default_service(web::to(run)),
            )
            .route("", web::to(run))
            .route("/", web::to(run))
            .default_service(web::to(run)),
    );
}

/// What an application does after a change of password.
async fn change_password(req: HttpRequest, totp: web::Data<Totp>) -> Result<HttpResponse, Problem> {
    let successor = totp.end_other_proofs_of(&req).await?;
    Ok(HttpResponse::Ok().json(successor))
}

/// One guard of each kind.
fn kinds(totp: &Totp, cfg: &mut ServiceConfig) {
    let guarded = |path: &str, guard: RequireTotp| web::resource(path).wrap(guard).to(run);
    let fresh = totp.require().max_age(Duration::from_secs(300)).strict();
    cfg.service(guarded("/vault", totp.require()))
        .service(guarded("/account", totp.require().if_enrolled()))
        .service(guarded("/transfer", fresh))
        .service(guarded("/wipe", totp.require().each_time()))
        .app_data(web::Data::new(totp.clone()))
        .route("/password", web::post().to(change_password));
}

fn plain(builder: TotpBuilder) -> TotpBuilder {
    builder
}
