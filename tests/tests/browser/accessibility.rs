//! What assistive technology is given: heading, title, focus and description of each page, from Chromium's accessibility tree.

use serde_json::{Value, json};

use crate::{Chromium, Visit, chromium, support::TestApp};

/// A node of the accessibility tree.
struct Node(Value);

impl Node {
    fn text(&self, member: &str) -> &str {
        self.0[member]["value"].as_str().unwrap_or_default()
    }

    fn property(&self, name: &str) -> Option<&Value> {
        let properties = self.0["properties"].as_array()?;
        let found = properties.iter().find(|it| it["name"] == name)?;
        Some(&found["value"]["value"])
    }

    fn is(&self, role: &str) -> bool {
        self.text("role") == role
    }
}

fn tree(page: &Chromium) -> Vec<Node> {
    let tree = page.cdp("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap().iter();
    let nodes = nodes.filter(|node| node["ignored"] == false);
    nodes.cloned().map(Node).collect()
}

/// What the user is told when the page is there: its title and heading, and what the focus is on, with its description.
#[track_caller]
fn assert_told(page: &Chromium, title: &str, focus: Option<(&str, &str)>, description: &str) {
    let tree = tree(page);
    let headings: Vec<&str> = tree
        .iter()
        .filter(|node| node.is("heading") && node.property("level") == Some(&json!(1)))
        .map(|node| node.text("name"))
        .collect();
    assert_eq!(headings, [title]);
    let shown = page.run("return document.title");
    assert_eq!(shown, format!("{title} – Example Inc"));
    let is_focused = |node: &&Node| node.property("focused") == Some(&json!(true));
    let focused: Vec<&Node> = tree
        .iter()
        .filter(is_focused)
        .filter(|node| !node.is("RootWebArea"))
        .collect();
    let told = focused
        .first()
        .map(|node| (node.text("role"), node.text("name")));
    assert_eq!(told, focus, "{title}");
    let described = focused.first().map_or("", |node| node.text("description"));
    assert_eq!(described, description);
    // Announced by the focus, and not by a live region, too.
    assert!(!tree.iter().any(|node| node.is("alert")), "{title}");
}

/// What the focus is on says this, and nothing else on the page does.
#[track_caller]
fn assert_refused(page: &Chromium, title: &str, field: &str, error: &str, hint: &str) {
    let description = [error, hint].join(" ");
    assert_told(page, title, Some(("textbox", field)), description.trim());
    let tree = tree(page);
    let texts = tree
        .iter()
        .filter(|node| node.is("StaticText") && node.text("name") == error);
    assert_eq!(texts.count(), 1);
    let invalid = tree
        .iter()
        .filter(|node| node.property("invalid") == Some(&json!("true")));
    assert_eq!(
        invalid.map(|node| node.text("name")).collect::<Vec<_>>(),
        [field]
    );
}

const CODE: &str = "Code from your authenticator app";
const HINT: &str = "The digits that the app shows now.";
const GOES_ON: &str = "The digits that the app shows now. The form is sent after the last digit.";
const BACKUP_HINT: &str =
    "One of the codes that you saved: groups of four letters and digits. Each works once.";
const WRONG: &str = "This code is wrong or was already used. Wait for the next one.";
const NO_CODE: &str = "This is not a code. Enter it as it was shown to you.";

#[test]
fn each_page_tells_what_it_is_where_the_focus_is_and_an_error_once() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    visit.register("alice", "alice@example.com");
    visit.open("/login?next=/vault");
    visit.sign_in("alice");
    page.wait_for("Set up two-factor authentication");
    assert_told(&page, "Set up two-factor authentication", None, "");
    page.click("main button");
    page.wait_for("Add this account to your app");
    assert_told(&page, "Add this account to your app", None, "");
    let secret = page.text("#key").replace(' ', "");
    let phone = app.authenticator(&json!({ "secret": secret }));
    page.type_into("#code", &phone.wrong_code());
    page.wait_for("Enter the first code");
    assert_refused(&page, "Enter the first code", CODE, WRONG, GOES_ON);
    page.type_into("#code", &phone.code());
    page.wait_for("Save your backup codes");
    assert_told(&page, "Save your backup codes", None, "");
    let list = tree(&page);
    assert!(
        list.iter()
            .any(|it| it.is("list") && it.text("name") == "Backup codes")
    );

    app.clock.advance_secs(60);
    visit.open("/auth/otp/challenge/?next=/vault");
    let title = "Enter a code";
    assert_told(&page, title, Some(("textbox", CODE)), GOES_ON);
    page.type_into("#code", &phone.wrong_code());
    page.wait_until("the refusal", || page.has("#code-error"));
    assert_refused(&page, title, CODE, WRONG, GOES_ON);
    page.click("summary");
    page.type_into("#backup", "ABCD-EFGH-JKLM-NPQR");
    page.click("details button");
    page.wait_until("the refusal", || page.has("#backup-error"));
    let wrong = "This backup code is wrong or was already used.";
    assert_refused(&page, title, "Backup code", wrong, BACKUP_HINT);

    let title = "Two-factor authentication";
    let token = "Code from your app, or a backup code";
    visit.open("/auth/otp/settings/");
    assert_told(&page, title, None, "");
    for (section, field, hint) in [
        ("renew", CODE, HINT),
        ("replace", token, ""),
        ("disable", token, ""),
    ] {
        page.click(&format!("#section-{section} summary"));
        page.type_into(&format!("#{section}"), "12345");
        page.click(&format!("#section-{section} button"));
        page.wait_until("the refusal", || page.has(&format!("#{section}-error")));
        assert_refused(&page, title, field, NO_CODE, hint);
    }
    visit.open("/auth/otp/nothing");
    let told = Some(("paragraph", "There is nothing here."));
    assert_told(&page, "That did not work", told, "");
    assert_eq!(page.focused(), "error");
}
