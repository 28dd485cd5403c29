//! Errors as `main` shows them. Whoever returns one from there is shown its `Debug`, which says what `Display` says, and the
//! causes.

use std::{error::Error, fmt};

/// Implements `Debug` for errors. Only for those whose text and causes hold no secret.
macro_rules! debug_with_causes {
    ($($error:ty),+) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::causes::write(self, f)
            }
        }
    )+};
}
pub(crate) use debug_with_causes;

pub(crate) fn write(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut source = error.source();
    while let Some(cause) = source {
        write!(f, ": {cause}")?;
        source = cause.source();
    }
    Ok(())
}
