//! The `otpauth://` URI and its QR code: how a secret gets into an authenticator.
//!
//! The format is that of Google Authenticator's "Key URI Format", which every authenticator reads: issuer in the label
//! and as a parameter, everything percent-encoded, a blank as `%20`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{EcLevel, QrCode, render::svg};
use zeroize::Zeroizing;

use crate::credential::Parameters;

/// A URI longer than this makes a QR code that phones cannot read off a screen (and beyond 2,300 bytes none at all).
const LONGEST_URI: usize = 999;

/// All but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The URI for a secret, which is given as base32. A label that is too long is cut at a character's end.
pub(crate) fn otpauth_url(
    parameters: Parameters,
    secret: &str,
    issuer: &str,
    label: &str,
) -> Zeroizing<String> {
    let issuer = utf8_percent_encode(issuer, ESCAPED).to_string();
    let query = Zeroizing::new(format!(
        "?secret={secret}&issuer={issuer}&algorithm={}&digits={}&period={}",
        parameters.algorithm.name(),
        parameters.digits,
        parameters.period_secs,
    ));
    let mut url = Zeroizing::new(String::with_capacity(LONGEST_URI));
    url.push_str("otpauth://totp/");
    url.push_str(&issuer);
    url.push(':');
    let mut utf8 = [0; 4];
    for letter in label.chars() {
        let before = url.len();
        url.extend(utf8_percent_encode(letter.encode_utf8(&mut utf8), ESCAPED));
        if url.len() + query.len() > LONGEST_URI {
            url.truncate(before);
            break;
        }
    }
    url.push_str(&query);
    url
}

/// The QR code of a URI as a bare `<svg>` element.
pub(crate) fn qr_svg(url: &str) -> Zeroizing<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M)
        .unwrap_or_else(|_| unreachable!("a QR code of level M takes 2,331 bytes"));
    let document = Zeroizing::new(
        code.render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .build(),
    );
    // Without the XML declaration, which HTML does not allow.
    let element = document.find("<svg").unwrap_or_default();
    Zeroizing::new(document[element..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Credential;

    fn url(issuer: &str, label: &str) -> String {
        let credential = Credential::new(b"12345678901234567890", Parameters::default()).unwrap();
        otpauth_url(
            credential.parameters(),
            &credential.to_base32(),
            issuer,
            label,
        )
        .to_string()
    }

    #[test]
    fn the_uri_is_the_one_that_authenticators_read() {
        assert_eq!(
            url("Example Inc", "alice@example.com"),
            "otpauth://totp/Example%20Inc:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Example%20Inc&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_label_of_any_characters_parses_back() {
        for label in [
            "a b", "a:b", "100%", "a&b=c", "#1", "a/b", "+", "héllo", "🦀", "\"<svg>",
        ] {
            let url = url("Ex & Co/#1", label);
            let path = url
                .strip_prefix("otpauth://totp/")
                .unwrap()
                .split_once('?')
                .unwrap()
                .0;
            let (issuer, encoded) = path.split_once(':').unwrap();
            let decode = |text| {
                percent_encoding::percent_decode_str(text)
                    .decode_utf8()
                    .unwrap()
            };
            assert_eq!(decode(issuer), "Ex & Co/#1");
            assert_eq!(decode(encoded), label);
            assert!(!url.contains('+') && !url.contains(' '));
        }
    }

    #[test]
    fn two_hundred_emoji_are_cut_at_a_character_and_still_make_a_qr_code() {
        let crabs = "🦀".repeat(200);
        let url = url(&"é".repeat(32), &crabs);
        assert!(url.len() < 1_000, "{}", url.len());
        let label = url.split_once(':').unwrap().1.split_once(':').unwrap().1;
        let label = percent_encoding::percent_decode_str(label.split_once('?').unwrap().0)
            .decode_utf8()
            .unwrap();
        assert!(!label.is_empty() && crabs.starts_with(&*label));
        assert!(url.contains("&period=30"));
    }

    #[test]
    fn the_qr_code_is_a_bare_svg_element() {
        let credential = Credential::new(&[7; 20], Parameters::default()).unwrap();
        let secret = credential.to_base32();
        assert_eq!(secret.len(), 32);
        let svg = qr_svg(&otpauth_url(
            credential.parameters(),
            &secret,
            "Example",
            "alice",
        ));
        assert!(svg.starts_with("<svg "));
        assert!(svg.trim_end().ends_with("</svg>"));
    }
}
