//! Settings that cannot work.

use actix_totp::{MemoryStore, Totp, TotpBuilder};

use crate::support::keys;

#[test]
fn bad_settings_are_refused_when_it_is_built() {
    use std::time::Duration;
    let refuses = |set: fn(TotpBuilder) -> TotpBuilder| {
        set(Totp::builder(MemoryStore::new(), keys()))
            .build()
            .is_err()
    };
    assert!(refuses(
        |it| it.trusted_origins(["https://app.example.com/"])
    ));
    assert!(refuses(|it| it.trusted_origins(["*"])));
    assert!(refuses(|it| it.trusted_origins(["null"])));
    assert!(refuses(|it| it.max_age(Duration::from_secs(59))));
    assert!(refuses(|it| it.max_age(Duration::from_secs(91 * 86_400))));
    for path in [
        "code",
        "//evil.example",
        "/a?b",
        "/a#b",
        "/a b",
        "https://evil.example",
        "/\\evil.example",
        "",
    ] {
        let builder = Totp::builder(MemoryStore::new(), keys()).redirect_browsers(path, "/setup");
        assert!(builder.build().is_err(), "{path}");
    }
    assert!(refuses(|it| it.issuer("a:b")));
    assert!(refuses(|it| it.window(2)));
    assert!(!refuses(|it| it
        .window(0)
        .trusted_origins(["http://localhost:5173"])));
}
