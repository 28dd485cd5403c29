//! What a handler is given: who calls, and what the body holds.

use actix_totp_core::UserId;
use actix_web::{
    HttpRequest,
    http::header,
    web::{Bytes, Payload},
};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

#[cfg(feature = "pages")]
use crate::pages::FromPage;
use crate::{cross_site, plugin::Totp, problem::Problem, user::SignedIn};

const MAX_BODY_BYTES: usize = 4096;

/// The user who calls an endpoint that changes something: signed in, and not sent by a page of another site.
pub(crate) async fn caller(totp: &Totp, req: &HttpRequest) -> Result<UserId, Problem> {
    let user = totp.current_user(req).await?;
    require_same_site(totp, req)?;
    Ok(user)
}

/// The same with the label for a new secret.
pub(crate) async fn labelled_caller(totp: &Totp, req: &HttpRequest) -> Result<SignedIn, Problem> {
    let signed_in = totp.0.current_user.require_with_label(req).await?;
    require_same_site(totp, req)?;
    Ok(signed_in)
}

fn require_same_site(totp: &Totp, req: &HttpRequest) -> Result<(), Problem> {
    if cross_site::passes(req.headers(), req.uri(), &totp.0.trusted_origins) {
        Ok(())
    } else {
        Err(Problem::cross_site())
    }
}

/// What the body holds.
pub(crate) struct Sent {
    token: Field,
    /// Whether this browser shall be trusted from now on.
    pub(crate) trust_browser: bool,
    #[cfg(feature = "pages")]
    pub(crate) from_page: FromPage,
}

enum Field {
    Missing,
    Null,
    Text(Zeroizing<String>),
}

impl Sent {
    pub(crate) async fn read(req: &HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let media_type = MediaType::of(req)?;
        let body = body(req, payload).await?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::nothing());
        }
        match media_type {
            Some(MediaType::Json) => from_json(&body),
            Some(MediaType::Form) => from_form(&body),
            None => Err(Problem::unsupported_media_type()),
        }
    }

    const fn nothing() -> Self {
        Self {
            token: Field::Missing,
            trust_browser: false,
            #[cfg(feature = "pages")]
            from_page: FromPage::nothing(),
        }
    }

    /// The token that the user typed; null or no member is nothing.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.token {
            Field::Text(token) => Some(token),
            Field::Missing | Field::Null => None,
        }
    }

    /// The same as typed into a page: whatever blanks came along with a pasted code.
    #[cfg(feature = "pages")]
    pub(crate) fn without_blanks(mut self) -> Self {
        if let Field::Text(token) = &mut self.token {
            token.retain(|letter| !letter.is_whitespace());
        }
        self
    }

    /// The token that the user typed, where something must be.
    pub(crate) fn required_token(&self) -> Result<&str, Problem> {
        let message = match &self.token {
            Field::Text(token) if !token.trim().is_empty() => return Ok(token),
            Field::Text(_) => "This field may not be blank.",
            Field::Null => "This field may not be null.",
            Field::Missing => "This field is required.",
        };
        Err(Problem::token_field("token_required", message))
    }
}

enum MediaType {
    Json,
    Form,
}

impl MediaType {
    /// `Ok(None)`: not said.
    fn of(req: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(value) = req.headers().get(header::CONTENT_TYPE) else {
            return Ok(None);
        };
        let value = value.to_str().unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(Some(Self::Json))
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Some(Self::Form))
        } else {
            Err(Problem::unsupported_media_type())
        }
    }
}

async fn body(req: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let announced = req
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(Problem::body_too_large());
    }
    payload
        .to_bytes_limited(MAX_BODY_BYTES)
        .await
        .map_err(|_| Problem::body_too_large())?
        .map_err(|_| Problem::malformed_body())
}

fn from_json(body: &[u8]) -> Result<Sent, Problem> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "present")]
        token: Option<Value>,
        #[serde(default)]
        trust_browser: Value,
    }
    // `Option` alone would take null for a missing member.
    fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
        Value::deserialize(value).map(Some)
    }
    // serde alone would take an array for a struct.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::malformed_body());
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| Problem::malformed_body())?;
    let token = match body.token {
        None => Field::Missing,
        Some(Value::Null) => Field::Null,
        Some(Value::String(token)) => Field::Text(Zeroizing::new(token)),
        Some(Value::Number(_)) => {
            return Err(Problem::token_field(
                "malformed_token",
                "Send the token as a string: a number loses leading zeros.",
            ));
        }
        Some(_) => {
            return Err(Problem::token_field(
                "malformed_token",
                "Send the token as a string.",
            ));
        }
    };
    Ok(Sent {
        token,
        trust_browser: body.trust_browser == Value::Bool(true),
        #[cfg(feature = "pages")]
        from_page: FromPage::nothing(),
    })
}

fn from_form(bytes: &[u8]) -> Result<Sent, Problem> {
    #[derive(Deserialize)]
    struct Body {
        token: Option<String>,
        trust_browser: Option<String>,
    }
    let body: Body = serde_urlencoded::from_bytes(bytes).map_err(|_| Problem::malformed_body())?;
    Ok(Sent {
        token: body
            .token
            .map_or(Field::Missing, |token| Field::Text(Zeroizing::new(token))),
        trust_browser: body.trust_browser.as_deref() == Some("true"),
        #[cfg(feature = "pages")]
        from_page: FromPage::read(bytes),
    })
}
