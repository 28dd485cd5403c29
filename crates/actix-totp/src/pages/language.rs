//! Which language a page is in.

use actix_web::http::header::{AcceptLanguage, Quality};

use super::texts::Texts;

/// A language that pages may be in.
#[derive(Debug, Clone)]
pub(super) struct Language {
    /// Its tag (BCP 47), as it was given.
    pub(super) tag: String,
    pub(super) texts: Texts,
}

/// The language that the browser wants most, or else the first.
pub(super) fn pick(languages: &[Language], accept: Option<AcceptLanguage>) -> Option<&Language> {
    let wanted = accept.and_then(|mut accept| {
        accept.retain(|wish| wish.quality > Quality::ZERO);
        let wishes = accept.ranked();
        wishes
            .iter()
            .find_map(|wish| speaks(languages, wish.item()?.as_str()))
    });
    wanted.or(languages.first())
}

/// The language with this tag, or else the nearest that is the same but for region or script.
fn speaks<'a>(languages: &'a [Language], tag: &str) -> Option<&'a Language> {
    let find = |is_it: &dyn Fn(&str) -> bool| languages.iter().find(|it| is_it(&it.tag));
    let wanted = primary(tag);
    find(&|it| it.eq_ignore_ascii_case(tag))
        .or_else(|| find(&|it| it.eq_ignore_ascii_case(wanted)))
        .or_else(|| find(&|it| primary(it).eq_ignore_ascii_case(wanted)))
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// Whether this can be a language tag: what stands in `<html lang>`.
pub(super) fn is_tag(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpMessage, http::header, test::TestRequest};

    use super::*;

    fn picked(accept: &str) -> String {
        let languages = ["en", "de", "pt-BR", "pt"].map(|tag| Language {
            tag: tag.into(),
            texts: Texts::english(),
        });
        let request = TestRequest::get().insert_header((header::ACCEPT_LANGUAGE, accept));
        let picked = pick(&languages, request.to_http_request().get_header());
        picked.unwrap().tag.clone()
    }

    #[test]
    fn the_language_that_is_wanted_most() {
        for (accept, expected) in [
            ("", "en"),
            ("*", "en"),
            ("de", "de"),
            ("DE-ch,en;q=0.5", "de"),
            ("en;q=0.5,de;q=0.9", "de"),
            ("fr,de;q=0.1", "de"),
            ("fr,de;q=0", "en"),
            ("fr", "en"),
            ("pt-br", "pt-BR"),
            ("pt-PT", "pt"),
            ("pt", "pt"),
            ("de;q=0.5,en;q=0.5", "de"),
            ("de;q=banana", "en"),
        ] {
            assert_eq!(picked(accept), expected, "{accept}");
        }
    }

    #[test]
    fn only_a_tag_is_a_tag() {
        assert!(["en", "pt-BR", "zh-Hant-TW"].into_iter().all(is_tag));
        for bad in [
            "",
            "e",
            "en-",
            "en_US",
            "en\"",
            "französisch",
            "-en",
            "abcdefghi",
        ] {
            assert!(!is_tag(bad), "{bad}");
        }
    }
}
