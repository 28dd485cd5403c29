// Convenience only: every page works without this script, too.
"use strict";

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;

// A code is sent after its last digit, in the digits of any script. What is between them is ignored, as by the server.
for (const field of document.querySelectorAll("input[data-digits]")) {
  field.addEventListener("input", () => {
    const typed = field.value.replace(/[\s\p{Cf}\p{Pd}\u2212\u30FC\uFF70]/gu, "");
    if (/^\p{Nd}+$/u.test(typed) && [...typed].length === Number(field.dataset.digits)) field.form.requestSubmit();
  });
}

// A form is sent once: a second copy would be refused, since its code is used already.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000); // the answer may have been stopped
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form")) delete form.dataset.sent;
});

// Browsers may keep even a no-store page for their back button: it is emptied before that.
for (const element of document.querySelectorAll("[data-once]")) {
  addEventListener("pagehide", () => element.replaceChildren());
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.replace(element.dataset.once);
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) button.hidden = true; // over plain HTTP
  button.addEventListener("click", async () => {
    const items = document.getElementById(button.dataset.copy);
    const lines = items.children.length ? [...items.children].map((item) => item.textContent.trim()) : [items.textContent.replace(/\s/g, "")];
    await navigator.clipboard.writeText(lines.join("\n"));
    button.textContent = button.dataset.copied;
  });
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());

// The time in the text is counted down.
for (const element of document.querySelectorAll("[data-countdown]")) {
  const end = Date.now() + Number(element.dataset.countdown) * 1000;
  const over = element.parentElement.querySelector("[data-over]"); // for screen readers: said once, not every second
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    element.textContent = element.textContent.replace(/\d+:\d\d/, `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    if (left === 0) {
      clearInterval(timer);
      element.hidden = true;
      if (over) over.textContent = over.dataset.over;
    }
  }, 1000);
}

for (const time of document.querySelectorAll("time")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) time.textContent = at.toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
}
