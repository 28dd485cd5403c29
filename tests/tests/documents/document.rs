//! A document in Markdown: what stands between backticks, and where its links lead.

use std::fs;

use crate::sources::{Sources, root};

/// What stands between backticks in a line.
pub(crate) fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether this is the name of a test, a sentence, and not of a setting.
pub(crate) fn is_sentence(name: &str) -> bool {
    let is_letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    name.matches('_').count() >= 3 && !name.starts_with("danger_") && name.bytes().all(is_letter)
}

/// The tests that a line names, each with the file before it, as in `core/tests/sign_in.rs`: `a_test_of_it`.
pub(crate) fn tests(line: &str) -> Vec<(Option<&str>, &str)> {
    let mut file = None;
    let mut named = Vec::new();
    for word in quoted(line) {
        if word.ends_with(".rs") {
            file = Some(word);
        } else if is_sentence(word) {
            named.push((file, word));
        }
    }
    named
}

/// What a line names and is not there.
pub(crate) fn doubts(sources: &Sources, line: &str) -> Vec<String> {
    let files = quoted(line).filter(|it| it.ends_with(".rs"));
    let files = files.filter_map(|it| sources.doubt_file(it));
    let tests = tests(line).into_iter();
    files
        .chain(tests.filter_map(|(file, name)| sources.doubt_test(file, name)))
        .collect()
}

/// Where the links of a line lead.
pub(crate) fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|it| it.split(')').next())
}

/// What is wrong with a link in the document at this path.
pub(crate) fn doubt_link(document: &str, link: &str) -> Option<String> {
    if link.starts_with("https://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let document = root().join(document);
    let path = if file.is_empty() {
        document
    } else {
        document.parent().unwrap().join(file)
    };
    if path.is_dir() && anchor.is_empty() {
        return None;
    }
    let Ok(text) = fs::read_to_string(&path) else {
        return Some(format!("{link} leads nowhere"));
    };
    let mut headings = text.lines().filter(|it| it.starts_with('#')).map(anchor_of);
    let is_there = anchor.is_empty() || headings.any(|it| it == anchor);
    (!is_there).then(|| format!("{link} leads to no heading"))
}

/// As GitHub makes it.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    kept.map(|it| if it == ' ' { '-' } else { it }).collect()
}
