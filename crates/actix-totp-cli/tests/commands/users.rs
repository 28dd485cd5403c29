//! `status` and `list`.

use serde_json::Value;

use crate::support::{self, Database, Users, assert_answers};

support::on_every_database!(
    a_user_is_shown_with_state_codes_and_times,
    whoever_has_no_row_is_not_found,
    everybody_is_listed_in_the_order_of_their_ids,
    each_filter_lets_through_whom_it_names,
);

fn a_user_is_shown_with_state_codes_and_times(database: &Database) {
    let users = Users::in_database(database);
    let codes = users.enroll_days_ago("alice", 40);
    users.spend("alice", &codes[..3]);
    let shown = &assert_answers("status", &database.answer("status alice --json"))[0];
    assert_eq!(shown["state"], "enabled");
    assert_eq!(shown["authenticators"], 1);
    assert_eq!(shown["backup_codes_remaining"], 7);
    assert_eq!(shown["last_used_at"], users.clock.now_secs());
    assert_eq!(shown["enabled_since"], users.clock.now_secs() - 40 * 86_400);
    assert_eq!(shown["locked"], false);
    let text = database.answer("status alice");
    assert!(text.contains("backup codes left    7"), "{text}");
}

fn whoever_has_no_row_is_not_found(database: &Database) {
    Users::in_database(database).enroll("alice");
    let done = database.command("status Alice").assert().code(1);
    let output = done.get_output();
    assert!(output.stdout.is_empty());
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        text,
        "actix-totp: the user Alice has no second factor here\n"
    );
}

fn everybody_is_listed_in_the_order_of_their_ids(database: &Database) {
    let users = Users::in_database(database);
    for id in ["bob", "alice", "Zoë", "a\u{1b}[2Jb\nc"] {
        users.enroll(id);
    }
    let listed = ids(&database.answer("list --json"));
    assert_eq!(listed, ["Zoë", "a\u{1b}[2Jb\nc", "alice", "bob"]);
    let text = database.answer("list");
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        !text.contains('\u{1b}'),
        "an id must not command the terminal"
    );
}

fn each_filter_lets_through_whom_it_names(database: &Database) {
    let users = Users::in_database(database);
    users.enroll("plain");
    users.enroll_days_ago("locked", 400);
    users.lock("locked");
    users.begin("pending");
    let codes = users.enroll("spent");
    users.spend("spent", &codes);
    users.enroll_days_ago("unused", 500);
    let is_listed = |filters: &str| ids(&database.answer(&format!("list --json {filters}")));
    assert_eq!(is_listed("").len(), 5);
    assert_eq!(is_listed("--locked"), ["locked"]);
    assert_eq!(is_listed("--pending"), ["pending"]);
    assert_eq!(is_listed("--without-backup-codes"), ["spent"]);
    let day = day(users.clock.now_secs() - 450 * 86_400);
    assert_eq!(is_listed(&format!("--unused-since {day}")), ["unused"]);
    assert_eq!(is_listed("--locked --pending"), [""; 0]);
}

fn ids(output: &str) -> Vec<String> {
    let id = |it: &Value| it["user"].as_str().unwrap().to_owned();
    assert_answers("status", output).iter().map(id).collect()
}

/// As `--unused-since` wants it.
fn day(secs: u64) -> String {
    let time = time::OffsetDateTime::from_unix_timestamp(secs.try_into().unwrap()).unwrap();
    time.date().to_string()
}
