//! What an application says about its pages: name, logo, links, texts, templates, layout, and where they are.

mod support;

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    BuildError, Change, FakeClock, MemoryStore, Problem, Totp, TotpBuilder,
    pages::{Page, Pages, Texts},
};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Key,
    error::InternalError,
    http::{StatusCode, header},
    web::{self, ServiceConfig},
};
use support::{Answer, NOON, Person, RunningServer, keys, serve, text_of};

const MARKUP: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";

fn builder() -> TotpBuilder {
    Totp::builder(MemoryStore::new(), keys()).clock(FakeClock::at(NOON))
}

fn site(builder: TotpBuilder, routes: fn(&Totp, &mut ServiceConfig)) -> RunningServer {
    let totp = builder.build().unwrap();
    serve!(
        App::new()
            .configure(|cfg| routes(&totp, cfg))
            .wrap(session())
    )
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
        .cookie_secure(false)
        .build()
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .service(
            web::resource("/vault")
                .wrap(totp.require())
                .to(HttpResponse::Ok),
        )
        .route("/sign-in", web::post().to(sign_in));
}

async fn sign_in(req: HttpRequest, label: String) -> HttpResponse {
    req.get_session().insert("user_id", "alice").unwrap();
    req.get_session().insert("email", label).unwrap();
    HttpResponse::Ok().finish()
}

fn alice(server: &RunningServer, label: &str) -> Person {
    let mut browser = server.browser();
    let answer = browser.send("POST", "/sign-in", &[], label.as_bytes());
    assert_eq!(answer.status, 200);
    Person::at(browser)
}

#[test]
fn without_pages_nothing_of_them_is_there() {
    let server = site(builder(), routes);
    let mut alice = alice(&server, "");
    for path in [
        "setup/",
        "challenge/",
        "settings/",
        "assets/totp.css",
        "nothing/",
    ] {
        alice
            .open(&format!("/auth/otp/{path}"))
            .problem(404, "not_found");
    }
    alice.open("/vault").problem(403, "totp_setup_required");
    let answer = alice.submit("/auth/otp/generate/", &[]);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

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
fn a_day_is_told_as_one() {
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

#[test]
fn guards_find_the_pages_wherever_they_are() {
    let server = site(builder().pages(Pages::new()), |totp, cfg| {
        let inner = web::scope("/b").configure(|cfg| totp.configure(cfg));
        let vault = web::resource("/vault")
            .wrap(totp.require())
            .to(HttpResponse::Ok);
        cfg.service(web::scope("/a").service(inner))
            .service(web::scope("/c").service(vault))
            .route("/sign-in", web::post().to(sign_in));
    });
    let mut alice = alice(&server, "");
    let answer = alice.open("/c/vault?d=e");
    let location = answer.header("location");
    assert_eq!(location, Some("/a/b/setup/?next=/c/vault%3Fd%3De"));
    assert!(alice.follow(answer).text().contains("../generate/"));
    let headers = [("Accept", "text/html"), ("Host", "evil.example")];
    let answer = alice.browser.send("GET", "/c/vault", &headers, b"");
    assert_eq!(answer.header("location"), Some("/a/b/setup/?next=/c/vault"));
    let forwarded = [
        ("Accept", "text/html"),
        ("X-Forwarded-Host", "x//evil.example"),
    ];
    let answer = alice.browser.send("GET", "/c/vault", &forwarded, b"");
    // What is no path of this application is not gone to.
    let location = answer.header("location");
    let is_path = |to: &str| to.starts_with("/a/b/setup/?next=");
    assert!(
        answer.status == 403 || location.is_some_and(is_path),
        "{answer:?}"
    );
    let answer = Person::at(server.browser()).open("/c/vault");
    answer.problem(401, "not_authenticated");
}

#[test]
fn each_of_two_plugins_has_its_own_pages() {
    let (one, two) = (
        builder().pages(Pages::new()).build().unwrap(),
        builder().pages(Pages::new()).build().unwrap(),
    );
    let server = serve!(
        App::new()
            .service(web::scope("/one").configure(|cfg| one.configure(cfg)))
            .service(web::scope("/two").configure(|cfg| two.configure(cfg)))
            .service(web::resource("/a").wrap(one.require()).to(HttpResponse::Ok))
            .service(web::resource("/b").wrap(two.require()).to(HttpResponse::Ok))
            .route("/sign-in", web::post().to(sign_in))
            .wrap(session())
    );
    let mut alice = alice(&server, "");
    assert_eq!(
        alice.open("/a").header("location"),
        Some("/one/setup/?next=/a")
    );
    assert_eq!(
        alice.open("/b").header("location"),
        Some("/two/setup/?next=/b")
    );
}

#[test]
fn pages_of_the_application_come_first_where_it_names_them() {
    let builder = builder()
        .pages(Pages::new())
        .redirect_browsers("/code", "/enroll");
    let server = site(builder, routes);
    let answer = alice(&server, "").open("/vault");
    assert_eq!(answer.header("location"), Some("/enroll?next=/vault"));
}

#[test]
fn somebody_who_is_not_signed_in_is_told_so_or_sent_to_sign_in() {
    let server = site(builder().pages(Pages::new()), routes);
    let answer = Person::at(server.browser()).open("/auth/otp/settings/");
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("Sign in first."));

    let server = site(builder().pages(Pages::new().sign_in("/in")), routes);
    let mut nobody = Person::at(server.browser());
    let location = |answer: Answer| answer.header("location").unwrap().to_owned();
    assert_eq!(location(nobody.open("/vault")), "/in?next=/vault");
    assert_eq!(
        location(nobody.open("/auth/otp/nothing")),
        "/in?next=/auth/otp/nothing"
    );
    // After a form a link leads there: browsers stop a redirect of a form to another host, as to an identity provider.
    let answer = nobody.submit("/auth/otp/disable/", &[]);
    assert_eq!(answer.status, 401);
    let link = "<a href=\"/in\">Sign in</a>";
    assert!(answer.text().contains(link), "{}", answer.text());
}

#[test]
fn an_answer_of_the_applications_own_stays_as_it_is() {
    let builder = builder()
        .pages(Pages::new())
        .authorize_change(async |_, change| {
            if change == Change::Generate {
                let to = HttpResponse::SeeOther()
                    .insert_header((header::LOCATION, "/password"))
                    .finish();
                return Err(InternalError::from_response("password", to).into());
            }
            let problem = Problem::new(
                StatusCode::FORBIDDEN,
                "password_required",
                "Again <please>.",
            );
            Err(problem.into())
        });
    let server = site(builder, routes);
    let mut alice = alice(&server, "");
    let answer = alice.submit("/auth/otp/generate/", &[]);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/password"))
    );
    let answer = alice.submit("/auth/otp/disable/", &[]);
    assert_eq!(answer.status, 403);
    assert!(
        answer.text().contains("Again &#60;please&#62;."),
        "{}",
        answer.text()
    );
}

