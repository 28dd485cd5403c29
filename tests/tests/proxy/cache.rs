//! nginx that keeps every 200 for ten minutes, whoever asked, and is told of no `Vary`: what a shared cache may do with an
//! answer that says nothing (RFC 9111 §3 does not look at cookies).

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, RequireTotp, Totp, UserId, Verified};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};
use serde_json::json;

use crate::support::{Browser, NOON, Nginx, RunningServer, keys, serve};

/// An application with a guarded page that shows its user's name, and nginx in front of it.
struct Site {
    totp: Totp,
    clock: FakeClock,
    nginx: Nginx,
    _server: RunningServer,
}

impl Site {
    fn behind_a_cache(guard: fn(&Totp) -> RequireTotp) -> Option<Self> {
        let clock = FakeClock::at(NOON);
        let totp = Totp::builder(MemoryStore::new(), keys()).clock(clock.clone());
        let totp = totp.build().unwrap();
        let used = totp.clone();
        let server = serve!(
            App::new()
                .app_data(web::Data::new(used.clone()))
                .service(web::scope("/auth/otp").configure(|cfg| used.configure(cfg)))
                .route("/sign-in/{user}", web::post().to(sign_in))
                .service(
                    web::scope("/account")
                        .wrap(guard(&used))
                        .default_service(web::to(account))
                )
                .wrap(
                    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                        .cookie_secure(false)
                        .build()
                )
        );
        let nginx = Nginx::start(
            "proxy_cache_path cache keys_zone=answers:1m;",
            &format!(
                "location / {{ proxy_pass http://{}; proxy_cache answers; proxy_cache_valid 200 10m; \
                 add_header X-Cache $upstream_cache_status; }}",
                server.address
            ),
        )?;
        Some(Self {
            totp,
            clock,
            nginx,
            _server: server,
        })
    }

    /// A browser of a user who is enrolled, with a proof.
    fn verified(&self, user: &str) -> Browser {
        let id = UserId::new(user).unwrap();
        let service = self.totp.service();
        let _ = service.enroll(&id, "", None).unwrap().accepted().unwrap();
        let _ = service
            .confirm(&id, &self.code(user))
            .unwrap()
            .accepted()
            .unwrap();
        self.clock.advance_secs(60);
        let mut browser = self.nginx.browser();
        let signed_in = browser.post(&format!("/sign-in/{user}"), &json!({}));
        assert_eq!(signed_in.status, 200);
        browser
    }

    fn code(&self, user: &str) -> String {
        let id = UserId::new(user).unwrap();
        self.totp.service().code_for(&id).unwrap().unwrap()
    }
}

async fn sign_in(totp: web::Data<Totp>, user: web::Path<String>, req: HttpRequest) -> HttpResponse {
    let (session, id) = (req.get_session(), UserId::new(user.as_str()).unwrap());
    session.insert("user_id", user.as_str()).unwrap();
    assert!(totp.verify_session(&session, &id).await.unwrap());
    HttpResponse::Ok().finish()
}

async fn account(verified: Verified) -> String {
    format!("the account of {}", verified.user())
}

#[test]
fn one_users_page_never_reaches_another() {
    let Some(site) = Site::behind_a_cache(Totp::require) else {
        return;
    };
    let (mut alice, mut bob) = (site.verified("alice"), site.verified("bob"));
    // The second is what web cache deception asks for: a page that looks like a file that everybody may have.
    for path in ["/account", "/account/style.css"] {
        let shown = alice.get(path);
        assert_eq!(
            (shown.status, shown.text().as_str()),
            (200, "the account of alice")
        );
        assert_eq!(bob.get(path).text(), "the account of bob");
        site.nginx
            .browser()
            .get(path)
            .problem(401, "not_authenticated");
        assert_eq!(alice.get(path).header("x-cache"), Some("MISS"));
    }
}

#[test]
fn a_page_that_was_shown_before_a_disable_is_not_shown_after_it() {
    let Some(site) = Site::behind_a_cache(Totp::require) else {
        return;
    };
    let mut alice = site.verified("alice");
    assert_eq!(alice.get("/account").status, 200);
    alice
        .token("/auth/otp/disable/", &site.code("alice"))
        .json();
    alice.get("/account").problem(403, "totp_setup_required");
}

#[test]
fn without_the_header_one_users_page_reaches_everybody_also_after_a_disable() {
    let Some(site) = Site::behind_a_cache(|totp| totp.require().leave_cache_control()) else {
        return;
    };
    let mut alice = site.verified("alice");
    assert_eq!(alice.get("/account").text(), "the account of alice");
    alice
        .token("/auth/otp/disable/", &site.code("alice"))
        .json();
    for mut browser in [alice, site.verified("bob"), site.nginx.browser()] {
        let answer = browser.get("/account");
        assert_eq!(answer.header("x-cache"), Some("HIT"));
        assert_eq!(answer.text(), "the account of alice");
    }
}
