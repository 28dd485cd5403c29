//! What a user calls an authenticator.

use std::{fmt, sync::Arc};

use crate::causes::debug_with_causes;

/// What a user calls an authenticator: 1 to 64 characters, none of them a control character or the end of a line. Blanks around it
/// are taken off.
///
/// It is the user's own text: escape it in HTML, and keep it out of logs. `Debug` shows nothing of it, and there is no `Display` on
/// purpose.
///
/// Default: `Authenticator`.
///
/// # Example
///
/// ```
/// use actix_totp_core::AuthenticatorName;
///
/// assert_eq!(AuthenticatorName::new(" key in the safe ")?.as_str(), "key in the safe");
/// assert!(AuthenticatorName::new(" ").is_err());
/// # Ok::<(), actix_totp_core::InvalidAuthenticatorName>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthenticatorName(Arc<str>);

impl AuthenticatorName {
    /// The longest name, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 64;

    /// Takes a name, without the blanks around it.
    ///
    /// # Errors
    ///
    /// [`InvalidAuthenticatorName`] if nothing is left, or more than 64 characters, or one that no line of text holds.
    pub fn new(name: &str) -> Result<Self, InvalidAuthenticatorName> {
        let name = name.trim();
        if name.is_empty() {
            return Err(InvalidAuthenticatorName::Blank);
        }
        if name.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(InvalidAuthenticatorName::TooLong);
        }
        // U+2028 and U+2029 end a line too.
        let is_in_no_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if name.contains(is_in_no_line) {
            return Err(InvalidAuthenticatorName::Control);
        }
        Ok(Self(name.into()))
    }

    /// The name as the user gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AuthenticatorName {
    fn default() -> Self {
        Self("Authenticator".into())
    }
}

impl fmt::Debug for AuthenticatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticatorName(..)")
    }
}

debug_with_causes!(InvalidAuthenticatorName);

/// Why a text is no name of an authenticator. Nothing of it is repeated.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAuthenticatorName {
    /// It holds nothing but blanks.
    #[error("the name of an authenticator must not be blank")]
    Blank,
    /// It has more than [`AuthenticatorName::MAX_CHARS`] characters.
    #[error("the name of an authenticator has at most 64 characters")]
    TooLong,
    /// It holds a control character or the end of a line.
    #[error("the name of an authenticator holds no control characters and is one line")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_1_to_64_characters_without_the_blanks_around_it() {
        for (text, name) in [
            ("x", "x"),
            (" Alice's phone \u{3000}", "Alice's phone"),
            ("<b>&\"'\\", "<b>&\"'\\"), // whoever shows it escapes it
            ("مفتاح", "مفتاح"),
            ("👩\u{200D}💻", "👩\u{200D}💻"),
            (&"🔑".repeat(64), &"🔑".repeat(64)),
        ] {
            assert_eq!(AuthenticatorName::new(text).unwrap().as_str(), name);
        }
        use InvalidAuthenticatorName::{Blank, Control, TooLong};
        for (text, why) in [
            ("", Blank),
            (" \t\u{A0}\n", Blank),
            (&"é".repeat(65), TooLong),
            ("a\nb", Control),
            ("a\0b", Control),
            ("a\u{7F}b", Control),
            ("a\u{85}b", Control),
            ("a\u{2028}b", Control),
        ] {
            assert_eq!(AuthenticatorName::new(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_a_name() {
        let name = AuthenticatorName::new("Alice's phone").unwrap();
        assert_eq!(format!("{name:?}"), "AuthenticatorName(..)");
    }
}
