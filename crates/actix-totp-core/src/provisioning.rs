//! The `otpauth://` URI and its QR code: how a secret gets into an authenticator.
//!
//! The format is that of Google Authenticator's "Key URI Format", which every authenticator reads: issuer in the label
//! and as a parameter, everything percent-encoded, a blank as `%20`.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, EcLevel, QrCode};
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

/// Blank modules on each side (ISO/IEC 18004 §5.3.8).
const QUIET_ZONE: usize = 4;
/// The image is at least so wide, in CSS pixels, and a module a whole number of them.
const MIN_WIDTH: usize = 240;

/// The QR code of a URI as a bare `<svg>` element: each row's runs of dark modules as the lines of one path.
pub(crate) fn qr_svg(url: &str) -> Zeroizing<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M)
        .unwrap_or_else(|_| unreachable!("a QR code of level M takes 2,331 bytes"));
    let width = code.width();
    let side = width + 2 * QUIET_ZONE;
    let pixels = MIN_WIDTH.div_ceil(side) * side;
    // A run and the gap before it take at most 8 bytes for each two modules. Never grown: no copy of a secret is left behind.
    let mut svg = Zeroizing::new(String::with_capacity(8 * width * width + 512));
    svg.push_str(r#"<svg xmlns="http://www.w3.org/2000/svg""#);
    write_into(
        &mut svg,
        format_args!(
            r#" width="{pixels}" height="{pixels}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">"#
        ),
    );
    write_into(
        &mut svg,
        format_args!(r##"<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d=""##),
    );
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = QUIET_ZONE;
        let mut drawn_to = None;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                match drawn_to {
                    None => write_into(&mut svg, format_args!("M{x} {}.5", y + QUIET_ZONE)),
                    Some(end) => write_into(&mut svg, format_args!("m{} 0", x - end)),
                }
                write_into(&mut svg, format_args!("h{}", run.len()));
                drawn_to = Some(x + run.len());
            }
            x += run.len();
        }
    }
    svg.push_str(r#""/></svg>"#);
    svg
}

fn write_into(text: &mut String, piece: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(piece); // a string takes everything
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

    /// The image's modules, with what is around them, as a browser draws them: `true` is dark.
    fn drawn(svg: &str) -> Vec<Vec<bool>> {
        let (_, view_box) = svg.split_once(r#"viewBox="0 0 "#).unwrap();
        let side: usize = view_box.split_once(' ').unwrap().0.parse().unwrap();
        let (_, lines) = svg.split_once(r##"stroke="#000" d=""##).unwrap();
        let lines = lines.strip_suffix(r#""/></svg>"#).unwrap();
        let mut image = vec![vec![false; side]; side];
        for row in lines.split('M').skip(1) {
            let (start, runs) = row.split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let y: usize = y.strip_suffix(".5").unwrap().parse().unwrap();
            let mut x: usize = x.parse().unwrap();
            for run in runs.split('h') {
                let (length, gap) = run.split_once('m').unwrap_or((run, "0 0"));
                let length: usize = length.parse().unwrap();
                image[y][x..x + length].fill(true);
                x += length + gap.strip_suffix(" 0").unwrap().parse::<usize>().unwrap();
            }
        }
        image
    }

    fn decoded(image: &[Vec<bool>]) -> String {
        const SCALE: usize = 4;
        let pixels = image.len() * SCALE;
        let mut photo = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| {
            if image[y / SCALE][x / SCALE] { 0 } else { 255 }
        });
        let grids = photo.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn the_qr_code_is_a_bare_svg_element_that_decodes_to_the_uri() {
        for (issuer, label) in [
            ("Ex", "a".to_owned()),
            ("Example Inc", "alice@example.com".to_owned()),
            ("Example Inc", "🦀".repeat(200)),
        ] {
            let url = url(issuer, &label);
            let svg = qr_svg(&url);
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
            let image = drawn(&svg);
            assert_eq!(decoded(&image), url);
            let side = image.len();
            for (y, row) in image.iter().enumerate() {
                for (x, dark) in row.iter().enumerate() {
                    let is_quiet = [x, y].iter().any(|at| *at < 4 || *at >= side - 4);
                    assert!(!dark || !is_quiet, "four modules on each side are blank");
                }
            }
        }
    }

    #[test]
    fn the_qr_code_is_small() {
        let svg = qr_svg(&url("Example Inc", "alice@example.com"));
        assert!(svg.len() < 6_000, "{}", svg.len());
        let longest = qr_svg(&url("Example Inc", &"🦀".repeat(200)));
        assert!(longest.len() < 45_000, "{}", longest.len());
    }
}
