//! How the pages look and what they say.

use actix_totp::pages::{Page, Pages, Texts};
use actix_web::App;

use super::{MARKUP, alice, builder, routes, session, site};
use crate::support::{serve, text_of};

#[test]
fn name_logo_links_and_stylesheet_are_the_applications() {
    let pages = Pages::new()
        .name("Example & Sons")
        .logo("/static/logo.svg")
        .stylesheet("/static/own.css")
        .link("Help", "https://help.example.com/?a=b&c=d")
        .link("Imprint", "/imprint")
        .home("/start");
    let server = site(builder().pages(pages), routes);
    let page = alice(&server, "").visit("/auth/otp/setup/");
    for part in [
        "<img src=\"/static/logo.svg\" alt=\"\"",
        "<a href=\"/start\">Example &#38; Sons</a>",
        "<link rel=\"stylesheet\" href=\"/static/own.css\">",
        "<a href=\"https://help.example.com/?a=b&#38;c=d\">Help</a>",
        "<a href=\"/imprint\">Imprint</a>",
        " – Example &#38; Sons</title>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let own = page.find("/static/own.css").unwrap();
    assert!(page.find("totp.css").unwrap() < own, "it comes after ours");
}

#[test]
fn the_name_is_the_issuers_if_it_has_no_other() {
    let server = site(builder().issuer("Example Inc").pages(Pages::new()), routes);
    let page = alice(&server, "").visit("/auth/otp/setup/");
    assert!(page.contains(">Example Inc</a>"), "{page}");
}

#[test]
fn texts_are_replaced_and_languages_added() {
    let (mut english, mut french) = (Texts::english(), Texts::english());
    english.start_button = "Let’s go".into();
    french.start_button = "Commencer <b>".into();
    let pages = Pages::new().language("en", english).language("fr", french);
    let server = site(builder().pages(pages), routes);
    let mut alice = alice(&server, "");
    for (language, tag, button) in [
        ("en-GB", "en", "<button>Let’s go</button>"),
        (
            "fr-CA,en;q=0.5",
            "fr",
            "<button>Commencer &#60;b&#62;</button>",
        ),
        ("de", "de", "<button>Starten</button>"),
    ] {
        alice.language = language;
        let page = alice.visit("/auth/otp/setup/");
        assert!(page.contains(&format!("<html lang=\"{tag}\">")), "{page}");
        assert!(page.contains(button), "{page}");
    }
}

#[test]
fn the_only_languages_are_those_that_the_application_names() {
    let mut french = Texts::english();
    french.start_button = "Commencer".into();
    let pages = Pages::new()
        .only_languages([("fr", french), ("de", Texts::german())])
        .language("DE", Texts::english());
    let server = site(builder().pages(pages), routes);
    let mut alice = alice(&server, "");
    for (language, tag, button) in [
        ("en", "fr", "Commencer"),
        ("de-AT", "de", "Start"), // a tag is the same in capitals
    ] {
        alice.language = language;
        let page = alice.visit("/auth/otp/setup/");
        let html = format!("<html lang=\"{tag}\">");
        assert!(page.contains(&html) && page.contains(button), "{page}");
    }
}

#[test]
fn templates_and_layout_are_the_applications_where_it_has_its_own() {
    let pages = Pages::new()
        .name("Example <Inc>")
        .template(|page, view| match page {
            Page::Start => Some(format!(
                "<form action=\"{}generate/\">{}",
                view.base, view.texts.start_button
            )),
            Page::Secret(page) => Some(format!("<code id=\"key\">{}</code>", page.secret)),
            _ => None,
        })
        .layout(|layout| {
            format!(
                "<!doctype html><title>{}</title>{}<body class=own>{}",
                layout.title, layout.head, layout.content
            )
        });
    let server = site(builder().pages(pages), routes);
    let mut alice = alice(&server, "");
    let page = alice.visit("/auth/otp/setup/");
    assert!(page.starts_with("<!doctype html><title>Set up two-factor authentication</title>"));
    assert!(
        page.ends_with("<body class=own><form action=\"../generate/\">Start"),
        "{page}"
    );
    assert!(page.contains("../assets/totp.css"));
    let page = alice.send("../generate/", &[]);
    assert_eq!(text_of(&page, "<code id=\"key\"").len(), 39);
    let page = alice.visit("/auth/otp/settings/");
    assert!(
        page.contains("class=own") && page.contains("<dd>Off</dd>"),
        "{page}"
    );
}

#[test]
fn markup_in_names_labels_and_texts_is_inert() {
    let mut texts = Texts::english();
    texts.scan_step = MARKUP.into();
    let pages = Pages::new()
        .name(MARKUP)
        .link(MARKUP, "https://help.example.com/\"><script>")
        .language("en", texts);
    let server = site(builder().issuer(MARKUP).pages(pages), routes);
    let mut alice = alice(&server, MARKUP);
    for page in [
        alice.visit("/auth/otp/setup/"),
        alice.send("../generate/", &[]),
        alice.visit("/auth/otp/setup/"),
        alice.send("../verify/", &[("token", MARKUP)]),
        alice.visit("/auth/otp/settings/"),
    ] {
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(!page.contains("<img") && !page.contains("\"'>"), "{page}");
    }
}

#[test]
fn one_day_is_shown_in_the_singular() {
    let day = std::time::Duration::from_secs(86_400);
    let totp = builder().pages(Pages::new()).trusted_browsers(day);
    let totp = totp.build().unwrap();
    let user = actix_totp::UserId::new("alice").unwrap();
    let service = totp.service();
    let _ = service.enroll(&user, "", None).unwrap();
    let code = service.code_for(&user).unwrap().unwrap();
    let _ = service.confirm(&user, &code).unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .configure(|cfg| routes(&used, cfg))
            .wrap(session())
    );
    let page = alice(&server, "").visit("/auth/otp/challenge/");
    assert!(page.contains("in this browser for one day"), "{page}");
}
