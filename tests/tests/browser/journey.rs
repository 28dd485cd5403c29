//! From registering to turning it off, as a user clicks through it, with and without JavaScript.

use std::fs;

use serde_json::json;

use crate::{
    Visit, chromium,
    support::{TestApp, code_at},
};

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

#[test]
fn the_whole_journey_with_javascript() {
    journey(true);
}

#[test]
fn the_whole_journey_without_javascript() {
    journey(false);
}

fn journey(scripts: bool) {
    let Some(page) = chromium(scripts) else {
        return;
    };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    // With the script a code is sent by its last digit; else by a click.
    let enter = |code: &str| {
        page.type_into("#code", code);
        if !scripts {
            page.click("form:has(#code) button");
        }
    };

    visit.open("/");
    page.follow("Register");
    visit.register("alice", "alice@example.com");
    visit.open("/vault");
    page.wait_for("Sign in");
    visit.sign_in("alice");
    page.wait_for("Set up two-factor authentication");
    page.click("main button");
    page.wait_for("Add this account to your app");
    visit.assert_quiet();

    let url = read_qr(&page.picture());
    assert!(
        url.starts_with("otpauth://totp/Example%20Inc:alice%40example.com?"),
        "{url}"
    );
    let secret = url
        .split(['?', '&'])
        .find_map(|it| it.strip_prefix("secret="))
        .unwrap();
    assert_eq!(page.text("#key").replace(' ', ""), secret, "for typing");
    enter("000000");
    page.wait_for("Enter the first code");
    assert_eq!(page.focused(), "code");
    assert_eq!(page.attribute("#code", "aria-invalid").unwrap(), "true");
    let code = |app: &TestApp| code_at(secret, app.clock.now_secs());
    enter(&code(&app));
    page.wait_for("Save your backup codes");
    let backup = page.texts("#codes li");
    assert_eq!(backup.len(), 10);
    assert_eq!(
        page.is_shown("[data-print]"),
        scripts,
        "only the script can print"
    );
    let folder = tempfile::tempdir().unwrap();
    page.download_into(folder.path());
    page.click("[download]");
    let file = folder.path().join("backup-codes.txt");
    page.wait_until("the file", || file.exists());
    assert_eq!(fs::read_to_string(file).unwrap(), backup.join("\n") + "\n");
    page.click("main form button");
    assert!(page.has("#saved"), "the box comes first");
    page.click("#saved");
    page.click("main form button");
    page.wait_for("The vault");
    assert_eq!(page.path(), "/vault");
    visit.assert_quiet();

    // Going back shows neither the codes nor the secret again.
    // Three steps: the codes, the page with the refusal, the QR code.
    let place = || page.cdp("Page.getNavigationHistory", json!({}))["currentIndex"].clone();
    let last = place().as_u64().unwrap();
    for step in 1..=3 {
        page.back();
        assert_eq!(place(), last - step);
        assert!(page.path().starts_with("/auth/otp/"), "{}", page.path());
        assert!(!page.html().contains(&backup[0]) && !page.html().contains(secret));
    }
    page.log("browser"); // going back to the answer of a form is a complaint of its own

    visit.sign_out();
    app.clock.advance_secs(30);
    page.follow("Sign in");
    visit.sign_in("alice");
    page.wait_for("Enter a code");
    page.reload();
    enter(&code(&app));
    page.wait_for("Your account");
    visit.open("/vault");
    page.wait_for("The vault");

    visit.sign_out();
    page.follow("Sign in");
    visit.sign_in("alice");
    page.wait_for("Enter a code");
    page.click("summary");
    page.type_into("#backup", &backup[0].to_lowercase());
    page.click("details button");
    page.wait_for("Your account");

    visit.open("/");
    page.follow("Two-factor authentication");
    page.wait_for("Two-factor authentication");
    page.click("#section-disable summary");
    page.type_into("#disable", &backup[0]);
    page.click("#section-disable button");
    page.wait_until("the refusal", || page.has("#disable-error"));
    assert_eq!(
        page.focused(),
        "disable",
        "the form is open, and its field has the focus"
    );
    page.type_into("#disable", &backup[1]);
    page.click("#section-disable button");
    page.wait_until("the notice", || page.has(".totp-done"));
    assert_eq!(page.text(".totp-done"), "Two-factor authentication is off.");
    page.reload();
    assert!(!page.has(".totp-done"), "it is told once");
    visit.open("/account");
    page.wait_for("Your account");
    assert_eq!(app.device(), None);
    visit.assert_quiet();
}

#[test]
fn everything_is_done_by_keyboard() {
    let Some(page) = chromium(false) else { return };
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    let visit = Visit::new(&app, &page);
    visit.open("/login?next=/vault");
    page.press(&format!("alice{TAB}correct horse{ENTER}"));
    page.wait_for("Enter a code");
    assert_eq!(page.focused(), "code", "where the code goes");
    page.press(&format!("{}{ENTER}", phone.code()));
    page.wait_for("The vault");

    visit.open("/auth/otp/challenge/?next=/vault");
    // The button, the other way in, its field.
    page.press(&format!("{TAB}{TAB}{ENTER}{TAB}"));
    assert_eq!(page.focused(), "backup");
    page.press(&format!("{}{ENTER}", backup[0]));
    page.wait_for("The vault");

    visit.open("/auth/otp/settings/");
    page.focus("#section-disable summary");
    page.press(&format!("{ENTER}{TAB}"));
    assert_eq!(page.focused(), "disable");
    page.press(&format!("{}{TAB}{ENTER}", backup[1]));
    page.wait_until("the notice", || page.has(".totp-done"));
    assert_eq!(app.device(), None);
    visit.assert_quiet();
}

/// What a phone reads off the screen.
fn read_qr(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let channels = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let grey = |x: usize, y: usize| pixels[(y * width + x) * channels];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code on the page");
    grids[0].decode().unwrap().1
}
