//! The end-to-end tests of actix-totp are in `tests/`: over real sockets, with real cookies, in real processes. Everything
//! that they need is a dev-dependency, so that the workspace can be packaged.

/// The code of the page on policies compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/policies.md")]
struct Policies;
