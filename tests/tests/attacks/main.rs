//! What testers of a second factor try (OWASP WSTG ATHN-11, ASVS 5.0 V6), over a real socket, where no other test has it.
//!
//! | attack | tried in |
//! |---|---|
//! | forced browsing around the challenge | `guard/paths.rs`, and here |
//! | steps skipped, a session from before the factor was turned on | here |
//! | a code of one user in another's session | here |
//! | a code that was used, in the same and in another session | here; at once: `endpoints/races.rs` |
//! | an answer that the client alters | here |
//! | codes guessed by one address and by many | here; the schedule: `actix-totp-core/tests/throttle.rs` |
//! | backup codes guessed | here |
//! | an authenticator of somebody else renamed, removed or replaced, and one of the own without a proof | `endpoints/authenticators/` |
//! | a proof or trusted browser by an authenticator that was removed | `guard/authenticators.rs`, `sessions/trusted_browsers/end.rs` |
//! | an authenticator of the thief's own in a stolen session | `application/changes.rs` |
//! | a form of another site | `endpoints/cross_site.rs` |
//! | `next` to another origin | `pages/addresses.rs` |
//! | a guarded page from a shared cache | `proxy/cache.rs` |
//! | a session id that was planted, or kept after signing out | `sessions/sign_in.rs` |

#[path = "../support/mod.rs"]
mod support;

mod around;
mod guessing;
mod tokens;
