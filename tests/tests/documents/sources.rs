//! What the Rust sources of the workspace hold.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

/// How documents begin the names of files, and where these are.
const FOLDERS: [(&str, &str); 8] = [
    ("cli/", "crates/actix-totp-cli/"),
    ("core/", "crates/actix-totp-core/"),
    ("diesel/", "crates/actix-totp-diesel/"),
    ("plugin/", "crates/actix-totp/src/"),
    ("sql/", "crates/actix-totp-sql/"),
    ("sqlx/", "crates/actix-totp-sqlx/"),
    ("stores/", "tests/stores/tests/stores/"),
    ("tests/", "tests/tests/"),
];
/// Functions here are tests of any store: conformance suites call them.
const SUITE: &str = "crates/actix-totp-core/src/conformance/";

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .into()
}

/// A file with its functions.
pub(crate) struct Source {
    pub(crate) text: String,
    functions: HashSet<String>,
    /// Those that `cargo test` runs.
    tests: HashSet<String>,
}

/// All files, by their path from the root.
pub(crate) struct Sources(pub(crate) BTreeMap<String, Source>);

impl Sources {
    pub(crate) fn read() -> Self {
        let mut found = BTreeMap::new();
        for folder in ["crates", "tests", "examples"] {
            collect(&root(), folder, &mut found);
        }
        Self(found)
    }

    /// What is wrong with the name of a file that a document holds.
    pub(crate) fn doubt_file(&self, named: &str) -> Option<String> {
        let path = path_of(named)?;
        (!self.0.contains_key(&path)).then(|| format!("there is no file {named}"))
    }

    /// What is wrong with a test that a document names behind the name of a file; or with a function that it names alone.
    pub(crate) fn doubt_test(&self, file: Option<&str>, name: &str) -> Option<String> {
        let (is_there, place) = match file {
            Some(file) => {
                let source = path_of(file).and_then(|path| self.0.get(&path));
                (source.is_some_and(|it| it.tests.contains(name)), file)
            }
            None => (
                self.0.values().any(|it| it.functions.contains(name)),
                "no file",
            ),
        };
        (!is_there).then(|| format!("{place} has no {name} that runs"))
    }

    /// Whether a published crate has a public function of this name.
    pub(crate) fn has_public_function(&self, name: &str) -> bool {
        let head = format!("pub fn {name}");
        let is_published = |path: &str| path.starts_with("crates/");
        let mut published = self.0.iter().filter(|(path, _)| is_published(path));
        published.any(|(_, source)| {
            source.functions.contains(name)
                && (source.text.contains(&format!("{head}("))
                    || source.text.contains(&format!("{head}<")))
        })
    }
}

fn path_of(named: &str) -> Option<String> {
    let of = |(prefix, folder)| {
        named
            .strip_prefix(prefix)
            .map(|rest| format!("{folder}{rest}"))
    };
    FOLDERS.into_iter().find_map(of)
}

fn collect(root: &Path, folder: &str, found: &mut BTreeMap<String, Source>) {
    for entry in fs::read_dir(root.join(folder)).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            if name != "target" && name != "node_modules" {
                collect(root, &path, found);
            }
        } else if name.ends_with(".rs") {
            let source = Source::new(&path, fs::read_to_string(entry.path()).unwrap());
            found.insert(path, source);
        }
    }
}

impl Source {
    fn new(path: &str, text: String) -> Self {
        let (mut functions, mut tests) = (HashSet::new(), stamped(&text));
        let mut attributes = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[") {
                attributes.push(line);
            } else if let Some(name) = function(line) {
                let has = |part: &str| attributes.iter().any(|it| it.contains(part));
                if path.starts_with(SUITE) || has("test]") && !has("ignore") {
                    tests.insert(name.to_owned());
                }
                functions.insert(name.to_owned());
                attributes.clear();
            } else if !line.starts_with("//") {
                attributes.clear();
            }
        }
        Self {
            text,
            functions,
            tests,
        }
    }
}

/// The functions that a macro like `support::on_postgres!` makes tests for stores.
fn stamped(text: &str) -> HashSet<String> {
    let calls = text.split("support::on_").skip(1);
    let lists = calls.filter_map(|it| it.split_once("!(")?.1.split(')').next());
    let names = lists.flat_map(|it| it.split(','));
    names.map(|it| it.trim().to_owned()).collect()
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<&str> {
    let head = line.split(['(', '<']).next()?;
    let (before, name) = head.rsplit_once("fn ")?;
    let is_name = |text: &str| {
        text.bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_')
    };
    let is_head = before
        .bytes()
        .all(|it| it.is_ascii_lowercase() || b" ()".contains(&it));
    (is_head && is_name(name)).then_some(name)
}
