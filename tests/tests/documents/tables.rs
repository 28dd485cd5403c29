//! A table of a standard: one row a requirement, and what is wrong with it.

use std::{collections::BTreeMap, fs};

use crate::{
    document::{doubt_link, doubts, is_sentence, links, quoted, tests},
    sources::{Sources, root},
};

struct Row<'a> {
    number: &'a str,
    level: &'a str,
    words: &'a str,
    state: &'a str,
    by: &'a str,
    line: &'a str,
}

/// The rows: five cells, of which the first is a number.
fn rows(text: &str) -> Vec<Row<'_>> {
    let mut found = Vec::new();
    for line in text.lines().filter(|it| it.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [number, level, words, state, by] = cells[..]
            && number != "requirement"
            && !number.starts_with("--")
        {
            found.push(Row {
                number,
                level,
                words,
                state,
                by,
                line,
            });
        }
    }
    found
}

/// What a table is checked with.
pub(crate) struct Checker {
    sources: Sources,
    readme: String,
}

impl Checker {
    pub(crate) fn new() -> Self {
        Self {
            sources: Sources::read(),
            readme: fs::read_to_string(root().join("README.md")).unwrap(),
        }
    }

    /// What is wrong with the table in the document at this path, which has this text. `expected`: each number with its level.
    pub(crate) fn doubts(
        &self,
        document: &str,
        text: &str,
        expected: &[(String, String)],
    ) -> Vec<String> {
        let mut wanted: BTreeMap<&str, &str> = expected
            .iter()
            .map(|(number, level)| (&**number, &**level))
            .collect();
        let mut found = Vec::new();
        for row in rows(text) {
            let doubt = match wanted.remove(row.number) {
                None => Some("is there twice, or is no requirement".to_owned()),
                Some(level) if level != row.level => Some(format!("is of {level}")),
                Some(_) => None,
            };
            let all = doubt.into_iter().chain(self.doubts_of(document, &row));
            found.extend(all.map(|doubt| format!("{document}, {}: {doubt}", row.number)));
        }
        found.extend(
            wanted
                .keys()
                .map(|number| format!("{document} has no row {number}")),
        );
        found
    }

    fn doubts_of(&self, document: &str, row: &Row<'_>) -> Vec<String> {
        let mut found = doubts(&self.sources, row.line);
        found.extend(links(row.line).filter_map(|it| doubt_link(document, it)));
        if row.words.is_empty() || row.by.len() < 10 {
            found.push("a cell is blank".into());
        }
        let settles = match row.state {
            "**held**" => !tests(row.by).is_empty(),
            "**by a setting**" => {
                found.extend(self.unknown_settings(row.by));
                row.by.contains("default") && quoted(row.by).any(|it| self.is_setting(it))
            }
            "**the application's**" => links(row.by).next().is_some(),
            "**does not apply**" => true,
            state => {
                found.push(format!("{state} is no state"));
                true
            }
        };
        if !settles {
            found.push(format!("{} is not what it says", row.state));
        }
        found
    }

    /// What looks like a setting and is no public function.
    fn unknown_settings(&self, by: &str) -> Vec<String> {
        let names = quoted(by).filter_map(setting_name);
        let unknown = names.filter(|it| !self.sources.has_public_function(it));
        unknown
            .map(|it| format!("there is no setting {it}"))
            .collect()
    }

    /// Whether this is a setting that README names.
    fn is_setting(&self, word: &str) -> bool {
        let is_named = |name: &str| self.readme.contains(&format!("`{name}`"));
        setting_name(word).is_some_and(|it| is_named(it) && self.sources.has_public_function(it))
    }
}

/// `window` of `window` and of `window(0)`; nothing of a test, a file or a type.
fn setting_name(word: &str) -> Option<&str> {
    let name = word.split('(').next()?;
    let is_name = name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    (is_name && !name.is_empty() && !is_sentence(name)).then_some(name)
}
