//! A real Chromium, headless, driven over WebDriver.

mod devtools;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// How long a page may take until it is there.
const PATIENCE: Duration = Duration::from_secs(20);

/// One browser with a profile of its own; ended when it is dropped.
pub struct Chromium {
    runtime: Runtime,
    client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// A browser, or `None` on a machine without one, which says so. CI has one.
pub fn chromium(scripts: bool) -> Option<Chromium> {
    let is_there = Command::new("chromedriver")
        .arg("--version")
        .output()
        .is_ok();
    if !is_there {
        assert!(
            std::env::var_os("CI").is_none(),
            "chromedriver is missing: apt-get install chromium chromium-driver"
        );
        // Not `eprintln!`, which nobody sees of a test that passes.
        let notice = "SKIPPED: there is no chromedriver (apt-get install chromium chromium-driver)";
        let _ = writeln!(std::io::stderr(), "{notice}");
        return None;
    }
    Some(Chromium::start(scripts))
}

impl Chromium {
    fn start(scripts: bool) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port: u16 = lines
            .by_ref()
            .find_map(|line| {
                let line = line.unwrap();
                let port = line.split_once("successfully on port ")?.1;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");
        thread::spawn(move || lines.for_each(drop));
        let user_data = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox", // as root there is none
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en-US",
            &user_data,
        ];
        let javascript = if scripts { 1 } else { 2 };
        let capabilities = json!({
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": { "profile.managed_default_content_settings.javascript": javascript },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.as_object().unwrap().clone())
                .connect(&format!("http://127.0.0.1:{port}")),
        );
        let browser = Self {
            runtime,
            client: client.expect("Chromium starts"),
            driver,
            _profile: profile,
        };
        browser.grant_clipboard();
        browser
    }

    fn grant_clipboard(&self) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        self.cdp(
            "Browser.grantPermissions",
            json!({ "permissions": permissions }),
        );
    }

    pub fn open(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap();
    }

    pub fn reload(&self) {
        self.runtime.block_on(self.client.refresh()).unwrap();
    }

    pub fn back(&self) {
        self.runtime.block_on(self.client.back()).unwrap();
    }

    /// Path and query of the page that is shown.
    pub fn path(&self) -> String {
        let url = self.runtime.block_on(self.client.current_url()).unwrap();
        url[url::Position::BeforePath..].to_owned()
    }

    /// The element, as soon as it is there.
    pub fn find(&self, css: &str) -> Element {
        let found = self.runtime.block_on(
            self.client
                .wait()
                .at_most(PATIENCE)
                .for_element(Locator::Css(css)),
        );
        found.unwrap_or_else(|error| panic!("{css}: {error}\n{}", self.html()))
    }

    pub fn has(&self, css: &str) -> bool {
        let found = self
            .runtime
            .block_on(self.client.find_all(Locator::Css(css)));
        !found.unwrap().is_empty()
    }

    pub fn click(&self, css: &str) {
        self.runtime.block_on(self.find(css).click()).unwrap();
    }

    /// Clicks the link with this text.
    pub fn follow(&self, text: &str) {
        let link = self.client.wait().at_most(PATIENCE);
        let found = self
            .runtime
            .block_on(link.for_element(Locator::LinkText(text)));
        let link = found.unwrap_or_else(|error| panic!("{text}: {error}\n{}", self.html()));
        self.runtime.block_on(link.click()).unwrap();
    }

    /// Types into a field, key by key.
    pub fn type_into(&self, css: &str, text: &str) {
        self.runtime
            .block_on(self.find(css).send_keys(text))
            .unwrap();
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub fn press(&self, keys: &str) {
        let actions = keys
            .chars()
            .fold(KeyActions::new("keyboard".into()), |all, key| {
                all.then(KeyAction::Down { value: key })
                    .then(KeyAction::Up { value: key })
            });
        let pressed = self.client.perform_actions(actions);
        self.runtime.block_on(pressed).unwrap();
    }

    /// Gives an element the focus, as tabbing on and on would.
    pub fn focus(&self, css: &str) {
        self.run(&format!("document.querySelector({css:?}).focus()"));
    }

    pub fn text(&self, css: &str) -> String {
        self.runtime.block_on(self.find(css).text()).unwrap()
    }

    pub fn texts(&self, css: &str) -> Vec<String> {
        let found = self
            .runtime
            .block_on(self.client.find_all(Locator::Css(css)));
        let text = |element: Element| self.runtime.block_on(element.text()).unwrap();
        found.unwrap().into_iter().map(text).collect()
    }

    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.runtime.block_on(self.find(css).attr(name)).unwrap()
    }

    pub fn is_shown(&self, css: &str) -> bool {
        self.runtime
            .block_on(self.find(css).is_displayed())
            .unwrap()
    }

    /// The id of the element that has the focus.
    pub fn focused(&self) -> String {
        let focused = self.runtime.block_on(self.client.active_element()).unwrap();
        self.runtime
            .block_on(focused.attr("id"))
            .unwrap()
            .unwrap_or_default()
    }

    pub fn html(&self) -> String {
        self.runtime.block_on(self.client.source()).unwrap()
    }

    /// Waits until this heading is shown.
    #[track_caller]
    pub fn wait_for(&self, heading: &str) {
        self.wait_until(heading, || {
            // The element may be of the page that is just going.
            let heading_now = async {
                let element = self.client.find(Locator::Css("h1")).await.ok()?;
                element.text().await.ok()
            };
            self.runtime.block_on(heading_now).as_deref() == Some(heading)
        });
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(
                Instant::now() < deadline,
                "{what} does not come: {}",
                self.html()
            );
            thread::sleep(Duration::from_millis(20)); // between looks at another process
        }
    }

    pub fn run(&self, script: &str) -> Value {
        self.runtime
            .block_on(self.client.execute(script, Vec::new()))
            .unwrap()
    }

    /// Runs a script that calls its last argument with its result.
    pub fn run_async(&self, script: &str) -> Value {
        self.runtime
            .block_on(self.client.execute_async(script, Vec::new()))
            .unwrap()
    }

    pub fn enter_frame(&self) {
        self.runtime
            .block_on(self.client.clone().enter_frame(0))
            .unwrap();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.client.clone().close());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
