//! What axe-core does not measure: the borders of fields, buttons and sections, and the focus ring, each of 3:1 to the ground
//! around it (WCAG 2.2 1.4.11).

use serde_json::Value;

use crate::{Chromium, Visit, chromium, support::TestApp};

/// Answers what is seen too badly: of each control its border, or else its own ground, and its focus ring.
const FIND: &str = r#"
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const rgb = color => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = color => {
  const [red, green, blue] = rgb(color).map(it => it / 255).map(it => it <= .04045 ? it / 12.92 : ((it + .055) / 1.055) ** 2.4);
  return .2126 * red + .7152 * green + .0722 * blue;
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + .05) / (dark + .05);
};
const ground = element => {
  for (let at = element.parentElement; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (rgb(color)[3] > 0) return color;
  }
};
const before = document.activeElement;
const found = [];
let measured = 0;
for (const control of document.querySelectorAll("a, button, summary, details, input:not([type=hidden])")) {
  if (!control.checkVisibility()) continue;
  const around = ground(control);
  const look = getComputedStyle(control);
  const has_border = parseFloat(look.borderTopWidth) > 0 && control.type !== "checkbox"; // the browser draws that one
  const judge = (part, color) => {
    measured += 1;
    const ratio = contrast(color, around);
    if (ratio < 3) found.push(`${part} of ${control.outerHTML.slice(0, 60)}: ${ratio.toFixed(2)}`);
  };
  if (has_border) judge("border", look.borderTopColor);
  if (control.tagName === "DETAILS") continue;
  control.focus({ preventScroll: true, focusVisible: true });
  const ring = getComputedStyle(control);
  if (ring.outlineStyle === "none" || parseFloat(ring.outlineWidth) < 2) found.push(`no ring: ${control.outerHTML.slice(0, 60)}`);
  judge("ring", ring.outlineColor);
}
document.activeElement.blur();
before.focus();
return [found, measured];
"#;

#[track_caller]
pub fn assert_parts_are_seen(page: &Chromium, name: &str) {
    let found = page.run(FIND);
    assert_eq!(found[0], Value::Array(Vec::new()), "{name}");
    assert!(found[1].as_u64() >= Some(1), "{name}: nothing was measured");
}

#[test]
fn who_prefers_more_contrast_sees_hints_and_borders_like_text() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    app.enrolled("alice");
    visit.open("/login?next=/auth/otp/challenge/");
    visit.sign_in("alice");
    page.wait_for("Enter a code");
    let colors = "const color = (css, name) => getComputedStyle(document.querySelector(css))[name]; \
                  return [color('.totp-hint', 'color'), color('#code', 'borderTopColor'), color('h1', 'color'), color('#code', 'borderTopWidth')]";
    let usual = page.run(colors);
    assert!(usual[0] != usual[2] && usual[1] != usual[2], "{usual}");
    page.prefer_more_contrast();
    let more = page.run(colors);
    assert!(more[0] == more[2] && more[1] == more[2], "{more}");
    assert_eq!((&usual[3], &more[3]), (&"1px".into(), &"2px".into()));
    assert_parts_are_seen(&page, "challenge with more contrast");
}
