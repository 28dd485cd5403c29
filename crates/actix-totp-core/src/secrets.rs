//! The opened box of a device: what is in it, and how it is written down before it is sealed.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName},
    backup_code::Digest,
    credential::{Algorithm, Credential, Parameters},
};

/// What is secret in a device.
#[derive(Clone, PartialEq, Eq, Default, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secrets {
    /// The authenticators that sign in, each at the place of its state in the device.
    pub(crate) live: Vec<Live>,
    /// The credential that waits for its first code.
    pub(crate) pending: Option<Pending>,
    /// Digests of the backup codes that are still good.
    pub(crate) backup_codes: Vec<Digest>,
}

/// An authenticator that signs in.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Live {
    #[zeroize(skip)]
    pub(crate) id: AuthenticatorId,
    #[zeroize(skip)]
    pub(crate) name: AuthenticatorName,
    #[zeroize(skip)]
    pub(crate) created_at: u64,
    pub(crate) credential: Credential,
}

/// A credential that waits for its first code.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Pending {
    #[zeroize(skip)]
    pub(crate) place: Place,
    /// `None`: that of the one whose place it takes, or the default.
    #[zeroize(skip)]
    pub(crate) name: Option<AuthenticatorName>,
    pub(crate) credential: Credential,
}

/// Where a credential goes when it is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the only one: the first, or in place of the only one, with new backup codes, and every proof ends.
    Only,
    /// Beside those that are live.
    Further,
    /// That of one which is live, whose proofs end.
    Of(AuthenticatorId),
}

// Layout: number of live ones (1 byte), each of them, pending, number of digests (1), digests of 16 bytes each.
// A live one: id (8), created at (8), name, credential.
// Pending: place (1; 0: nothing is pending, and no more follows), id (8) for a place of another, name, credential.
// A name: its length in bytes (2; 0: none), text. A credential: length of the secret (1), algorithm (1), digits (1), period in
// seconds (2), secret. Numbers are big endian. The format version stands before the box, in clear: see `keyring`.
const CREDENTIAL_HEAD: usize = 5;

impl Secrets {
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Full capacity from the start: a vector that grows would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.length()));
        bytes.push(self.live.len() as u8);
        for live in &self.live {
            bytes.extend_from_slice(&live.id.to_bytes());
            bytes.extend_from_slice(&live.created_at.to_be_bytes());
            write_name(&mut bytes, Some(&live.name));
            write_credential(&mut bytes, &live.credential);
        }
        match &self.pending {
            None => bytes.push(0),
            Some(pending) => {
                match pending.place {
                    Place::Only => bytes.push(1),
                    Place::Further => bytes.push(2),
                    Place::Of(id) => {
                        bytes.push(3);
                        bytes.extend_from_slice(&id.to_bytes());
                    }
                }
                write_name(&mut bytes, pending.name.as_ref());
                write_credential(&mut bytes, &pending.credential);
            }
        }
        bytes.push(self.backup_codes.len() as u8);
        for digest in &self.backup_codes {
            bytes.extend_from_slice(&digest.0);
        }
        bytes
    }

    fn length(&self) -> usize {
        let name = |name: Option<&AuthenticatorName>| 2 + name.map_or(0, |it| it.as_str().len());
        let credential = |it: &Credential| CREDENTIAL_HEAD + it.secret().len();
        let live = self.live.iter();
        let live = live.map(|it| 16 + name(Some(&it.name)) + credential(&it.credential));
        let pending = self.pending.as_ref().map_or(0, |it| {
            let of = if matches!(it.place, Place::Of(_)) {
                8
            } else {
                0
            };
            of + name(it.name.as_ref()) + credential(&it.credential)
        });
        3 + live.sum::<usize>() + pending + Digest::BYTES * self.backup_codes.len()
    }

    /// `None` if the bytes are not what [`to_bytes`](Self::to_bytes) wrote.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let live = (0..*bytes.split_off_first()?).map(|_| read_live(bytes));
        let live = live.collect::<Option<_>>()?;
        let place = *bytes.split_off_first()?;
        let pending = if place == 0 {
            None
        } else {
            Some(read_pending(place, bytes)?)
        };
        let count = usize::from(*bytes.split_off_first()?);
        let (digests, rest) = bytes.as_chunks::<{ Digest::BYTES }>();
        (digests.len() == count && rest.is_empty()).then(|| Self {
            live,
            pending,
            backup_codes: digests.iter().map(|digest| Digest(*digest)).collect(),
        })
    }
}

