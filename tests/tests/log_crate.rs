//! What an application sees that logs with the `log` crate, as with env_logger, and without a `tracing` subscriber.

mod support;

use std::sync::Mutex;

use support::{CAUSE, TestApp};

struct Captured(Mutex<Vec<(String, String)>>);

impl log::Log for Captured {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = (record.target().to_owned(), record.args().to_string());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

static LOG: Captured = Captured(Mutex::new(Vec::new()));

#[test]
fn it_sees_the_targets_of_the_readme_and_why_the_store_failed() {
    log::set_logger(&LOG).unwrap();
    log::set_max_level(log::LevelFilter::Debug);
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    app.store.fail_from(1);
    alice
        .token("/auth/otp/validate/", &phone.code())
        .problem(503, "store_unavailable");

    let log = LOG.0.lock().unwrap();
    let of = |target: &str| -> Vec<&str> {
        let is_of = |it: &&(String, String)| it.0.split("::").next() == Some(target);
        log.iter().filter(is_of).map(|it| &*it.1).collect()
    };
    let (core, plugin) = (of("actix_totp_core"), of("actix_totp"));
    let failed = |it: &&str| it.contains("StoreFailed") && it.contains(CAUSE);
    assert_eq!(core.iter().filter(|it| failed(it)).count(), 1, "{core:?}");
    assert!(core.iter().any(|it| it.contains("Enrolled")), "{core:?}");
    assert!(plugin.iter().any(|it| it.contains(CAUSE)), "{plugin:?}");
    let totp = |it: &&(String, String)| it.1.contains("Enrolled") || it.1.contains(CAUSE);
    for (target, line) in log.iter().filter(totp) {
        assert!(target.starts_with("actix_totp"), "{target}: {line}");
    }
}
