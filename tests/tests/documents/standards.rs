//! `docs/standards`: each requirement has its row, and what a row names is there.

use std::fs;

use actix_totp::{KeyRing, Level, MemoryStore, Standard, Totp};

use crate::{
    document::{doubt_link, links},
    expected::{asvs, sp_800_63b, wcag, wstg},
    sources::root,
    tables::Checker,
};

type Tables = [(&'static str, Vec<(String, String)>); 4];

fn tables() -> Tables {
    [
        ("docs/standards/asvs.md", asvs()),
        ("docs/standards/sp800-63b.md", sp_800_63b()),
        ("docs/standards/wcag.md", wcag()),
        ("docs/standards/wstg.md", wstg()),
    ]
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap()
}

#[test]
fn each_requirement_has_its_row_and_what_the_row_names_is_there() {
    let checker = Checker::new();
    let doubts =
        |(document, expected): (&str, Vec<_>)| checker.doubts(document, &read(document), &expected);
    let found: Vec<String> = tables().into_iter().flat_map(doubts).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(asvs().len(), 195);
    assert_eq!(
        wcag().iter().filter(|(_, level)| level != "AAA").count(),
        55
    );
}

/// What the test above is worth: each of these is found.
#[test]
fn a_row_a_test_a_setting_or_a_link_that_is_gone_is_noticed() {
    let checker = Checker::new();
    let (document, expected) = tables().into_iter().next().unwrap();
    let text = read(document);
    let row = |number: &str| {
        let begin = format!("| {number} |");
        text.lines().find(|it| it.starts_with(&begin)).unwrap()
    };
    let (held, by_a_setting, applications) = (row("6.5.1"), row("6.5.5"), row("3.4.1"));
    let blank = held.rsplit_once("**held**").unwrap().0.to_owned() + "**held** | |";
    for (before, after) in [
        (held, ""),
        (held, &*format!("{held}\n{held}")),
        (
            held,
            &held.replace("one_code_is_accepted_once", "no_code_is_accepted_once"),
        ),
        (
            held,
            &held.replace("core/tests/sign_in.rs", "core/tests/sign_up.rs"),
        ),
        (held, &held.replace("**held**", "**partly**")),
        (held, &held.replace("| 2 |", "| 1 |")),
        (held, &blank),
        (by_a_setting, &by_a_setting.replace("window", "casement")),
        (by_a_setting, &by_a_setting.replace("default", "usual")),
        (
            applications,
            &applications.replace("#tls-and-headers", "#gone"),
        ),
        (
            applications,
            &applications.replace("application.md", "gone.md"),
        ),
    ] {
        assert_ne!(before, after);
        let found = checker.doubts(document, &text.replace(before, after), &expected);
        assert!(!found.is_empty(), "{after} is not noticed");
    }
}

#[test]
fn what_shortfalls_name_is_a_row() {
    let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
    let totp = Totp::builder(MemoryStore::new(), keys).build().unwrap();
    for (standard, rows) in [
        (Standard::Asvs5(Level::L3), asvs()),
        (Standard::Sp800_63b4Aal2, sp_800_63b()),
    ] {
        let unseen = Totp::unseen(standard).into_iter().map(|it| it.requirement);
        let shortfalls = totp
            .shortfalls(standard)
            .into_iter()
            .map(|it| it.requirement);
        for requirement in unseen.chain(shortfalls) {
            let is_row = |row: &str| {
                let rest = row.strip_prefix(requirement);
                rest.is_some_and(|it| it.is_empty() || it.starts_with([' ', '.']))
            };
            assert!(
                rows.iter().any(|(row, _)| is_row(row)),
                "{standard} has no {requirement}"
            );
        }
    }
}

#[test]
fn the_links_of_the_documents_lead_somewhere() {
    let mut found = Vec::new();
    for folder in ["docs", "docs/security", "docs/standards"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if name.ends_with(".md") {
                let document = format!("{folder}/{name}");
                let text = read(&document);
                let doubts = links(&text).filter_map(|it| doubt_link(&document, it));
                found.extend(doubts.map(|it| format!("{document}: {it}")));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
