//! The end-to-end tests of actix-totp are in `tests/`: over real sockets, with real cookies, in real processes. Everything
//! that they need is a dev-dependency, so that the workspace can be packaged.

// Outside of any package, so read by doc tests only.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sign-in.md")]
mod sign_in {}
