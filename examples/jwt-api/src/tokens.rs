//! Access and refresh tokens: JWTs (RFC 7519) under one secret.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use actix_totp::{Clock, SealedProof};
use actix_web::{
    HttpRequest, HttpResponse,
    error::{ErrorInternalServerError, ErrorUnauthorized},
    http::header::{CACHE_CONTROL, Header as _},
};
use actix_web_httpauth::headers::authorization::{Authorization, Bearer};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

const ACCESS_LIFETIME: Duration = Duration::from_secs(15 * 60);
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a token is for: one kind is not taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Use {
    Access,
    Refresh,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    exp: u64,
    #[serde(rename = "use")]
    used_for: Use,
    #[serde(flatten)]
    pub(crate) second_factor: Option<SecondFactor>,
}

/// What a token says of the second factor.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SecondFactor {
    /// The sealed proof: what the guard asks for.
    pub(crate) totp: String,
    /// How the user has signed in (RFC 8176), for other services.
    amr: Vec<String>,
    /// When (OpenID Connect Core §2).
    auth_time: u64,
}

impl From<SealedProof> for SecondFactor {
    fn from(proof: SealedProof) -> Self {
        Self {
            totp: proof.text().to_owned(),
            amr: proof.amr().iter().copied().map(Into::into).collect(),
            auth_time: proof.auth_time(),
        }
    }
}

#[derive(Serialize)]
struct Tokens {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// Makes and checks tokens.
#[derive(Clone)]
pub(crate) struct Issuer {
    sign: EncodingKey,
    check: DecodingKey,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// `secret`: 32 bytes or more (RFC 7518 §3.2).
    pub(crate) fn new(secret: &[u8], clock: impl Clock) -> jsonwebtoken::errors::Result<Self> {
        Ok(Self {
            sign: EncodingKey::from_secret(secret)?,
            check: DecodingKey::from_secret(secret)?,
            clock: Arc::new(clock),
        })
    }

    /// The answer with tokens for a user. Both hold the proof, so that a refresh keeps it, with its age.
    pub(crate) fn issue(
        &self,
        user: &str,
        second_factor: Option<&SecondFactor>,
    ) -> actix_web::Result<HttpResponse> {
        let now = self.now()?;
        let token = |used_for, lifetime: Duration| {
            let claims = Claims {
                sub: user.to_owned(),
                exp: now + lifetime.as_secs(),
                used_for,
                second_factor: second_factor.cloned(),
            };
            encode(&Header::default(), &claims, &self.sign).map_err(ErrorInternalServerError)
        };
        Ok(secret(&Tokens {
            access_token: token(Use::Access, ACCESS_LIFETIME)?,
            refresh_token: token(Use::Refresh, REFRESH_LIFETIME)?,
            token_type: "Bearer",
            expires_in: ACCESS_LIFETIME.as_secs(),
        }))
    }

    /// The claims of a token that is good now, for this use.
    pub(crate) fn open(&self, token: &str, used_for: Use) -> actix_web::Result<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false; // by the application's clock, below
        let token = decode::<Claims>(token, &self.check, &validation);
        let claims = token.map_err(|_| refused())?.claims;
        if claims.used_for != used_for || claims.exp <= self.now()? {
            return Err(refused());
        }
        Ok(claims)
    }

    /// The claims of the access token that a request brings.
    pub(crate) fn claims_of(&self, req: &HttpRequest) -> Option<Claims> {
        let header = Authorization::<Bearer>::parse(req).ok()?;
        self.open(header.as_ref().token(), Use::Access).ok()
    }

    fn now(&self) -> actix_web::Result<u64> {
        let now = self.clock.now().duration_since(UNIX_EPOCH);
        Ok(now.map_err(ErrorInternalServerError)?.as_secs())
    }
}

/// An answer that nothing may keep (RFC 6749 §5.1).
pub(crate) fn secret(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body)
}

pub(crate) fn refused() -> actix_web::Error {
    ErrorUnauthorized("The token is not good: sign in.")
}
