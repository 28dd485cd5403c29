//! The endpoints: what each does, and what it answers in JSON. None touches the store or a session key.

pub(crate) mod authenticators;
pub(crate) mod backup_codes;
pub(crate) mod disable;
pub(crate) mod enrollment;
pub(crate) mod forget_browsers;
pub(crate) mod response;
pub(crate) mod sign_in;
pub(crate) mod status;
pub(crate) mod two_step;
