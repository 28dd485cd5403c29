//! What a configuration lacks for a standard.

use std::time::Duration;

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    Algorithm, BackupCodeLength, Grace, KeyRing, Level, MemoryStore, Parameters, Standard, Totp,
    TotpBuilder,
};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};

use crate::support::{Browser, RunningServer, keys, serve};

const ASVS_L3: Standard = Standard::Asvs5(Level::L3);
const NIST: Standard = Standard::Sp800_63b4Aal2;
const DAY: Duration = Duration::from_secs(86_400);

const SHA_256: Parameters = Parameters {
    algorithm: Algorithm::Sha256,
    digits: 6,
    period_secs: 30,
};

fn without_functions() -> TotpBuilder {
    Totp::builder(MemoryStore::new(), keys())
        .window(0)
        .parameters(SHA_256)
        .backup_codes(10, BackupCodeLength::SixGroups)
}

/// What lacks nothing for a standard.
fn good(standard: Standard) -> TotpBuilder {
    let builder = without_functions()
        .on_event(|_, _| {})
        .authorize_change(async |_, _| Ok(()));
    match standard {
        NIST => builder.danger_throttle_backup_codes(),
        _ => builder,
    }
}

fn lacking(totp: &Totp, standard: Standard) -> Vec<&'static str> {
    let shortfalls = totp.shortfalls(standard).into_iter();
    shortfalls.map(|it| it.requirement).collect()
}

fn ring(count: u8) -> KeyRing {
    KeyRing::new((1..=count).map(|first| std::array::from_fn(|n| first + n as u8))).unwrap()
}

#[test]
fn a_configuration_that_mends_everything_lacks_nothing() {
    for standard in [
        Standard::Asvs5(Level::L1),
        Standard::Asvs5(Level::L2),
        ASVS_L3,
        NIST,
    ] {
        let totp = good(standard).build().unwrap();
        assert_eq!(totp.shortfalls(standard), []);
    }
}

#[test]
fn what_the_defaults_lack_is_known() {
    let totp = Totp::builder(MemoryStore::new(), keys()).build().unwrap();
    let of = |level| lacking(&totp, Standard::Asvs5(level));
    assert_eq!(of(Level::L1), ["11.4.1"]);
    assert_eq!(of(Level::L2), ["6.5.5", "11.4.1", "6.5.2", "7.5.1"]);
    let third = ["6.5.5", "11.4.1", "6.5.2", "7.5.1", "6.3.5", "6.3.7"];
    assert_eq!(of(Level::L3), third);
    assert_eq!(lacking(&totp, NIST), ["3.1.2.2", "4.2.1.1", "4.6"]);
}

/// Each setting on top of a configuration that lacks nothing.
#[test]
fn a_shortfall_comes_with_its_setting_and_goes_with_the_remedy() {
    type Set = fn(TotpBuilder) -> TotpBuilder;
    let period = |builder: TotpBuilder, period_secs| {
        builder.parameters(Parameters {
            period_secs,
            ..SHA_256
        })
    };
    type Requirements = &'static [&'static str];
    let settings: &[(&str, Requirements, Requirements, Set, Set)] = &[
        (
            "window",
            &["6.5.5"],
            &[],
            |it| it.window(1),
            |it| it.window(0),
        ),
        (
            "danger_window",
            &["6.5.5"],
            &["3.1.4.2"],
            |it| it.danger_window(2),
            |it| it.window(0),
        ),
        (
            "algorithm",
            &["11.4.1"],
            &[],
            |it| it.parameters(Parameters::default()),
            |it| it.parameters(SHA_256),
        ),
        (
            "backup_codes",
            &["6.5.2"],
            &["3.1.2.2"],
            |it| it.backup_codes(10, BackupCodeLength::FourGroups),
            |it| it.backup_codes(10, BackupCodeLength::SixGroups),
        ),
        (
            "max_age",
            &["7.3.2"],
            &["2.2.3"],
            |it| it.max_age(2 * DAY),
            |it| it.max_age(DAY),
        ),
        (
            "trusted_browsers, a day",
            &[],
            &["5.1"],
            |it| it.trusted_browsers(DAY),
            |it| it,
        ),
        (
            "trusted_browsers",
            &["7.3.2"],
            &["5.1"],
            |it| it.trusted_browsers(30 * DAY),
            |it| it,
        ),
        (
            "danger_trust_without_tls",
            &["3.3.1"],
            &["5.1", "5.1.1"],
            |it| it.trusted_browsers(DAY).danger_trust_without_tls(),
            |it| it.danger_trust_without_tls(), // no cookie at all
        ),
        (
            "grace",
            &["6.3.3"],
            &["2.2.1"],
            |it| it.grace(Grace::per_user(14 * DAY)),
            |it| it,
        ),
        (
            "trusted_origins",
            &["3.5.1"],
            &[],
            |it| it.trusted_origins(["https://app.example.com", "http://app.example.com"]),
            |it| it.trusted_origins(["https://app.example.com"]),
        ),
        (
            "recheck_every",
            &["7.4.1"],
            &[],
            |it| it.recheck_every(Duration::from_secs(10)),
            |it| it,
        ),
    ];
    for (name, asvs, nist, set, mend) in settings {
        for (standard, expected) in [(ASVS_L3, asvs), (NIST, nist)] {
            let bad = set(good(standard)).build().unwrap();
            assert_eq!(lacking(&bad, standard), **expected, "{name}, {standard}");
            let mended = mend(good(standard)).build().unwrap();
            assert_eq!(lacking(&mended, standard), [""; 0], "{name}, {standard}");
        }
    }
    let of_period =
        |secs, standard| lacking(&period(good(standard), secs).build().unwrap(), standard);
    assert_eq!(of_period(121, NIST), ["3.1.4.1"]);
    assert_eq!(of_period(120, NIST), [""; 0]);
    assert_eq!(of_period(31, ASVS_L3), ["6.5.5"]);
}

