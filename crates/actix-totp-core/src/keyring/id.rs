//! The name of a key, which stands in front of every box that it sealed and tells nothing of the key.

use std::fmt;

use super::{FORMAT, HEADER_BYTES, ID_BYTES, KeyRing};

/// The name of a key: 64 bits of a hash of it, shown as 16 hexadecimal digits. It is no secret.
///
/// # Example
///
/// ```
/// use actix_totp_core::KeyRing;
///
/// let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
/// assert_eq!(keys.ids().map(|id| id.to_string().len()).collect::<Vec<_>>(), [16]);
/// # Ok::<(), actix_totp_core::InvalidKeyRing>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; ID_BYTES]);

impl KeyId {
    /// The key that sealed a box, as the box itself says. `None`: its format is unknown.
    pub(crate) fn of_box(sealed: &[u8]) -> Option<Self> {
        let header = sealed.get(..HEADER_BYTES)?;
        let id = header[1..].try_into().ok()?;
        (header[0] == FORMAT).then_some(Self(id))
    }
}

impl KeyRing {
    /// The names of the keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.iter().map(|key| KeyId(key.id))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
