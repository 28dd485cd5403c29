//! Reading a token: what the user typed, a TOTP code or a backup code.

use std::fmt;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use zeroize::Zeroizing;

use crate::backup_code::BackupCode;

/// A token as it came: text that a user typed, or the number that a front end made of it. `Debug` shows nothing of it.
///
/// Text is read as keyboards make it. Blanks and dashes of every kind and invisible characters are ignored, every decimal
/// digit of Unicode (general category Nd) is its value, and full-width letters are letters.
///
/// # Example
///
/// ```
/// use actix_totp_core::{Error, Outcome, TotpService, TypedToken, Operation, UserId};
///
/// /// A client that has made a number of the code: leading zeros are put back.
/// fn sign_in(totp: &TotpService, user: &UserId, code: u64) -> Result<bool, Error> {
///     let sign_in = Operation::authenticate(user, TypedToken::number(code));
///     Ok(matches!(totp.apply(&sign_in)?, Outcome::Accepted(_)))
/// }
/// ```
#[derive(Clone)]
pub struct TypedToken {
    pub(crate) text: Zeroizing<String>,
    pub(crate) is_number: bool,
}

impl TypedToken {
    /// A TOTP code as a number, from 0 to 10^digits − 1 of the credential: it has lost its leading zeros. A larger one is
    /// malformed.
    pub fn number(number: u64) -> Self {
        Self {
            text: Zeroizing::new(number.to_string()),
            is_number: true,
        }
    }

    /// Whether nothing was typed but blanks.
    pub fn is_blank(&self) -> bool {
        self.text.chars().all(is_blank)
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for TypedToken {
    fn from(text: &T) -> Self {
        Self {
            text: Zeroizing::new(text.as_ref().to_owned()),
            is_number: false,
        }
    }
}

impl From<&Self> for TypedToken {
    fn from(typed: &Self) -> Self {
        typed.clone()
    }
}

impl fmt::Debug for TypedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedToken(..)")
    }
}

/// A token that has a shape worth comparing.
pub(crate) enum Token {
    /// As many ASCII digits as the credential's codes have.
    Code(Zeroizing<String>),
    /// The shape of a backup code.
    Backup(BackupCode),
}

impl Token {
    /// Reads a token; `None` if it is malformed for a credential of `digits` digits.
    pub(crate) fn read(typed: &TypedToken, digits: u8) -> Option<Self> {
        let digits = usize::from(digits);
        if typed.is_number {
            let padded = Zeroizing::new(format!("{:0>digits$}", *typed.text));
            return (padded.len() == digits).then_some(Self::Code(padded));
        }
        let kept = normalized(&typed.text);
        if kept.len() == digits && kept.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Code(kept));
        }
        BackupCode::read(&kept).map(Self::Backup)
    }
}

/// What was typed, in ASCII where it has a meaning there, without blanks and dashes.
pub(crate) fn normalized(typed: &str) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(String::with_capacity(typed.len())); // never grown: no copy is left behind
    kept.extend(
        typed
            .chars()
            .filter(|c| !is_blank(*c) && !is_dash(*c))
            .map(in_ascii),
    );
    kept
}

/// Zero-width characters and direction marks come along with a pasted code, too.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_of(c, GeneralCategory::Format)
}

/// The minus sign is no dash to Unicode, nor is the mark that a Japanese keyboard types in place of a dash.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2212}' | '\u{30FC}' | '\u{FF70}')
        || is_of(c, GeneralCategory::DashPunctuation)
}

/// ASCII, which nearly every token is, has none of what is looked for in the table.
fn is_of(c: char, category: GeneralCategory) -> bool {
    !c.is_ascii() && c.general_category() == category
}

fn in_ascii(c: char) -> char {
    match c {
        _ if c.is_ascii() => c,
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => digit(c).unwrap_or(c),
    }
}

