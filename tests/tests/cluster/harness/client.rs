//! Users with browsers and an authenticator. Every answer goes on record.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Instant,
};

use serde_json::{Value, json};

use super::record::{Entry, Outcome, Record, Request, Token};
use crate::support::{Browser, code_at, seconds_now};

static USERS: AtomicUsize = AtomicUsize::new(0);
static SESSIONS: AtomicUsize = AtomicUsize::new(0);

/// Somebody with a password.
#[derive(Clone)]
pub struct User {
    pub number: usize,
    record: Record,
}

impl User {
    /// `None`: it is unknown whether the name is registered.
    pub fn register(address: SocketAddr, record: &Record) -> Option<Self> {
        let user = Self {
            number: USERS.fetch_add(1, SeqCst),
            record: record.clone(),
        };
        let form = user.form();
        let answer = post(&mut Browser::new(address), "/register", &form)?;
        (answer.0 == 201).then_some(user)
    }

    fn form(&self) -> Value {
        let name = format!("user {}", self.number);
        json!({ "username": name, "password": "correct horse", "email": "a@example.com" })
    }

    /// A browser that is signed in with the password; `None` if that did not work.
    pub fn sign_in(&self, address: SocketAddr) -> Option<Client> {
        let mut browser = Browser::new(address);
        let answer = post(&mut browser, "/login", &self.form())?;
        (answer.0 == 200).then(|| Client {
            user: self.number,
            session: SESSIONS.fetch_add(1, SeqCst),
            browser,
            last_status: None,
            record: self.record.clone(),
        })
    }
}

/// A browser in which somebody is signed in. Its clones share the session, like two tabs.
#[derive(Clone)]
pub struct Client {
    user: usize,
    session: usize,
    pub browser: Browser,
    /// Of the last answer; `None`: there was none.
    pub last_status: Option<u16>,
    record: Record,
}

impl Client {
    pub fn at(&self, address: SocketAddr) -> Self {
        Self {
            browser: self.browser.at(address),
            ..self.clone()
        }
    }

    /// Asks, and puts on record what was answered.
    pub fn send(&mut self, request: Request, token: Token) -> Outcome {
        let typed = match &token {
            Token::None => None,
            Token::Code { secret, step } => Some(code_at(secret, step * 30)),
            Token::Backup(code) => Some(code.clone()),
            Token::Wrong { secret } => Some(wrong_code(secret)),
        };
        let body = typed.map_or(json!({}), |typed| json!({ "token": typed }));
        let began = Instant::now();
        let answer = match request {
            Request::Status => get(&mut self.browser, "/auth/otp/status/"),
            Request::Vault => get(&mut self.browser, "/vault"),
            Request::Generate => post(&mut self.browser, "/auth/otp/generate/", &body),
            Request::Verify => post(&mut self.browser, "/auth/otp/verify/", &body),
            Request::Validate => post(&mut self.browser, "/auth/otp/validate/", &body),
            Request::Renew => post(&mut self.browser, "/auth/otp/backup-codes/", &body),
            Request::Disable => post(&mut self.browser, "/auth/otp/disable/", &body),
        };
        let status = answer.as_ref().map(|it| it.0);
        self.last_status = status;
        let outcome = match answer {
            Some((200, body)) => Outcome::Accepted(body),
            Some((500.., _)) | None => Outcome::Unknown,
            Some((_, problem)) => {
                Outcome::Refused(problem["code"].as_str().unwrap_or("").to_owned())
            }
        };
        self.record.add(Entry {
            began,
            ended: Instant::now(),
            user: self.user,
            session: self.session,
            request,
            token,
            status,
            outcome: outcome.clone(),
        });
        outcome
    }

    /// Enrolls with the code of the step before now, so that this one and the next are good afterwards.
    pub fn enroll(&mut self) -> Option<(Phone, Vec<String>)> {
        let Outcome::Accepted(generated) = self.send(Request::Generate, Token::None) else {
            return None;
        };
        let mut phone = Phone::new(generated["secret"].as_str()?);
        let first = phone.code()?;
        match self.send(Request::Verify, first) {
            Outcome::Accepted(verified) => Some((phone, backup_codes(&verified))),
            _ => None,
        }
    }
}

pub fn backup_codes(body: &Value) -> Vec<String> {
    let codes = body["backup_codes"].as_array().into_iter().flatten();
    codes.map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// An authenticator that shows each code once.
#[derive(Clone)]
pub struct Phone {
    pub secret: String,
    shown: u64,
}

impl Phone {
    pub fn new(secret: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            shown: 0,
        }
    }

    /// The next code that was not shown yet and is good now: the step before, this one or the next.
    pub fn code(&mut self) -> Option<Token> {
        let (now, of_step) = (seconds_now() / 30, seconds_now() % 30);
        // The step before goes out of the window with this one: near its end it might come too late.
        let first = if of_step < 25 { now - 1 } else { now };
        let step = (first..=now + 1).find(|step| *step > self.shown)?;
        self.shown = step;
        Some(Token::Code {
            secret: self.secret.clone(),
            step,
        })
    }

    /// What it shows at no time near now.
    pub fn wrong_code(&self) -> String {
        wrong_code(&self.secret)
    }

    pub fn wrong(&self) -> Token {
        Token::Wrong {
            secret: self.secret.clone(),
        }
    }
}

fn wrong_code(secret: &str) -> String {
    let now = seconds_now();
    let near: Vec<String> = (0..400)
        .map(|n| code_at(secret, now - 6_000 + n * 30))
        .collect();
    let wrong = (0..).map(|n| format!("{n:06}"));
    wrong.into_iter().find(|code| !near.contains(code)).unwrap()
}

fn get(browser: &mut Browser, path: &str) -> Option<(u16, Value)> {
    parts(browser.try_send("GET", path, &[], b""))
}

fn post(browser: &mut Browser, path: &str, body: &Value) -> Option<(u16, Value)> {
    let kind = [("Content-Type", "application/json")];
    parts(browser.try_send("POST", path, &kind, body.to_string().as_bytes()))
}

fn parts(answer: std::io::Result<crate::support::Answer>) -> Option<(u16, Value)> {
    let answer = answer.ok()?;
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    Some((answer.status, body))
}
