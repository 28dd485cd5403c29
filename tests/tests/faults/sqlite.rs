//! What can befall a SQLite file: each is a 503 and an event, what is in it stays, and all is well when the cause is gone.

use std::sync::{Arc, Mutex};

use crate::support::{Answer, Browser, NOON, RunningServer, keys, serve};
use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    Device, DeviceStore, DieselStore, Event, FakeClock, Totp, UserId,
    diesel::{
        SqliteConnection,
        connection::SimpleConnection,
        r2d2::{ConnectionManager, Pool},
    },
};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};

/// A site over one connection, so that a pragma holds for everything it does.
struct Site {
    connection: Pool<ConnectionManager<SqliteConnection>>,
    store: DieselStore<SqliteConnection>,
    totp: Totp,
    clock: FakeClock,
    events: Arc<Mutex<Vec<Event>>>,
    server: RunningServer,
    _folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let manager = ConnectionManager::new(path.to_str().unwrap());
        let connection = Pool::builder().max_size(1).build(manager).unwrap();
        let store = DieselStore::from_pool(connection.clone());
        store.migrate().unwrap();
        let (events, clock) = (Arc::<Mutex<Vec<Event>>>::default(), FakeClock::at(NOON));
        let log = Arc::clone(&events);
        let totp = Totp::builder(store.clone(), keys())
            .clock(clock.clone())
            .on_event(move |event, _| log.lock().unwrap().push(event.clone()))
            .build()
            .unwrap();
        let used = totp.clone();
        let server = serve!(
            App::new()
                .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
                .service(
                    web::resource("/vault")
                        .wrap(used.require())
                        .to(HttpResponse::Ok)
                )
                .route("/login/{user}", web::post().to(login))
                .wrap(SessionMiddleware::new(
                    CookieSessionStore::default(),
                    Key::from(&[1; 64])
                ))
        );
        Self {
            connection,
            store,
            totp,
            clock,
            events,
            server,
            _folder: folder,
        }
    }

    fn sql(&self, sql: &str) {
        self.connection.get().unwrap().batch_execute(sql).unwrap();
    }

    /// A browser with a proof. The code that gave it is used up.
    fn enrolled(&self, user: &str) -> Browser {
        let mut browser = self.server.browser();
        let login = browser.send("POST", &format!("/login/{user}"), &[], b"");
        assert_eq!(login.status, 200);
        browser.form("/otp/generate/", "").json();
        let code = self.code(user);
        browser.token("/otp/verify/", &code).json();
        self.clock.advance_secs(30);
        browser
    }

    fn code(&self, user: &str) -> String {
        let user = UserId::new(user).unwrap();
        self.totp.service().code_for(&user).unwrap().unwrap()
    }

    /// The events of faults, since this was asked last.
    fn faults(&self) -> Vec<Event> {
        self.totp.service().flush_events();
        let mut events = std::mem::take(&mut *self.events.lock().unwrap());
        events.retain(|it| matches!(it, Event::StoreFailed { .. } | Event::SealBroken { .. }));
        events
    }

    fn devices(&self) -> Vec<Device> {
        self.store.page(None, 10).unwrap()
    }
}

async fn login(req: HttpRequest, user: web::Path<String>) -> HttpResponse {
    req.get_session()
        .insert("user_id", user.into_inner())
        .unwrap();
    HttpResponse::Ok().finish()
}

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    answer.problem(503, "store_unavailable");
    assert!(answer.header("retry-after").is_some());
    assert!(answer.header("set-cookie").is_none(), "no proof");
}

fn store_failed(user: &str) -> Event {
    let user = UserId::new(user).unwrap();
    Event::StoreFailed { user }
}

