//! The end-to-end tests of actix-totp are in `tests/`: over real sockets, with real cookies, in real processes. Everything
//! that they need is a dev-dependency, so that the workspace can be packaged.

/// The code of the pages in `docs/` compiles.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/security/application.md")]
    mod application {}
    #[doc = include_str!("../../docs/security/keys.md")]
    mod keys {}
    #[doc = include_str!("../../docs/policies.md")]
    mod policies {}
    #[doc = include_str!("../../docs/recipes.md")]
    mod recipes {}
    #[doc = include_str!("../../docs/sign-in.md")]
    mod sign_in {}
}
