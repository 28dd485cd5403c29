//! `--help`, completions and manual pages.

use crate::support::Database;

const COMMANDS: [&str; 13] = [
    "status",
    "list",
    "unlock",
    "reset",
    "end-proofs",
    "migrate",
    "check",
    "keys new",
    "keys status",
    "reseal",
    "completions",
    "man",
    "",
];

#[test]
fn each_command_shows_an_example_of_itself() {
    let database = Database::sqlite();
    for command in COMMANDS {
        let help = database.answer(&format!("{command} --help"));
        let (_, examples) = help
            .split_once("Example")
            .unwrap_or_else(|| panic!("{help}"));
        assert!(
            examples.contains(&format!("actix-totp {command}")),
            "{help}"
        );
    }
}

/// A key on a command line is seen by everybody on the machine, and kept in the history of the shell.
#[test]
fn no_option_takes_a_key_or_a_url() {
    let database = Database::sqlite();
    for command in COMMANDS {
        let help = database.answer(&format!("{command} --help"));
        let words: Vec<&str> = help.split_whitespace().collect();
        for option in ["--key", "--keys", "--totp-key", "--database-url", "--url"] {
            assert!(!words.contains(&option), "{command} {option}");
        }
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let database = Database::sqlite();
    for shell in ["bash", "zsh", "fish"] {
        let script = database.answer(&format!("completions {shell}"));
        assert!(script.contains("end-proofs") && script.contains("without-backup-codes"));
    }
    assert!(database.answer("man").contains(".TH actix-totp 1"));
    std::fs::create_dir(database.path("man1")).unwrap();
    database.answer("man --dir man1");
    for page in [
        "actix-totp.1",
        "actix-totp-end-proofs.1",
        "actix-totp-keys-new.1",
    ] {
        assert!(database.path("man1").join(page).exists(), "{page}");
    }
}

/// With `--help` behind it a command line is parsed, and nothing is done.
#[test]
fn every_command_that_a_document_shows_exists() {
    let database = Database::sqlite();
    let documents = [
        include_str!("../../README.md"),
        include_str!("../../../../docs/operations.md"),
    ];
    for document in documents {
        let lines = document
            .lines()
            .filter_map(|it| it.strip_prefix("actix-totp "));
        let lines: Vec<&str> = lines.collect();
        assert!(lines.len() > 2);
        for line in lines {
            database.answer(&format!("{line} --help"));
        }
    }
    let unknown = database.command("list --unused --help");
    { unknown }.assert().code(2);
}
