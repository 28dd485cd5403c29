//! Who acts, for the events of what is done.

use std::env;

/// The login name, as the environment says it: behind `sudo` the name of who called it.
pub(crate) fn login_name() -> String {
    let names = ["SUDO_USER", "LOGNAME", "USER", "USERNAME"];
    let set = names.iter().filter_map(|name| env::var(name).ok());
    set.into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}
