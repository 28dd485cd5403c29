//! What WebDriver itself cannot do, over Chromium's DevTools protocol: colour schemes, pictures, logs and downloads.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use super::Chromium;

impl Chromium {
    /// Where files go that are downloaded.
    pub fn download_into(&self, folder: &Path) {
        let behavior = json!({ "behavior": "allow", "downloadPath": folder });
        self.cdp("Browser.setDownloadBehavior", behavior);
    }

    /// A command of the DevTools protocol.
    pub fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.command(Extension {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        })
    }

    /// What the browser logged since this was asked last: `browser` or `performance`.
    pub fn log(&self, kind: &str) -> Vec<String> {
        let entries = self.command(Extension {
            path: "se/log",
            body: json!({ "type": kind }),
        });
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    fn command(&self, command: Extension) -> Value {
        self.runtime
            .block_on(self.client.issue_cmd(command))
            .unwrap()
    }

    /// How the page looks to somebody with this colour scheme, on a screen of this width.
    pub fn show_as(&self, scheme: &str, width: u32) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
        let metrics =
            json!({ "width": width, "height": 780, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// As somebody sees it who asks the system for more contrast.
    pub fn prefer_more_contrast(&self) {
        let features = json!([{ "name": "prefers-contrast", "value": "more" }]);
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// A picture of the whole page, as PNG.
    pub fn picture(&self) -> Vec<u8> {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.cdp("Page.captureScreenshot", whole);
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// Keeps a picture for people to look at.
    pub fn keep_picture(&self, name: &str) {
        let folder = pictures();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), self.picture()).unwrap();
    }

    /// That the pages since the last call asked this host only, and that the browser had nothing to complain of. A status of
    /// 400 and more is in the log, too: those that the test provokes are named.
    #[track_caller]
    pub fn assert_quiet(&self, host: &str, provoked: &[&str]) {
        let complaints = self.log("browser");
        let complaints: Vec<&String> = complaints
            .iter()
            .filter(|it| !provoked.iter().any(|known| it.contains(known)))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
        let mut own = 0;
        for message in self.log("performance") {
            let message: Value = serde_json::from_str(&message).unwrap();
            if message["message"]["method"] == "Network.requestWillBeSent" {
                let url = message["message"]["params"]["request"]["url"]
                    .as_str()
                    .unwrap();
                let is_own = url.starts_with(&format!("{host}/"));
                assert!(is_own || is_internal(url), "a request to {url}");
                own += u32::from(is_own);
            }
        }
        assert!(own > 0, "the browser logs nothing");
    }
}

/// What no other host is asked for: text in the page itself, and the browser's own first tab.
fn is_internal(url: &str) -> bool {
    ["data:", "chrome://", "chrome-untrusted://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// Where the pictures of the run are: `target/screenshots/`.
fn pictures() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("screenshots")
}

/// A command that WebDriver itself does not have.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base_url.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