#[test]
fn without_session_middleware_a_page_says_that_it_does_not_work() {
    let totp = builder()
        .pages(Pages::new())
        .current_user(actix_totp::CurrentUser::from_fn(async |_| {
            let id = actix_totp::UserId::new("alice").unwrap();
            Ok(Some(actix_totp::SignedIn {
                id,
                label: String::new(),
            }))
        }))
        .build()
        .unwrap();
    let server = serve!(App::new().configure(|cfg| routes(&totp, cfg)));
    let mut alice = Person::at(server.browser());
    assert_eq!(alice.open("/auth/otp/setup/").status, 200);
    alice.submit("/auth/otp/generate/", &[]);
    let answer = alice.submit("/auth/otp/verify/", &[("token", "123456")]);
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("Try again in a little while."));
}

#[test]
fn bad_settings_are_refused_when_it_is_built() {
    for pages in [
        Pages::new().logo("https://elsewhere.example/logo.svg"),
        Pages::new().logo("logo.svg"),
        Pages::new().stylesheet("//elsewhere.example/own.css"),
        Pages::new().home("javascript:alert(1)"),
        Pages::new().home(""),
        Pages::new().sign_in("/\\elsewhere.example"),
        Pages::new().link("Help", "javascript:alert(1)"),
        Pages::new().link("Help", "http://help.example.com"),
        Pages::new().only_languages(Vec::<(&str, Texts)>::new()),
        Pages::new().language("", Texts::english()),
        Pages::new().language("en\"", Texts::english()),
    ] {
        let built = builder().pages(pages).build();
        assert!(matches!(built, Err(BuildError::Web(_))), "{built:?}");
    }
}
