//! The opened box of a device: what is in it, and how it is written down before it is sealed.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    backup_code::Digest,
    credential::{Algorithm, Credential, Parameters},
};

/// What is secret in a device.
#[derive(Clone, PartialEq, Eq, Default, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secrets {
    /// The credential that signs in.
    pub(crate) live: Option<Credential>,
    /// The credential that waits for its first code.
    pub(crate) pending: Option<Credential>,
    /// Digests of the backup codes that are still good.
    pub(crate) backup_codes: Vec<Digest>,
}

// Layout: live, pending, number of digests (1 byte), digests of 16 bytes each.
// A credential: length of the secret (1 byte, 0: none), algorithm (1), digits (1), period in seconds (2, big endian), secret.
// The format version stands before the box, in clear: see `keyring`.
impl Secrets {
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let credential_bytes = |credential: &Option<Credential>| {
            let secret = credential.as_ref().map_or(0, |it| it.secret().len());
            if secret == 0 { 1 } else { 5 + secret }
        };
        let length = credential_bytes(&self.live)
            + credential_bytes(&self.pending)
            + 1
            + Digest::BYTES * self.backup_codes.len();
        // Full capacity from the start: a vector that grows would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        for credential in [&self.live, &self.pending] {
            write_credential(&mut bytes, credential.as_ref());
        }
        bytes.push(self.backup_codes.len() as u8);
        for digest in &self.backup_codes {
            bytes.extend_from_slice(&digest.0);
        }
        bytes
    }

    /// `None` if the bytes are not what [`to_bytes`](Self::to_bytes) wrote.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let live = read_credential(&mut bytes)?;
        let pending = read_credential(&mut bytes)?;
        let count = usize::from(*bytes.split_off_first()?);
        let (digests, rest) = bytes.as_chunks::<{ Digest::BYTES }>();
        (digests.len() == count && rest.is_empty()).then(|| Self {
            live,
            pending,
            backup_codes: digests.iter().map(|digest| Digest(*digest)).collect(),
        })
    }
}

fn write_credential(bytes: &mut Vec<u8>, credential: Option<&Credential>) {
    let Some(credential) = credential else {
        bytes.push(0);
        return;
    };
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

fn read_credential(bytes: &mut &[u8]) -> Option<Option<Credential>> {
    let length = usize::from(*bytes.split_off_first()?);
    if length == 0 {
        return Some(None);
    }
    let head = bytes.split_off(..4)?;
    let parameters = Parameters {
        algorithm: match head[0] {
            1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return None,
        },
        digits: head[1],
        period_secs: u16::from_be_bytes([head[2], head[3]]),
    };
    let secret = bytes.split_off(..length)?;
    Credential::new(secret, parameters).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let parameters = Parameters {
            algorithm: Algorithm::Sha512,
            digits: 8,
            period_secs: 300,
        };
        Secrets {
            live: Some(Credential::new(&[1; 20], Parameters::default()).unwrap()),
            pending: Some(Credential::new(&[2; 128], parameters).unwrap()),
            backup_codes: vec![Digest([3; 16]), Digest([4; 16])],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for secrets in [secrets(), Secrets::default()] {
            let bytes = secrets.to_bytes();
            assert_eq!(bytes.len(), bytes.capacity());
            assert!(Secrets::from_bytes(&bytes) == Some(secrets));
        }
    }

    #[test]
    fn no_truncation_is_read() {
        let bytes = secrets().to_bytes();
        for length in 0..bytes.len() {
            assert!(Secrets::from_bytes(&bytes[..length]).is_none());
        }
    }
}