fn read_live(bytes: &mut &[u8]) -> Option<Live> {
    Some(Live {
        id: AuthenticatorId::from_bytes(read_array(bytes)?),
        created_at: u64::from_be_bytes(read_array(bytes)?),
        name: read_name(bytes)??,
        credential: read_credential(bytes)?,
    })
}

fn read_pending(place: u8, bytes: &mut &[u8]) -> Option<Pending> {
    Some(Pending {
        place: match place {
            1 => Place::Only,
            2 => Place::Further,
            3 => Place::Of(AuthenticatorId::from_bytes(read_array(bytes)?)),
            _ => return None,
        },
        name: read_name(bytes)?,
        credential: read_credential(bytes)?,
    })
}

fn read_array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    bytes.split_off(..N)?.try_into().ok()
}

fn write_name(bytes: &mut Vec<u8>, name: Option<&AuthenticatorName>) {
    let name = name.map_or("", AuthenticatorName::as_str);
    bytes.extend_from_slice(&(name.len() as u16).to_be_bytes());
    bytes.extend_from_slice(name.as_bytes());
}

fn read_name(bytes: &mut &[u8]) -> Option<Option<AuthenticatorName>> {
    let length = u16::from_be_bytes(read_array(bytes)?);
    if length == 0 {
        return Some(None);
    }
    let text = std::str::from_utf8(bytes.split_off(..length.into())?).ok()?;
    let name = AuthenticatorName::new(text).ok()?;
    (name.as_str() == text).then_some(Some(name))
}

fn write_credential(bytes: &mut Vec<u8>, credential: &Credential) {
    let Parameters {
        algorithm,
        digits,
        period_secs,
    } = credential.parameters();
    let algorithm = match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    };
    bytes.push(credential.secret().len() as u8);
    bytes.extend_from_slice(&[algorithm, digits]);
    bytes.extend_from_slice(&period_secs.to_be_bytes());
    bytes.extend_from_slice(credential.secret());
}

fn read_credential(bytes: &mut &[u8]) -> Option<Credential> {
    let head: [u8; CREDENTIAL_HEAD] = read_array(bytes)?;
    let parameters = Parameters {
        algorithm: match head[1] {
            1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return None,
        },
        digits: head[2],
        period_secs: u16::from_be_bytes([head[3], head[4]]),
    };
    let secret = bytes.split_off(..head[0].into())?;
    Credential::new(secret, parameters).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AuthenticatorName {
        AuthenticatorName::new(text).unwrap()
    }

    fn secrets(place: Place, pending_name: Option<AuthenticatorName>) -> Secrets {
        let parameters = Parameters {
            algorithm: Algorithm::Sha512,
            digits: 8,
            period_secs: 300,
        };
        let live = |id: u8, name, credential| Live {
            id: AuthenticatorId::from_bytes([id; 8]),
            name,
            created_at: u64::MAX - u64::from(id),
            credential,
        };
        let sha1 = Credential::new(&[1; 20], Parameters::default()).unwrap();
        let sha512 = Credential::new(&[2; 128], parameters).unwrap();
        Secrets {
            live: vec![
                live(7, AuthenticatorName::default(), sha1),
                live(8, name(&"🔑".repeat(64)), sha512.clone()),
            ],
            pending: Some(Pending {
                place,
                name: pending_name,
                credential: sha512,
            }),
            backup_codes: vec![Digest([3; 16]), Digest([4; 16])],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let id = AuthenticatorId::from_bytes([7; 8]);
        for secrets in [
            secrets(Place::Only, None),
            secrets(Place::Further, Some(name("work"))),
            secrets(Place::Of(id), Some(name("work"))),
            Secrets::default(),
        ] {
            let bytes = secrets.to_bytes();
            assert_eq!(bytes.len(), bytes.capacity());
            assert!(Secrets::from_bytes(&bytes) == Some(secrets));
        }
    }

    #[test]
    fn no_truncation_is_read() {
        let id = AuthenticatorId::from_bytes([7; 8]);
        let bytes = secrets(Place::Of(id), Some(name("work"))).to_bytes();
        for length in 0..bytes.len() {
            assert!(Secrets::from_bytes(&bytes[..length]).is_none());
        }
    }
}
