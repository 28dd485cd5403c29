//! A browser without script: opens pages, fills forms, follows redirects.

use super::{Answer, Browser};

pub struct PageClient {
    pub browser: Browser,
    pub language: &'static str,
    /// Where the page is that is shown.
    pub at: String,
}

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

impl PageClient {
    pub fn at(browser: Browser) -> Self {
        Self {
            browser,
            language: "en",
            at: "/".into(),
        }
    }

    /// Opens an address, relative to the page that is shown. Follows nothing.
    pub fn open(&mut self, address: &str) -> Answer {
        self.at = resolve(&self.at, address);
        let at = self.at.clone();
        let headers = [("Accept", HTML), ("Accept-Language", self.language)];
        self.browser.send("GET", &at, &headers, b"")
    }

    /// Sends a form to an address, relative to the page that is shown.
    pub fn submit(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        self.at = resolve(&self.at, address);
        let at = self.at.clone();
        let headers = [
            ("Accept", HTML),
            ("Accept-Language", self.language),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let body = body.join("&");
        self.browser.send("POST", &at, &headers, body.as_bytes())
    }

    /// Follows redirects until a page is shown.
    #[track_caller]
    pub fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..5 {
            if answer.status != 303 {
                return answer;
            }
            let location = answer.header("location").unwrap().to_owned();
            answer = self.open(&location);
        }
        panic!("a circle of redirects: {answer:?}");
    }

    /// Opens an address and follows.
    #[track_caller]
    pub fn visit(&mut self, address: &str) -> String {
        let answer = self.open(address);
        let answer = self.follow(answer);
        assert_eq!(answer.status, 200, "{}: {}", self.at, answer.text());
        answer.text()
    }

    /// Sends a form and follows.
    #[track_caller]
    pub fn send(&mut self, address: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.submit(address, fields);
        let answer = self.follow(answer);
        assert_eq!(answer.status, 200, "{}: {}", self.at, answer.text());
        answer.text()
    }
}

/// Every byte but letters and digits escaped.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// As browsers do it, for what our pages hold: `/path`, `../page/`, `./page/`.
fn resolve(base: &str, address: &str) -> String {
    if address.starts_with('/') {
        return address.to_owned();
    }
    let path = base.split('?').next().unwrap();
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    let mut rest = address;
    loop {
        if let Some(up) = rest.strip_prefix("../") {
            segments.pop();
            rest = up;
        } else if let Some(here) = rest.strip_prefix("./") {
            rest = here;
        } else {
            return format!("{}/{rest}", segments.join("/"));
        }
    }
}

/// The text of the first element that begins like this.
#[track_caller]
pub fn text_of<'a>(html: &'a str, begin: &str) -> &'a str {
    let at = html
        .find(begin)
        .unwrap_or_else(|| panic!("{begin} in {html}"));
    let inner = &html[at..];
    let start = inner.find('>').unwrap() + 1;
    let end = start + inner[start..].find("</").unwrap();
    inner[start..end].trim()
}
