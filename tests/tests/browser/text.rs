//! Text as people set it who see little: twice as large, and spaced wider (WCAG 2.2, 1.4.4 and 1.4.12).

use serde_json::Value;

use crate::{
    Chromium, Visit,
    authenticators::{add, ask},
    chromium,
    support::TestApp,
};

/// What no longer fits: elements that are cut off, and a page that scrolls sideways. A field scrolls what is typed into it at any size.
const LOST: &str = "
    const lost = [...document.querySelectorAll('body :not(input)')].filter(element => {
        const hides = getComputedStyle(element).overflowX !== 'visible' || getComputedStyle(element).overflowY !== 'visible';
        return hides && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1);
    }).map(element => element.outerHTML);
    if (document.documentElement.scrollWidth > innerWidth) lost.push('the page');
    return lost;";

const SPACED: &str = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } \
                      p { margin-bottom: 2em !important }";
const DOUBLED: &str = "html { font-size: 200% !important }";

/// Through the style that is there, since the policy of the pages takes no other.
fn set(page: &Chromium, rules: &str) {
    let insert = "for (const rule of arguments[0].split(/(?<=})/)) \
                  if (rule.trim()) document.styleSheets[0].insertRule(rule, document.styleSheets[0].cssRules.length);";
    page.run(&format!("(function () {{ {insert} }})({rules:?})"));
}

#[test]
fn text_can_be_doubled_in_size_and_spaced_wider_without_loss() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let (mut browser, phone, _) = app.enrolled("alice");
    add(&app, &mut browser, &phone, &"Key ".repeat(16));
    let visit = Visit::new(&app, &page);
    ask(&visit);
    page.type_into("#code", &phone.code());
    page.wait_for("Two-factor authentication");
    for path in ["/auth/otp/settings/", "/auth/otp/challenge/"] {
        for (rules, width) in [(SPACED, 320), (DOUBLED, 640)] {
            page.show_as("light", width);
            visit.open(path);
            page.run("for (const it of document.querySelectorAll('details')) it.open = true");
            let before = page
                .run("return document.querySelector('main').offsetHeight")
                .as_u64();
            set(&page, rules);
            let after = page
                .run("return document.querySelector('main').offsetHeight")
                .as_u64();
            assert!(
                after > before,
                "{path} at {width}: the text has not changed"
            );
            let lost = page.run(LOST);
            assert_eq!(lost, Value::Array(Vec::new()), "{path} at {width}");
        }
    }
}
