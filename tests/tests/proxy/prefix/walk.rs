//! A walk through everything that leads somewhere, in a browser that knows the application below `/app` alone.

use actix_totp::TotpBuilder;
use serde_json::json;

use super::Site;
use crate::support::{Answer, Browser, Nginx, PageClient, code_at, text_of};

fn known(builder: TotpBuilder) -> TotpBuilder {
    builder.public_path("/app")
}

fn forwarded(builder: TotpBuilder) -> TotpBuilder {
    builder.trust_forwarded_prefix()
}

/// nginx with the location that the docs show, if the machine has it.
fn nginx(site: &Site) -> Option<Nginx> {
    let docs = include_str!("../../../../docs/proxy.md");
    let location = docs.split("```nginx\n").nth(1).unwrap();
    let location = location.split("```").next().unwrap();
    assert!(location.contains("127.0.0.1:8080"), "{location}");
    let address = site.server.address.to_string();
    Nginx::start("", &location.replace("127.0.0.1:8080", &address))
}

/// alice, signed in with her password, before the proxy.
fn alice(nginx: &Nginx) -> PageClient {
    let mut browser = nginx.browser();
    assert_eq!(browser.post("/app/sign-in", &json!({})).status, 200);
    PageClient::at(browser)
}

#[track_caller]
fn leads_to(answer: &Answer, path: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some(path));
}

/// Everything that a page links to, loads or posts to is below `/app`, and what it loads is there.
#[track_caller]
fn stays_within(alice: &mut PageClient, page: &str) {
    let here = alice.at.clone();
    let addresses = |attribute: &str| {
        let begin = format!(" {attribute}=\"");
        let parts = page.split(begin.as_str()).skip(1);
        let parts = parts.map(|part| part.split('"').next().unwrap().to_owned());
        parts.collect::<Vec<_>>()
    };
    let (mut links, forms) = (
        [addresses("href"), addresses("src")].concat(),
        addresses("action"),
    );
    links.retain(|it| !it.starts_with("data:") && !it.starts_with("otpauth:"));
    assert!(links.len() >= 5 && !forms.is_empty(), "{page}");
    for link in links {
        let answer = alice.open(&link);
        assert!(alice.at.starts_with("/app/"), "{link} on {here}");
        assert!(matches!(answer.status, 200 | 303), "{link}: {answer:?}");
        alice.at.clone_from(&here);
    }
    for form in forms {
        assert!(form.starts_with("../") || form == "/app/sign-out", "{form}");
    }
}

/// The cookie that an answer sets.
#[track_caller]
fn cookie<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let begin = format!("{name}=");
    let found = answer.all("set-cookie").find(|it| it.starts_with(&begin));
    found.unwrap_or_else(|| panic!("{name} in {answer:?}"))
}