/// The decimal digit that a character of category Nd is. They come in tens from zero to nine (Unicode §4.6), and tens may
/// follow one another.
fn digit(c: char) -> Option<char> {
    let is_digit = |code| {
        char::from_u32(code).is_some_and(|c| c.general_category() == GeneralCategory::DecimalNumber)
    };
    let before = (0..=u32::from(c)).rev().take_while(|code| is_digit(*code));
    let place = before.count().checked_sub(1)?;
    char::from_digit(place as u32 % 10, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(typed: &str) -> Option<String> {
        match Token::read(&typed.into(), 6)? {
            Token::Code(code) => Some(code.to_string()),
            Token::Backup(_) => None,
        }
    }

    fn backup(typed: &str) -> Option<String> {
        match Token::read(&typed.into(), 6)? {
            Token::Code(_) => None,
            Token::Backup(code) => Some(code.reveal()),
        }
    }

    #[test]
    fn blanks_and_dashes_of_every_kind_are_ignored() {
        let blanks = "\t\n\r \u{85}\u{A0}\u{1680}\u{2000}\u{2009}\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}";
        let invisible = "\u{AD}\u{61C}\u{180E}\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{202A}\u{202E}\u{2060}\u{2066}\u{2069}\u{FEFF}";
        let dashes = "-\u{58A}\u{5BE}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{2E3A}\u{301C}\u{3030}\u{30FC}\u{FE58}\u{FE63}\u{FF0D}\u{FF70}";
        for ignored in [blanks, invisible, dashes].concat().chars() {
            let typed = format!("{ignored}123{ignored}{ignored}456{ignored}");
            assert_eq!(code(&typed).as_deref(), Some("123456"), "{typed:?}");
            let typed = format!("abcd{ignored}efghjklm{ignored}npqr");
            assert_eq!(backup(&typed).as_deref(), Some("ABCD-EFGH-JKLM-NPQR"));
        }
        for blank in [blanks, invisible].concat().chars() {
            assert!(TypedToken::from(&blank.to_string()).is_blank(), "{blank:?}");
        }
        assert!(!TypedToken::from("-").is_blank());
    }

    #[test]
    fn every_decimal_digit_of_unicode_is_its_value() {
        let is_digit = |c: &char| c.general_category() == GeneralCategory::DecimalNumber;
        let all: Vec<char> = ('\0'..=char::MAX).filter(is_digit).collect();
        assert!(all.len() >= 770, "Unicode 17 has 770: {}", all.len());
        for ten in all.chunks(10) {
            assert_eq!(u32::from(ten[9]) - u32::from(ten[0]), 9, "{ten:?}");
            let typed: String = ten[1..7].iter().collect();
            assert_eq!(code(&typed).as_deref(), Some("123456"), "{typed}");
            let typed: String = [ten[7], ten[8], ten[9], ten[0], '1', '2'].iter().collect();
            assert_eq!(code(&typed).as_deref(), Some("789012"), "{typed}");
        }
        for (typed, value) in [
            ("１２３４５６", "123456"), // full-width
            ("٠١٢٣٤٥", "012345"),       // Arabic
            ("۴۵۶۷۸۹", "456789"),       // Persian
            ("१२३४५६", "123456"),       // Devanagari
            ("𝟘𝟙𝟚𝟛𝟜𝟝", "012345"),       // the second of five tens in a row
        ] {
            assert_eq!(code(typed).as_deref(), Some(value), "{typed}");
        }
    }

    #[test]
    fn full_width_letters_are_those_of_a_backup_code() {
        let typed = "ＡＢＣＤ－ＥＦＧＨ－ｊｋｌｍ－ｎｐｑｒ";
        assert_eq!(backup(typed).as_deref(), Some("ABCD-EFGH-JKLM-NPQR"));
        assert!(backup("ＡBCDEFGHJKLM２３４５").is_some());
    }

    #[test]
    fn a_number_is_padded_to_the_digits_of_the_credential() {
        for (number, digits, expected) in [
            (0, 6, Some("000000")),
            (42, 6, Some("000042")),
            (42, 8, Some("00000042")),
            (999_999, 6, Some("999999")),
            (1_000_000, 6, None),
            (1_000_000, 7, Some("1000000")),
            (100_000_000, 8, None),
            (2_345_678_923_456_789, 6, None), // the shape of a backup code
            (u64::MAX, 8, None),
        ] {
            let read = match Token::read(&TypedToken::number(number), digits) {
                Some(Token::Code(code)) => Some(code.to_string()),
                Some(Token::Backup(_)) => panic!("a number is no backup code"),
                None => None,
            };
            assert_eq!(read.as_deref(), expected, "{number}");
        }
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
            "123\x00456",
            "12345\0",
            "①②③④⑤⑥",
            "Ⅰ23456",
            "一二三四五六",
            "12345²",
            "ABCD-EFGH-JKLM-NPQ0",
            "ABCD-EFGH-JKLM-NPQI",
        ] {
            assert!(Token::read(&typed.into(), 6).is_none(), "{typed:?}");
        }
    }
}
