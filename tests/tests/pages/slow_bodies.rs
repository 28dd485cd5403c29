//! Whoever holds back the body of a form until its owner has signed out does not get the session back.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use crate::{
    enrolled,
    support::{Answer, Browser, TestApp},
};

/// A form whose last byte is held back. The server has read its head.
struct HeldBack {
    stream: BufReader<TcpStream>,
    last: u8,
}

impl HeldBack {
    fn send(browser: &Browser, path: &str, form: &str) -> Self {
        let headers = [
            ("Accept", "text/html"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Expect", "100-continue"),
        ];
        let head = browser.head("POST", path, &headers, form.len());
        let (last, body) = form.as_bytes().split_last().unwrap();
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
        // A form whose body is not waited for is answered already, and its connection may be closed.
        let _ = self.stream.get_ref().write_all(&[self.last]);
        let mut answer = Vec::new();
        self.stream.read_to_end(&mut answer).unwrap();
        Answer::parse(&answer)
    }
}

#[test]
fn a_form_that_ends_after_the_sign_out_brings_no_session_back() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let wrong = phone.wrong_code();
    let thief = alice.browser.clone(); // knows her cookies
    assert_eq!(thief.clone().get("/vault").status, 200);
    let forms = [
        ("saved", "saved=true".into()),
        ("saved", "saved=false".into()),
        ("validate", format!("form=code&token={wrong}")),
        ("verify", format!("form=code&token={wrong}")),
        ("generate", format!("form=replace&token={wrong}")),
        ("backup-codes", format!("form=renew&token={wrong}")),
        ("disable", format!("form=disable&token={wrong}")),
        ("forget-browsers", "next=/vault".into()),
    ];
    let held_back = forms.map(|(endpoint, form)| {
        let path = format!("/auth/otp/{endpoint}/");
        (endpoint, HeldBack::send(&thief, &path, &form))
    });
    alice.submit("/logout", &[]);

    for (endpoint, held_back) in held_back {
        let answer = held_back.finish();
        assert_eq!(answer.status, 303, "{endpoint}: {}", answer.text());
        let mut thief = thief.clone();
        thief.keep_cookies(&answer);
        assert_eq!(thief.get("/vault").status, 401, "{endpoint}");
        assert_eq!(thief.get("/account").status, 401, "{endpoint}");
    }
}
