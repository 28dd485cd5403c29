//! What the body of a POST holds.

use std::time::Duration;

use actix_totp_core::{AuthenticatorId, AuthenticatorName, Rejection, TypedToken};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
    web::{Bytes, Payload},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::time;
use zeroize::Zeroizing;

use crate::problem::Problem;

const MAX_BODY_BYTES: usize = 4096;

/// What the body holds.
#[derive(Default)]
pub(crate) struct Body {
    token: Field,
    /// What an authenticator is to be called.
    name: Option<String>,
    /// The id of the authenticator whose place a new one is to take.
    replaces: Option<String>,
    /// The ticket of a sign-in in two steps. Empty: none.
    pub(crate) ticket: Zeroizing<String>,
    /// Whether this browser shall be trusted from now on.
    pub(crate) trust_browser: bool,
    /// Where a page's form leads on to.
    #[cfg(feature = "pages")]
    pub(crate) next: Option<String>,
    /// Which form of a page it was.
    #[cfg(feature = "pages")]
    pub(crate) form: Option<String>,
    /// Whether the backup codes on a page are saved.
    #[cfg(feature = "pages")]
    pub(crate) saved: bool,
}

#[derive(Default)]
enum Field {
    #[default]
    Missing,
    Null,
    Typed(TypedToken),
}

impl Body {
    /// Reads it within `timeout`: the session was loaded before, and must not be held for as long as a client likes.
    pub(crate) async fn read(
        req: &HttpRequest,
        payload: Payload,
        timeout: Duration,
    ) -> Result<Self, Problem> {
        let media_type = MediaType::of(req.headers())?;
        let body = time::timeout(timeout, bytes(req, payload))
            .await
            .unwrap_or_else(|_| Err(Problem::request_timeout()))?;
        Self::parse(media_type, &body)
    }

    fn parse(media_type: Option<MediaType>, body: &[u8]) -> Result<Self, Problem> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match media_type {
            Some(MediaType::Json) => from_json(body),
            // As curl sends JSON where nobody tells it the type: its token would be called missing.
            Some(MediaType::Form) | None if is_object(body) => Err(Problem::untyped_json()),
            Some(MediaType::Form) => from_form(body),
            None => Err(Problem::unsupported_media_type()),
        }
    }

    /// The token that the user typed; null or no member is nothing.
    pub(crate) fn token(&self) -> Option<&TypedToken> {
        match &self.token {
            Field::Typed(token) => Some(token),
            Field::Missing | Field::Null => None,
        }
    }

    /// The name for an authenticator; null or no member is nothing.
    pub(crate) fn name(&self) -> Result<Option<AuthenticatorName>, Problem> {
        let name = self.name.as_deref().map(AuthenticatorName::new);
        name.transpose().map_err(|_| Problem::invalid_name())
    }

    /// Whose place a new authenticator takes; null or no member is nothing. A text that is no id is that of none.
    pub(crate) fn replaces(&self) -> Result<Option<AuthenticatorId>, Problem> {
        let id = self.replaces.as_deref().map(str::parse);
        id.transpose()
            .map_err(|_| Rejection::NoSuchAuthenticator.into())
    }

    /// The token that the user typed, where something must be.
    pub(crate) fn required_token(&self) -> Result<&TypedToken, Problem> {
        let message = match &self.token {
            Field::Typed(token) if !token.is_blank() => return Ok(token),
            Field::Typed(_) => "This field may not be blank.",
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
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
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

/// Whether the body is said to be JSON. No form is, and no page of another site can send it without being allowed to.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    matches!(MediaType::of(headers), Ok(Some(MediaType::Json)))
}

async fn bytes(req: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
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

fn from_json(body: &[u8]) -> Result<Body, Problem> {
    #[derive(Deserialize)]
    struct Members {
        #[serde(default, deserialize_with = "present")]
        token: Option<Value>,
        #[serde(default)]
        name: Value,
        #[serde(default)]
        replaces: Value,
        #[serde(default)]
        ticket: Value,
        #[serde(default)]
        trust_browser: Value,
    }
    // `Option` alone would take null for a missing member.
    fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
        Value::deserialize(value).map(Some)
    }
    // serde alone would take an array for a struct.
    if !is_object(body) {
        return Err(Problem::malformed_body());
    }
    let members: Members = serde_json::from_slice(body).map_err(|_| Problem::malformed_body())?;
    let token = match members.token {
        None => Field::Missing,
        Some(Value::Null) => Field::Null,
        Some(Value::String(token)) => typed(token),
        // It has lost its leading zeros; the core puts them back.
        Some(Value::Number(number)) if number.is_u64() => {
            Field::Typed(TypedToken::number(number.as_u64().unwrap_or_default()))
        }
        Some(_) => {
            return Err(Problem::token_field(
                "malformed_token",
                "Send the token as a string.",
            ));
        }
    };
    let ticket = match members.ticket {
        Value::String(ticket) => ticket.into(),
        _ => Zeroizing::default(),
    };
    Ok(Body {
        token,
        name: text(members.name),
        replaces: text(members.replaces),
        ticket,
        trust_browser: members.trust_browser == Value::Bool(true),
        #[cfg(feature = "pages")]
        next: None,
        #[cfg(feature = "pages")]
        form: None,
        #[cfg(feature = "pages")]
        saved: false,
    })
}

/// Null is nothing; what is no text is the empty one, which neither a name nor an id is.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        _ => Some(String::new()),
    }
}

fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

fn typed(token: String) -> Field {
    Field::Typed(TypedToken::from(&Zeroizing::new(token)))
}

fn from_form(bytes: &[u8]) -> Result<Body, Problem> {
    #[derive(Deserialize)]
    struct Fields {
        token: Option<String>,
        name: Option<String>,
        replaces: Option<String>,
        ticket: Option<String>,
        trust_browser: Option<String>,
        #[cfg(feature = "pages")]
        next: Option<String>,
        #[cfg(feature = "pages")]
        form: Option<String>,
        #[cfg(feature = "pages")]
        saved: Option<String>,
    }
    let is_true = |field: Option<String>| field.as_deref() == Some("true");
    let fields: Fields =
        serde_urlencoded::from_bytes(bytes).map_err(|_| Problem::malformed_body())?;
    Ok(Body {
        token: fields.token.map_or(Field::Missing, typed),
        name: fields.name,
        replaces: fields.replaces,
        ticket: fields.ticket.unwrap_or_default().into(),
        trust_browser: is_true(fields.trust_browser),
        #[cfg(feature = "pages")]
        next: fields.next,
        #[cfg(feature = "pages")]
        form: fields.form,
        #[cfg(feature = "pages")]
        saved: is_true(fields.saved),
    })
}
