//! The READMEs of the applications that a second factor was added to.

use std::{fs, ops::RangeInclusive};

#[test]
fn each_readme_shows_the_lines_that_were_added() {
    let existing_app = ["Cargo.toml", "src/lib.rs", "src/accounts.rs"];
    assert_shows_what_was_added("existing-app", &existing_app, 10..=20);
    let jwt_api = [
        "Cargo.toml",
        "src/lib.rs",
        "src/accounts.rs",
        "src/tokens.rs",
    ];
    assert_shows_what_was_added("jwt-api", &jwt_api, 15..=25);
}

#[track_caller]
fn assert_shows_what_was_added(example: &str, sources: &[&str], lines: RangeInclusive<usize>) {
    let read = |file: &str| {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
        fs::read_to_string(format!("{examples}/{example}/{file}")).unwrap()
    };
    let sources: String = sources.iter().map(|file| read(file)).collect();
    let readme = read("README.md");
    let added: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix('+'))
        .collect();
    assert!(lines.contains(&added.len()), "{example}: {}", added.len());
    let squeeze = |text: &str| text.split_whitespace().collect::<String>();
    let sources = squeeze(&sources);
    for line in added {
        assert!(sources.contains(&squeeze(line)), "{example}: {line}");
    }
}
