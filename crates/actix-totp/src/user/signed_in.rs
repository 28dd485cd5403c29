//! Somebody who is signed in.

use actix_totp_core::UserId;

/// A user whom the application has signed in, with the first factor.
///
/// # Example
///
/// ```
/// use actix_totp::{SignedIn, UserId};
///
/// let alice = SignedIn::new(UserId::new("4711")?).label("alice@example.com").issuer("Tenant 12");
/// assert_eq!(alice.label, "alice@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who: what never changes and is never given to somebody else.
    pub id: UserId,
    /// How the authenticator names the account, an e-mail address by custom. Blank: the id.
    pub label: String,
    /// Who issues the codes, where it is another than the plugin's issuer.
    pub issuer: Option<String>,
}

impl SignedIn {
    /// A user without a label, under the plugin's issuer.
    pub const fn new(id: UserId) -> Self {
        Self {
            id,
            label: String::new(),
            issuer: None,
        }
    }

    /// Says how the authenticator names the account. Where that costs a look-up, see [`CurrentUser::label_with`](crate::CurrentUser::label_with).
    ///
    /// Default: blank, the id.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Says who issues the codes, for an application with several tenants: 1 to 64 bytes, not blank, no `:`. With any other
    /// `generate/` makes no secret: it answers 503, and the log says why.
    ///
    /// Default: the plugin's, [`TotpBuilder::issuer`](crate::TotpBuilder::issuer).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }
}