/// Breaks what `sql` breaks, twice; what needs a write is refused, and reads go on.
fn assert_writes_fail_and_recover(break_it: &str, mend_it: &str) {
    let site = Site::start();
    let mut alice = site.enrolled("alice");
    for _ in 0..2 {
        let before = site.devices();
        site.sql(break_it);
        let code = site.code("alice");
        assert_unavailable(&alice.token("/otp/validate/", &code));
        assert_unavailable(&alice.token("/otp/validate/", "000000"));
        assert_eq!(site.faults(), [store_failed("alice")]);
        assert_eq!(alice.get("/vault").status, 200);
        assert_eq!(alice.get("/otp/status/").json()["otp_enabled"], true);
        assert!(site.devices() == before, "what is in it stays");

        site.sql(mend_it);
        alice.token("/otp/validate/", &code).json();
        assert_eq!(site.faults(), []);
        site.clock.advance_secs(60); // one event a minute for outages
    }
}

#[test]
fn read_only() {
    assert_writes_fail_and_recover("PRAGMA query_only = ON", "PRAGMA query_only = OFF");
}

/// Rows that grow find no room on the disk.
#[test]
fn full() {
    let site = Site::start();
    let mut alice = site.enrolled("alice");
    let before = site.devices();
    site.sql("PRAGMA max_page_count = 1"); // as many as there are
    let mut refused = 0;
    for n in 0..40 {
        let mut newcomer = site.server.browser();
        assert_eq!(
            newcomer
                .send(
                    "POST",
                    &format!("/login/newcomer {n}").replace(' ', "-"),
                    &[],
                    b""
                )
                .status,
            200
        );
        let generated = newcomer.form("/otp/generate/", "");
        if generated.status != 200 {
            assert_unavailable(&generated);
            refused += 1;
        }
    }
    assert!(refused > 0);
    assert_eq!(site.faults().len(), 1, "one per outage");
    assert!(before.iter().all(|device| site.devices().contains(device)));
    assert_eq!(alice.get("/vault").status, 200);

    site.sql("PRAGMA max_page_count = 1000000");
    let code = site.code("alice");
    alice.token("/otp/validate/", &code).json();
    site.enrolled("newcomer-39");
    assert_eq!(site.faults(), []);
}

#[test]
fn without_its_table() {
    let site = Site::start();
    let mut alice = site.enrolled("alice");
    for _ in 0..2 {
        let code = site.code("alice");
        site.sql("ALTER TABLE totp_devices RENAME TO gone");
        assert_unavailable(&alice.token("/otp/validate/", &code));
        assert_unavailable(&alice.get("/vault"));
        assert_unavailable(&alice.get("/otp/status/"));
        assert_unavailable(&alice.form("/otp/generate/", ""));
        assert_eq!(site.faults(), [store_failed("alice")]);

        site.sql("ALTER TABLE gone RENAME TO totp_devices");
        alice.token("/otp/validate/", &code).json();
        assert_eq!(alice.get("/vault").status, 200);
        site.clock.advance_secs(60);
    }
}

#[test]
fn with_a_box_that_does_not_open() {
    let site = Site::start();
    let (mut alice, mut bob) = (site.enrolled("alice"), site.enrolled("bob"));
    let codes = (site.code("alice"), site.code("bob"));
    site.sql(
        "CREATE TABLE whole AS SELECT * FROM totp_devices; \
         UPDATE totp_devices SET sealed = zeroblob(length(sealed)) WHERE user_id = 'alice'",
    );
    let before = site.devices();
    for path in ["validate", "generate", "disable", "backup-codes"] {
        assert_unavailable(&alice.token(&format!("/otp/{path}/"), &codes.0));
    }
    let user = UserId::new("alice").unwrap();
    assert_eq!(site.faults(), vec![Event::SealBroken { user }; 4]);
    assert!(site.devices() == before, "nothing was written");
    // Never "not enrolled"; and nobody else is touched.
    assert_eq!(alice.get("/otp/status/").json()["otp_enabled"], true);
    bob.token("/otp/validate/", &codes.1).json();

    site.sql(
        "UPDATE totp_devices SET sealed = (SELECT sealed FROM whole WHERE whole.user_id = 'alice') \
         WHERE user_id = 'alice'",
    );
    alice.token("/otp/validate/", &codes.0).json();
    assert_eq!(site.faults(), []);
}
