//! Where an application keeps proofs, and clients that keep them there: the same test for each.

use actix_session::SessionExt;
use actix_totp::{CurrentUser, Proof, ProofIn, SignedIn, Totp, UserId};
use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use serde_json::{Value, json};

use super::{Answer, Browser};

/// Where proofs are, and which kind of client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Session,
    Header,
    /// Of an application for both, its browsers.
    BrowserOfEither,
    /// Of an application for both, its programs.
    ProgramOfEither,
    Claim,
}

pub const PLACES: [Place; 5] = [
    Place::Session,
    Place::Header,
    Place::BrowserOfEither,
    Place::ProgramOfEither,
    Place::Claim,
];

impl Place {
    /// `plugin`: 0, or 1 for the second of an application.
    pub fn proof_in(self, plugin: usize) -> ProofIn {
        match self {
            Self::Session => ProofIn::Session,
            Self::Header => ProofIn::Header,
            Self::BrowserOfEither | Self::ProgramOfEither => ProofIn::Either,
            Self::Claim => ProofIn::from_fn(async move |req: &HttpRequest| {
                bearer(req)?.split('.').nth(1 + plugin).map(str::to_owned)
            }),
        }
    }

    pub fn current_user(self) -> CurrentUser {
        if self == Self::Session {
            return CurrentUser::default();
        }
        CurrentUser::from_fn(async |req: &HttpRequest| {
            let by_token = bearer(req).and_then(|token| Some(token.split('.').next()?.to_owned()));
            let id = by_token.or_else(|| req.get_session().get("user_id").ok().flatten());
            let id = id.map(UserId::new).transpose();
            let id = id.map_err(actix_web::error::ErrorBadRequest)?;
            Ok(id.map(SignedIn::new))
        })
    }

    /// Whether browsers keep the session that holds the proof.
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Session | Self::BrowserOfEither)
    }

    /// Whether the application has session middleware.
    pub const fn has_sessions(self) -> bool {
        !matches!(self, Self::Header | Self::Claim)
    }

    /// The status of a guard's refusal for a proof that is missing or stale.
    pub const fn refusal(self) -> u16 {
        if self.is_session() { 403 } else { 401 }
    }
}

/// What stands for a token of the application: the user, and a proof of each plugin, apart by dots.
fn bearer(req: &HttpRequest) -> Option<&str> {
    let sent = req.headers().get(AUTHORIZATION)?.to_str().ok()?;
    sent.strip_prefix("Bearer ")
}

/// A client that keeps the proofs that it is given where its application wants them.
#[derive(Clone)]
pub struct Client {
    pub browser: Browser,
    pub place: Place,
    user: String,
    /// Of the application's first plugin, and of its second.
    pub proofs: [String; 2],
}

impl Client {
    /// A client of `user`, who has shown the first factor. `POST /session` puts entries into the session.
    pub fn signed_in(mut browser: Browser, place: Place, user: &str) -> Self {
        if place.is_session() {
            let signed_in = browser.post("/session", &json!({ "user_id": user }));
            assert_eq!(signed_in.status, 200);
        }
        Self {
            browser,
            place,
            user: user.to_owned(),
            proofs: Default::default(),
        }
    }

    /// Takes a proof that it was not given.
    pub fn take(&mut self, totp: &Totp, proof: &Proof) {
        if self.place.is_session() {
            let entries = json!({ "user_id": self.user, "actix_totp.proof": proof });
            assert_eq!(self.browser.post("/session", &entries).status, 200);
        } else {
            self.proofs[0] = totp.seal_proof(proof).unwrap().text().to_owned();
        }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&mut self, path: &str, json: &Value) -> Answer {
        let kind = [("Content-Type", "application/json")];
        self.send("POST", path, &kind, json.to_string().as_bytes())
    }

    pub fn token(&mut self, path: &str, token: &str) -> Answer {
        self.post(path, &json!({ "token": token }))
    }

    /// Sends a request with what shows who sends it, and keeps the proof that it is given.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let own = self.headers();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = headers.iter().copied().chain(own).collect();
        let answer = self.browser.send(method, path, &headers, body);
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        for (plugin, name) in ["totp-proof", "totp-proof-admin"].into_iter().enumerate() {
            if let Some(proof) = answer.header(name) {
                self.proofs[plugin] = proof.to_owned();
            }
        }
        if let Some(proof) = json["proof"].as_str() {
            let plugin = usize::from(path.starts_with("/admin"));
            self.proofs[plugin] = proof.to_owned();
        }
        answer
    }

    /// What it sends with each request.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let [first, second] = &self.proofs;
        let names = ["TOTP-Proof", "TOTP-Proof-admin"];
        let proofs = names.into_iter().zip([first, second]);
        let proofs = proofs.filter(|(_, proof)| !proof.is_empty());
        let token = ("Authorization", format!("Bearer {}", self.user));
        match self.place {
            Place::Session | Place::BrowserOfEither => Vec::new(),
            Place::Claim => vec![(token.0, format!("{}.{first}.{second}", token.1))],
            Place::Header | Place::ProgramOfEither => proofs
                .map(|(name, proof)| (name, proof.clone()))
                .chain([token])
                .collect(),
        }
    }

    /// Is asked for a code where it wants to go.
    #[track_caller]
    pub fn is_asked_for_a_code(&mut self, path: &str, code: &str) {
        let answer = self.get(path);
        answer.problem(self.place.refusal(), code);
        assert_eq!(
            answer.header("www-authenticate").is_some(),
            !self.place.is_session(),
            "{answer:?}"
        );
    }
}
