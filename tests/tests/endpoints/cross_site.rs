//! POSTs that a page of another site sends.

use crate::support::{NOON, TestApp, keys, serve};
use actix_cors::Cors;
use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};

const POSTS: [&str; 8] = [
    "generate",
    "verify",
    "validate",
    "backup-codes",
    "forget-browsers",
    "disable",
    "authenticators/0123456789abcdef/rename",
    "authenticators/0123456789abcdef/remove",
];

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn are_refused_and_change_nothing() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let before = app.device();
    let body = format!("{{\"token\":\"{}\"}}", phone.code());
    let form = format!("token={}", phone.code());
    let from_elsewhere: [&[(&str, &str)]; 8] = [
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "https://127.0.0.1:1")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", "https://evil.example"),
        ],
        &[
            ("Origin", "https://evil.example"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
        ],
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
    ];
    for headers in from_elsewhere {
        for page in POSTS.into_iter().chain(["saved"]) {
            let html = [("Accept", "text/html"), ("Content-Type", FORM)];
            let answer = alice.send(
                "POST",
                &format!("/auth/otp/{page}/"),
                &[headers, &html].concat(),
                form.as_bytes(),
            );
            assert_eq!(answer.status, 403, "{page}");
            assert!(answer.text().contains("was sent by another site"), "{page}");
        }
        for endpoint in POSTS {
            for (kind, body) in [
                ("application/json", &body),
                (FORM, &form),
                ("text/plain", &body),
            ] {
                let headers = [headers, &[("Content-Type", kind)]].concat();
                let answer = alice.send(
                    "POST",
                    &format!("/auth/otp/{endpoint}/"),
                    &headers,
                    body.as_bytes(),
                );
                answer.problem(403, "cross_site");
            }
        }
    }
    assert_eq!(app.device(), before);
    // A page elsewhere may link to status: it reads nothing and changes nothing.
    assert_eq!(
        alice
            .send(
                "GET",
                "/auth/otp/status/",
                &[("Sec-Fetch-Site", "cross-site")],
                b""
            )
            .status,
        200
    );
}

#[test]
fn the_sites_own_pages_and_clients_that_are_no_browsers_pass() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let host = "totp.example:8080";
    let own: [&[(&str, &str)]; 6] = [
        &[],
        &[("Host", host)],
        &[("Host", host), ("Origin", "http://totp.example:8080")],
        &[
            ("Host", host),
            ("Origin", "https://TOTP.example:8080"),
            ("Referer", "https://evil.example/"),
        ],
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Origin", "https://behind.a.proxy"),
        ],
        &[("Sec-Fetch-Site", "none")],
    ];
    for headers in own {
        let headers = [headers, &[("Content-Type", "application/json")]].concat();
        let body = format!("{{\"token\":\"{}\"}}", phone.code());
        assert_eq!(
            alice
                .send("POST", "/auth/otp/validate/", &headers, body.as_bytes())
                .json()["method"],
            "totp"
        );
        app.clock.advance_secs(30);
    }
}

#[test]
fn a_front_end_on_a_trusted_origin_works_with_cors() {
    const FRONT_END: &str = "https://app.example.com";
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(FakeClock::at(NOON))
        .trusted_origins([FRONT_END])
        .build()
        .unwrap();
    let server = serve!(
        App::new()
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .route(
                "/login",
                web::post().to(|req: HttpRequest| async move {
                    req.get_session().insert("user_id", 7).unwrap();
                    HttpResponse::Ok().finish()
                })
            )
            .wrap(
                SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                    .build()
            )
            .wrap(
                Cors::default()
                    .allowed_origin(FRONT_END)
                    .allowed_methods(["GET", "POST"])
                    .allowed_header("content-type")
                    .supports_credentials()
            )
    );
    let mut browser = server.browser();
    browser.send("POST", "/login", &[("Origin", FRONT_END)], b"");
    let preflight = browser.send(
        "OPTIONS",
        "/auth/otp/generate/",
        &[
            ("Origin", FRONT_END),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type"),
        ],
        b"",
    );
    assert_eq!(preflight.status, 200);
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        Some(FRONT_END)
    );

    let stranger = [
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "POST"),
    ];
    let preflight = browser.send("OPTIONS", "/auth/otp/generate/", &stranger, b"");
    assert_eq!(preflight.header("access-control-allow-origin"), None);

    for site in ["cross-site", "same-site"] {
        let headers = [
            ("Origin", FRONT_END),
            ("Sec-Fetch-Site", site),
            ("Content-Type", "application/json"),
        ];
        let answer = browser.send("POST", "/auth/otp/generate/", &headers, b"{}");
        assert!(answer.json()["secret"].is_string());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some(FRONT_END)
        );
    }
    let headers = [("Origin", FRONT_END), ("Content-Type", "application/json")];
    let refusal = browser.send(
        "POST",
        "/auth/otp/verify/",
        &headers,
        b"{\"token\":\"12345\"}",
    );
    refusal.problem(400, "malformed_token");
    assert_eq!(
        refusal.header("access-control-allow-origin"),
        Some(FRONT_END),
        "a front end can read why"
    );
    let headers = [
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    browser
        .send("POST", "/auth/otp/generate/", &headers, b"")
        .problem(403, "cross_site");
}

#[test]
fn nobody_is_signed_in_by_a_page_of_another_site() {
    let app = TestApp::start();
    app.signed_in("mallory");
    let mut alice = app.browser();
    let mut sign_in = |headers: &[(&str, &str)]| {
        let headers = [headers, &[("Content-Type", FORM)]].concat();
        let form = b"username=mallory&password=correct+horse";
        alice.send("POST", "/login", &headers, form).status
    };
    let own = format!("http://{}", app.address());
    for from_elsewhere in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", &own)],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", &own[7..])],
    ] {
        assert_eq!(sign_in(from_elsewhere), 403, "{from_elsewhere:?}");
    }
    for from_here in [
        &[("Sec-Fetch-Site", "same-origin")][..],
        &[("Origin", &own)],
        &[],
    ] {
        assert_eq!(sign_in(from_here), 303, "{from_here:?}");
    }
}