#[test]
fn functions_that_are_missing_are_named() {
    let totp = without_functions().build().unwrap();
    assert_eq!(lacking(&totp, ASVS_L3), ["7.5.1", "6.3.5", "6.3.7"]);
    assert_eq!(lacking(&totp, NIST), ["4.2.1.1", "4.6"]);
    let told = without_functions().on_event_async(async |_, _| {});
    assert_eq!(lacking(&told.build().unwrap(), ASVS_L3), ["7.5.1"]);
}

/// By its letter NIST wants what ASVS calls a lockout: no configuration pleases both.
#[test]
fn a_limit_of_backup_codes_is_asked_for_by_one_standard_and_refused_by_the_other() {
    let limited = || good(NIST).build().unwrap();
    let free = || good(ASVS_L3).build().unwrap();
    assert_eq!(lacking(&limited(), Standard::Asvs5(Level::L1)), ["6.1.1"]);
    assert_eq!(lacking(&free(), NIST), ["4.2.1.1"]);
}

#[test]
fn a_rotation_that_was_not_finished_is_named() {
    let of = |keys| {
        let totp = Totp::builder(MemoryStore::new(), ring(keys))
            .build()
            .unwrap();
        lacking(&totp, ASVS_L3).contains(&"13.3.4")
    };
    assert!(!of(1) && !of(2) && of(3));
}

#[test]
fn each_shortfall_says_why_and_what_mends_it_in_a_line() {
    let totp = Totp::builder(MemoryStore::new(), keys()).build().unwrap();
    let shown: Vec<String> = totp
        .shortfalls(ASVS_L3)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        shown[0].starts_with("6.5.5: a code is good for 90 seconds; `window(0)`"),
        "{shown:?}"
    );
    assert!(shown.iter().all(|it| !it.contains('\n')));
}

/// A plugin that lacks nothing, behind a session cookie of this name.
fn served(cookie: &'static str) -> (Totp, RunningServer) {
    let totp = good(ASVS_L3).build().unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .route(
                "/login",
                web::post().to(|req: HttpRequest| async move {
                    req.get_session().insert("user_id", "alice").unwrap();
                    HttpResponse::Ok().finish()
                })
            )
            .wrap(
                SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                    .cookie_name(cookie.into())
                    .build()
            )
    );
    (totp, server)
}

const FROM_A_PROXY: (&str, &str) = ("X-Forwarded-Proto", "https");

fn generate(browser: &mut Browser, headers: &[(&str, &str)]) -> u16 {
    browser.send("POST", "/otp/generate/", headers, b"").status
}

#[test]
fn a_request_over_plain_http_is_remembered_and_one_through_tls_is_none() {
    let (totp, server) = served("__Host-id");
    let mut alice = server.browser();
    assert_eq!(generate(&mut alice, &[]), 401);
    assert_eq!(lacking(&totp, ASVS_L3), [""; 0], "strangers show nothing");
    alice.send("POST", "/login", &[], b"");
    assert_eq!(generate(&mut alice, &[FROM_A_PROXY]), 200);
    assert_eq!(lacking(&totp, ASVS_L3), [""; 0]);
    assert_eq!(generate(&mut alice, &[]), 200);
    assert_eq!(generate(&mut alice, &[FROM_A_PROXY]), 200);
    assert_eq!(lacking(&totp, ASVS_L3), ["3.3.1"]);
    assert!(totp.shortfalls(ASVS_L3)[0].why.contains("over plain HTTP"));
    assert!(lacking(&totp, NIST).contains(&"2.2.2"));
}

#[test]
fn a_session_cookie_without_a_prefix_is_noticed() {
    for (name, expected) in [("__Secure-id", &[""; 0][..]), ("id", &["3.3.1"])] {
        let (totp, server) = served(name);
        let mut alice = server.browser();
        alice.send("POST", "/login", &[], b"");
        // The cookie of a trusted browser says nothing of the session's.
        alice.cookies.insert("__Host-totp_trust".into(), "x".into());
        assert_eq!(generate(&mut alice, &[FROM_A_PROXY]), 200);
        assert_eq!(lacking(&totp, ASVS_L3), expected, "{name}");
    }
}