fn walk(nginx: &Nginx, site: &Site) {
    let code = |secret: &str| code_at(secret, site.clock.now_secs());
    let mut nobody = PageClient::at(nginx.browser());
    leads_to(
        &nobody.open("/app/vault?a=b"),
        "/app/sign-in?next=/app/vault%3Fa%3Db",
    );
    leads_to(
        &nobody.open("/app/auth/otp/settings/"),
        "/app/sign-in?next=/app/auth/otp/settings/",
    );

    // Set-up, and back to the page.
    let mut first = alice(nginx);
    let answer = first.open("/app/vault");
    leads_to(&answer, "/app/auth/otp/setup/?next=/app/vault");
    let page = first.follow(answer).text();
    stays_within(&mut first, &page);
    let next = ("next", "/app/vault");
    let page = first.send("../generate/", &[next]);
    stays_within(&mut first, &page);
    let secret = text_of(&page, "<code id=\"key\"").replace(' ', "");
    let page = first.send("../verify/", &[next, ("token", &code(&secret))]);
    stays_within(&mut first, &page);
    leads_to(
        &first.submit("../saved/", &[next, ("saved", "true")]),
        "/app/vault",
    );
    assert_eq!(first.open("/app/vault").text(), "the vault");
    let page = first.visit("/app/auth/otp");
    assert_eq!(first.at, "/app/auth/otp/settings/");
    stays_within(&mut first, &page);

    // A sign-in with a wrong and a right code.
    site.clock.advance_secs(90);
    let mut second = alice(nginx);
    let answer = second.open("/app/vault");
    leads_to(&answer, "/app/auth/otp/challenge/?next=/app/vault");
    let page = second.follow(answer).text();
    stays_within(&mut second, &page);
    let answer = second.submit("../validate/", &[next, ("token", "12345")]);
    assert!(
        cookie(&answer, "totp_notice").contains("; Path=/app;"),
        "{answer:?}"
    );
    let answer = second.open("../challenge/");
    assert!(
        cookie(&answer, "totp_notice").contains("; Path=/app;"),
        "{answer:?}"
    );
    // Without a proof the others cannot be signed out: a code first, and back.
    let page = second.open("../settings/").text();
    stays_within(&mut second, &page);
    let answer = second.submit("../forget-browsers/", &[("form", "forget")]);
    leads_to(&answer, "../challenge/?next=/app/auth/otp/settings/");
    let rename = "/app/auth/otp/authenticators/0123456789abcdef/rename/";
    let answer = second.submit(rename, &[("name", "Phone")]);
    let challenge = "../../../challenge/?next=/app/auth/otp/settings/";
    leads_to(&answer, challenge);
    second.follow(answer);
    let form = [next, ("token", &code(&secret)), ("trust_browser", "true")];
    let answer = second.submit("../validate/", &form);
    leads_to(&answer, "/app/vault");
    assert!(
        cookie(&answer, "__Host-totp_trust").contains("; Path=/;"),
        "{answer:?}"
    );
    assert_eq!(second.open("/app/vault").text(), "the vault");

    // Another application of the host is no place to go on to.
    site.clock.advance_secs(30);
    for elsewhere in ["/other", "/", "/application", "/app/../other"] {
        let mut third = alice(nginx);
        let page = third.visit(&format!("/app/auth/otp/challenge/?next={elsewhere}"));
        assert!(!page.contains("name=\"next\""), "{page}");
        let form = [("token", &*code(&secret)), ("next", elsewhere)];
        leads_to(&third.submit("../validate/", &form), "/app/home");
        site.clock.advance_secs(30);
    }

    // The button of a user who has no code.
    let mut fourth = alice(nginx);
    let page = fourth.visit("/app/auth/otp/challenge/");
    assert!(page.contains("action=\"/app/sign-out\""), "{page}");
    assert_eq!(fourth.submit("/app/sign-out", &[("a", "b")]).status, 200);
    leads_to(&fourth.open("/app/vault"), "/app/sign-in?next=/app/vault");
}

#[test]
fn behind_a_prefix_that_the_application_knows_every_path_stays_within_it() {
    let site = Site::start(known);
    let Some(nginx) = nginx(&site) else { return };
    walk(&nginx, &site);
}

#[test]
fn behind_a_prefix_that_the_proxy_says_every_path_stays_within_it() {
    let site = Site::start(forwarded);
    let Some(nginx) = nginx(&site) else { return };
    walk(&nginx, &site);
    // What a client says of it does not come through.
    let mut nobody = nginx.browser();
    let headers = [("Accept", "text/html"), ("X-Forwarded-Prefix", "/evil")];
    let answer = nobody.send("GET", "/app/vault", &headers, b"");
    leads_to(&answer, "/app/sign-in?next=/app/vault");
}

#[test]
fn the_second_step_of_a_sign_in_stays_within_it_too() {
    let site = Site::start(known);
    let Some(nginx) = nginx(&site) else { return };
    let code = site.enroll();
    let mut alice = PageClient::at(nginx.browser());
    let form = [("next", "/app/vault")];
    let page = alice.submit("/app/sign-in-with-code", &form).text();
    assert!(page.contains("name=\"ticket\""), "{page}");
    assert!(page.contains("action=\"/app/auth/otp/sign-in/\""), "{page}");
    assert!(
        page.contains("href=\"/app/auth/otp/assets/totp.css?"),
        "{page}"
    );
    let ticket = page.split("name=\"ticket\" value=\"").nth(1).unwrap();
    let ticket = ticket.split('"').next().unwrap();
    let fields = [
        ("ticket", ticket),
        ("token", &*code),
        ("next", "/app/vault"),
    ];
    let answer = alice.submit("/app/auth/otp/sign-in/", &fields);
    leads_to(&answer, "/app/vault");
    assert_eq!(alice.open("/app/vault").text(), "the vault");
}

#[test]
fn pages_that_the_application_names_have_the_prefix_too() {
    let site = Site::start(|builder| known(builder).redirect_browsers("/code", "/enroll"));
    let mut alice: Browser = site.server.browser();
    assert_eq!(alice.post("/sign-in", &json!({})).status, 200);
    let answer = alice.send("GET", "/vault", &[("Accept", "text/html")], b"");
    leads_to(&answer, "/app/enroll?next=/app/vault");
}
