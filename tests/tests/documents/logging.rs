//! `docs/security/logging.md` has every line that the crates log, and no other.

use std::{collections::BTreeSet, fs};

use crate::{
    document::quoted,
    sources::{Sources, root},
};

/// A line of the log, or of the table: `target | level | message | fields`.
type Entry = [String; 4];

#[test]
fn the_inventory_of_the_log_has_every_call_and_no_other() {
    let sources = Sources::read();
    let calls: BTreeSet<Entry> = sources
        .0
        .iter()
        .flat_map(|(path, it)| calls(path, &it.text))
        .collect();
    assert!(calls.len() > 20, "{calls:#?}");
    assert_same(
        &calls,
        &entries(4, |cells| {
            let fields: Vec<&str> = quoted(cells[3]).collect();
            [
                word(cells[0]),
                cells[1].into(),
                cells[2].into(),
                fields.join(" "),
            ]
        }),
    );
}

#[test]
fn the_inventory_of_the_log_has_every_event_with_its_level_and_fields() {
    let sources = Sources::read();
    let text = &sources.0["crates/actix-totp-core/src/event.rs"].text;
    let events = events(text);
    assert!(events.len() > 15, "{events:#?}");
    let documented = entries(3, |cells| {
        let fields: Vec<&str> = quoted(cells[2]).collect();
        [
            word(cells[0]),
            cells[1].into(),
            String::new(),
            fields.join(" "),
        ]
    });
    assert_same(&events, &documented);
}

#[track_caller]
fn assert_same(code: &BTreeSet<Entry>, document: &BTreeSet<Entry>) {
    let missing: Vec<_> = code.difference(document).collect();
    let stale: Vec<_> = document.difference(code).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not documented: {missing:#?}\nnot in the code: {stale:#?}"
    );
}

fn word(cell: &str) -> String {
    quoted(cell).next().unwrap_or_default().to_owned()
}

/// The rows of the table in which this many cells stand before the last, which says when.
fn entries(cells: usize, entry: impl Fn(&[&str]) -> Entry) -> BTreeSet<Entry> {
    let text = fs::read_to_string(root().join("docs/security/logging.md")).unwrap();
    let rows = text.lines().filter(|it| it.starts_with("| `"));
    let split = rows.map(|it| {
        it.trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect::<Vec<_>>()
    });
    let of_table = split.filter(|it| it.len() == cells + 1);
    of_table
        .map(|it| {
            assert!(!it[cells].is_empty(), "{it:?} does not say when");
            entry(&it)
        })
        .collect()
}

/// The calls of `tracing` in a file of a published crate.
fn calls(path: &str, text: &str) -> Vec<Entry> {
    let Some(module) = path
        .strip_prefix("crates/")
        .and_then(|it| it.strip_suffix(".rs"))
    else {
        return Vec::new();
    };
    let target = module
        .replace("/src/lib", "")
        .replace("/src", "")
        .replace('-', "_")
        .replace('/', "::");
    let mut found = Vec::new();
    for level in ["error", "warn", "info", "debug", "trace"] {
        for call in text.split(&format!("tracing::{level}!(")).skip(1) {
            let (fields, message) = fields_and_message(call);
            found.push([target.clone(), level.to_uppercase(), message, fields]);
        }
    }
    found
}

/// The fields of a call, and its message.
fn fields_and_message(call: &str) -> (String, String) {
    let arguments = arguments(call);
    let at = arguments.iter().position(|it| it.starts_with('"'));
    let at = at.unwrap_or_else(|| panic!("no message: {arguments:?}"));
    let name = |it: &String| {
        let name = it.split('=').next().unwrap();
        name.trim().trim_start_matches(['%', '?']).to_owned()
    };
    let fields: Vec<String> = arguments[..at].iter().map(name).collect();
    let lines = arguments[at].trim_matches('"').split("\\\n");
    (fields.join(" "), lines.map(str::trim_start).collect())
}

/// The arguments of a call, up to its closing parenthesis.
fn arguments(call: &str) -> Vec<String> {
    let (mut depth, mut is_text) = (0, false);
    let mut found = vec![String::new()];
    for letter in call.chars() {
        match letter {
            '"' => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text && depth == 0 => break,
            ')' if !is_text => depth -= 1,
            ',' if !is_text && depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        found.last_mut().unwrap().push(letter);
    }
    found.into_iter().map(|it| it.trim().to_owned()).collect()
}

/// The variants of `Event`, with their levels and fields.
fn events(text: &str) -> BTreeSet<Entry> {
    let variants = text
        .split("pub enum Event {")
        .nth(1)
        .unwrap()
        .split("\n}\n")
        .next()
        .unwrap();
    let log = text
        .split("fn log(&self)")
        .nth(1)
        .unwrap()
        .split("\n    }\n")
        .next()
        .unwrap();
    let mut found = BTreeSet::new();
    for variant in variants.split("\n    }").filter(|it| it.contains('{')) {
        let lines = variant
            .lines()
            .map(str::trim)
            .filter(|it| !it.starts_with("//") && !it.is_empty());
        let mut name = String::new();
        let mut fields = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((field, _)) => fields.push(field.to_owned()),
                None => line.trim_end_matches([' ', '{', ',']).clone_into(&mut name),
            }
        }
        found.insert([
            name.clone(),
            level_of(log, &name),
            String::new(),
            fields.join(" "),
        ]);
    }
    found
}

/// The level of the arm that names the variant; of the last arm, if none does.
fn level_of(log: &str, variant: &str) -> String {
    let named = log.find(&format!("Self::{variant} "));
    let arm = named.unwrap_or_else(|| log.rfind("_ =>").unwrap());
    let level = log[arm..].split("tracing::").nth(1).unwrap();
    level.split('!').next().unwrap().to_uppercase()
}
