//! Reading a token: what the user typed, a TOTP code or a backup code.

use zeroize::Zeroizing;

use crate::backup_code::BackupCode;

/// A token that has a shape worth comparing.
pub(crate) enum Token {
    /// As many ASCII digits as the credential's codes have.
    Code(Zeroizing<String>),
    /// The shape of a backup code.
    Backup(BackupCode),
}

impl Token {
    /// Reads a token; `None` if it is malformed for a credential of `digits` digits. ASCII blanks and dashes in it are
    /// ignored; digits of other scripts are no digits.
    pub(crate) fn read(typed: &str, digits: u8) -> Option<Self> {
        let kept: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect());
        if kept.len() == usize::from(digits) && kept.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Code(kept));
        }
        BackupCode::read(&kept).map(Self::Backup)
    }
}

/// Whether there is nothing but blanks.
pub(crate) fn is_blank(typed: &str) -> bool {
    typed.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_dashes_are_ignored() {
        for typed in ["123456", "123 456", " 123-456 ", "1 2-3 4-5 6"] {
            let Some(Token::Code(code)) = Token::read(typed, 6) else {
                panic!("{typed} is a code");
            };
            assert_eq!(code.as_str(), "123456");
        }
        assert!(matches!(
            Token::read("abcd-efgh jklm-npqr", 6),
            Some(Token::Backup(_))
        ));
    }

    #[test]
    fn anything_else_is_malformed() {
        for typed in [
            "",
            "12345",
            "1234567",
            "+12345",
            "1e5",
            "12345a",
            "１２３４５６",
            "١٢٣٤٥٦",
            "123456\n",
            "\t123456",
            "123\x00456",
            "12345６",
        ] {
            assert!(Token::read(typed, 6).is_none(), "{typed:?}");
        }
    }
}
