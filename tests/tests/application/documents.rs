//! What the documents name is there.

use std::{collections::HashSet, fs, path::Path};

/// Every name of a function in the Rust files under `folder`.
fn functions(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                functions(&path, found);
            }
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            found.extend(words.map(str::to_owned));
        }
    }
}

#[test]
fn every_test_that_the_architecture_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = HashSet::new();
    for folder in ["crates", "tests", "examples"] {
        functions(&root.join(folder), &mut found);
    }
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let is_test = |name: &&str| {
        name.matches('_').count() >= 3
            && name
                .bytes()
                .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
    };
    let named: Vec<&str> = text.split('`').filter(is_test).collect();
    assert!(named.len() > 80, "{}", named.len());
    let missing: Vec<_> = named.iter().filter(|it| !found.contains(**it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
