//! A proof as text that a client keeps, or that stands in the application's own token.

use std::fmt;

use actix_totp_core::{Error, Proof, UserId};
use serde::Serialize;

use crate::plugin::Totp;

/// Authentication methods (RFC 8176 §2): a one-time password, as the second of several factors.
const METHODS: &[&str] = &["mfa", "otp"];

/// A proof that is kept outside of a session: the text that guards open again, and what a token says of it beside.
///
/// As JSON it has the members that answers have: `proof` and `proof_expires_at`.
///
/// # Example
///
/// ```
/// use actix_totp::{Error, Proof, Totp, UserId};
/// use serde_json::{Value, json};
///
/// /// The claims of an access token after a sign-in.
/// fn claims(totp: &Totp, proof: &Proof, token_expires_at: u64) -> Result<Value, Error> {
///     let sealed = totp.seal_proof(proof)?;
///     Ok(json!({
///         "sub": proof.user.as_str(),
///         "exp": token_expires_at,
///         "totp": sealed.text(),
///         "amr": sealed.amr(),
///         "auth_time": sealed.auth_time(),
///     }))
/// }
///
/// /// What a client that was given its proof by `validate/` may have put into its next token.
/// fn is_worth_a_claim(totp: &Totp, user: &UserId, sent: &str) -> bool {
///     totp.open_proof(user, sent).is_some()
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SealedProof {
    #[serde(rename = "proof")]
    text: String,
    #[serde(rename = "proof_expires_at")]
    expires_at: u64,
    #[serde(skip)]
    auth_time: u64,
}

impl SealedProof {
    /// The text: 87 letters, digits, `-` and `_`. It opens for its user and this plugin alone. It is as secret as a session's cookie.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// From when on a guard without a maximum age of its own finds it stale, in seconds since the Unix epoch. It may end before.
    pub const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// When the second factor was shown, in seconds since the Unix epoch: the claim `auth_time` of OpenID Connect Core 1.0 §2.
    pub const fn auth_time(&self) -> u64 {
        self.auth_time
    }

    /// How: the values of the claim `amr`, `mfa` and `otp` (RFC 8176 §2). A backup code is a one-time password, too.
    pub const fn amr(&self) -> &'static [&'static str] {
        METHODS
    }
}

impl fmt::Debug for SealedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedProof(..)")
    }
}

impl Totp {
    /// A proof as text for the application's own token, or for a client to send as `TOTP-Proof`.
    ///
    /// # Errors
    ///
    /// [`Error::Randomness`].
    pub fn seal_proof(&self, proof: &Proof) -> Result<SealedProof, Error> {
        let plugin = &*self.plugin;
        Ok(SealedProof {
            text: plugin.service.seal_proof(&plugin.places.purpose, proof)?,
            expires_at: proof.at.saturating_add(plugin.max_age_secs),
            auth_time: proof.at,
        })
    }

    /// The proof that was sealed for this user by this plugin, or by another instance with its name and a key of its ring. To be
    /// asked before a text that a client brings is put into a token. Whether it still counts is for guards to decide: they ask
    /// the store.
    pub fn open_proof(&self, user: &UserId, text: &str) -> Option<Proof> {
        let plugin = &*self.plugin;
        plugin
            .service
            .open_proof(&plugin.places.purpose, user, text)
    }
}
