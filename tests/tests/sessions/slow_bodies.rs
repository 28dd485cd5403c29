//! Whoever holds back the body of a request until its user has signed out does not get the session back.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};

use crate::support::{Answer, Authenticator, Browser, NOON, TestApp, keys, serve};

const JSON: [(&str, &str); 2] = [
    ("Content-Type", "application/json"),
    ("Expect", "100-continue"),
];
const PAGE: [(&str, &str); 4] = [
    ("Accept", "text/html"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Expect", "100-continue"),
];

/// An endpoint, and what is sent there. `WRONG` stands for a wrong code.
type Request = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const REQUESTS: [Request; 14] = [
    ("validate", &JSON, r#"{"token":"WRONG"}"#),
    ("verify", &JSON, r#"{"token":"WRONG"}"#),
    ("generate", &JSON, r#"{"token":"WRONG"}"#),
    ("backup-codes", &JSON, r#"{"token":"WRONG"}"#),
    ("disable", &JSON, r#"{"token":"WRONG"}"#),
    ("forget-browsers", &JSON, "{}"), // answered without its body
    ("validate", &PAGE, "form=code&token=WRONG"),
    ("verify", &PAGE, "form=code&token=WRONG"),
    ("generate", &PAGE, "form=replace&token=WRONG"),
    ("backup-codes", &PAGE, "form=renew&token=WRONG"),
    ("disable", &PAGE, "form=disable&token=WRONG"),
    ("forget-browsers", &PAGE, "next=/vault"),
    ("saved", &PAGE, "saved=true"),
    ("saved", &PAGE, "saved=false"),
];

/// A request whose last byte is held back. The server has read its head.
struct HeldBack {
    stream: BufReader<TcpStream>,
    last: u8,
}

impl HeldBack {
    fn send(browser: &Browser, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let head = browser.head("POST", path, headers, body.len());
        let (last, body) = body.as_bytes().split_last().unwrap();
        let mut stream = TcpStream::connect(browser.address).unwrap();
        let request = [head.as_bytes(), b"\r\n", body].concat();
        stream.write_all(&request).unwrap();
        let mut stream = BufReader::new(stream);
        for expected in ["HTTP/1.1 100 Continue\r\n", "\r\n"] {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            assert_eq!(line, expected);
        }
        let last = *last;
        Self { stream, last }
    }

    fn finish(mut self) -> Answer {
        // One whose body is not waited for is answered already, and its connection may be closed.
        let _ = self.stream.get_ref().write_all(&[self.last]);
        let mut answer = Vec::new();
        self.stream.read_to_end(&mut answer).unwrap();
        Answer::parse(&answer)
    }
}

/// Sends a request of alice's, signs her out, and only then sends its end. What was answered, and what the thief has then.
fn attack(app: &TestApp, phone: &Authenticator, request: Request) -> (Answer, [Browser; 2]) {
    app.clock.advance_secs(3_600); // whatever was wrong before is forgotten
    let mut alice = app.signed_in("alice");
    alice.token("/auth/otp/validate/", &phone.code()).json();
    assert_eq!(alice.get("/vault").status, 200);
    let thief = alice.clone(); // knows her cookies
    let (endpoint, headers, body) = request;
    let body = body.replace("WRONG", &phone.wrong_code());
    let held_back = HeldBack::send(&thief, &format!("/auth/otp/{endpoint}/"), headers, &body);
    assert_eq!(alice.get("/me").status, 200);
    alice.send("POST", "/logout", &[], b"");
    let answer = held_back.finish();
    let mut with_answer = thief.clone();
    with_answer.keep_cookies(&answer);
    (answer, [thief, with_answer])
}

fn assert_no_session_comes_back(app: &TestApp) {
    let (_, phone, _) = app.enrolled("alice");
    for request in REQUESTS {
        let (answer, thieves) = loop {
            let (answer, thieves) = attack(app, &phone, request);
            // Else the server was slow, and she had signed out before it looked for the session.
            if answer.status != 401 {
                break (answer, thieves);
            }
        };
        let is_redirect = answer.status == 303;
        assert_eq!(
            is_redirect,
            request.1.len() == PAGE.len(),
            "{request:?}: {answer:?}"
        );
        assert!(answer.status < 500, "{request:?}: {answer:?}");
        // Many stores make a session anew that is changed after it was deleted: so it is not changed.
        let changes = answer.all("set-cookie").any(|it| it.starts_with("id="));
        assert_eq!(changes, request.0 == "forget-browsers", "{request:?}");
        for mut thief in thieves {
            for path in ["/vault", "/transfer", "/account", "/me"] {
                let status = thief.get(path).status;
                assert_eq!(status, 401, "{path} after {request:?}");
            }
        }
    }
}

#[test]
fn a_request_that_ends_after_the_sign_out_brings_no_session_back() {
    assert_no_session_comes_back(&TestApp::start());
}

/// `forget-browsers/` does not wait for its body, but it may be under way.
#[cfg(feature = "redis")]
#[test]
fn nor_does_it_where_sessions_are_in_redis() {
    let url = std::env::var("TOTP_TEST_REDIS_URL");
    let url = url.unwrap_or_else(|_| "redis://127.0.0.1:6379".into());
    let sessions = quickstart::SessionPlace::Redis(url);
    assert_no_session_comes_back(&TestApp::with_sessions_in(sessions));
}

#[test]
fn a_body_that_does_not_arrive_in_time_is_refused() {
    async fn sign_in(req: HttpRequest) -> HttpResponse {
        req.get_session().insert("user_id", "alice").unwrap();
        HttpResponse::Ok().finish()
    }
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(FakeClock::at(NOON))
        .body_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let server = serve!({
        let session =
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]));
        App::new()
            .route("/sign-in", web::post().to(sign_in))
            .service(web::scope("/otp").configure(|cfg| totp.configure(cfg)))
            .wrap(session.cookie_secure(false).build())
    });
    let mut alice = server.browser();
    alice.send("POST", "/sign-in", &[], b"");
    for endpoint in ["generate", "verify", "validate", "backup-codes", "disable"] {
        let path = format!("/otp/{endpoint}/");
        let head = alice.head("POST", &path, &JSON[..1], 2);
        let answer = alice.raw(format!("{head}\r\n{{").as_bytes());
        answer.problem(408, "request_timeout");
    }
}
