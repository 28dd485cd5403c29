//! What is not secret of live authenticators: which proofs count, and what was accepted last. A sign-in writes nothing else of them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::MOST_AUTHENTICATORS;
use crate::{
    causes::debug_with_causes,
    random::{Randomness, RandomnessError},
    random_number::Epoch,
};

/// The state of one live authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticatorState {
    /// Which of its proofs count.
    pub epoch: Epoch,
    /// The highest step that it was accepted for (RFC 6238's T). `None`: none yet.
    pub last_step: Option<u64>,
    /// When a code of it was last accepted, in seconds since the Unix epoch. `None`: none was yet.
    pub last_used_at: Option<u64>,
}

impl AuthenticatorState {
    /// One that has not been used.
    pub(crate) fn new(random: &dyn Randomness) -> Result<Self, RandomnessError> {
        Ok(Self {
            epoch: Epoch::random(random)?,
            last_step: None,
            last_used_at: None,
        })
    }

    /// Spends a step (RFC 6238 §5.2).
    pub(crate) const fn accept(&mut self, step: u64, now: u64) {
        self.last_step = Some(step);
        self.last_used_at = Some(now);
    }
}

/// The states of all live authenticators of a user, up to 20, in the order in which they are in the sealed box. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<AuthenticatorState>", into = "Vec<AuthenticatorState>")]
pub struct AuthenticatorStates(Arc<[AuthenticatorState]>);

// Layout of one: epoch (8 bytes), which of the two that follow are there (1), last step (8), last used (8); all big endian.
const STATE_BYTES: usize = 25;
const HAS_STEP: u8 = 1;
const WAS_USED: u8 = 2;

impl AuthenticatorStates {
    /// The bytes for a column: 25 for each, so at most 500.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(STATE_BYTES * self.len());
        for state in self.iter() {
            let has_step = if state.last_step.is_some() {
                HAS_STEP
            } else {
                0
            };
            let was_used = if state.last_used_at.is_some() {
                WAS_USED
            } else {
                0
            };
            bytes.extend_from_slice(&state.epoch.to_i64().to_be_bytes());
            bytes.push(has_step | was_used);
            bytes.extend_from_slice(&state.last_step.unwrap_or_default().to_be_bytes());
            bytes.extend_from_slice(&state.last_used_at.unwrap_or_default().to_be_bytes());
        }
        bytes
    }

    /// From the bytes that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    ///
    /// [`InvalidAuthenticatorStates`] if they are no other's, or those of more than 20.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidAuthenticatorStates> {
        let (states, rest) = bytes.as_chunks::<STATE_BYTES>();
        if !rest.is_empty() || states.len() > MOST_AUTHENTICATORS {
            return Err(InvalidAuthenticatorStates);
        }
        let states = states.iter().map(read_state);
        states
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(InvalidAuthenticatorStates)
    }

    /// How many authenticators are live.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is live.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &AuthenticatorState> {
        self.0.iter()
    }

    /// Which of them has this epoch.
    pub(crate) fn position(&self, epoch: Epoch) -> Option<usize> {
        self.iter().position(|state| state.epoch == epoch)
    }

    pub(crate) fn get(&self, at: usize) -> Option<&AuthenticatorState> {
        self.0.get(at)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut AuthenticatorState> {
        Arc::make_mut(&mut self.0).iter_mut()
    }

    pub(crate) fn push(&mut self, state: AuthenticatorState) {
        self.0 = self.0.iter().copied().chain([state]).collect();
    }

    pub(crate) fn remove(&mut self, at: usize) {
        let others = self.0.iter().enumerate().filter(|(n, _)| *n != at);
        self.0 = others.map(|(_, state)| *state).collect();
    }
}

fn read_state(bytes: &[u8; STATE_BYTES]) -> Option<AuthenticatorState> {
    let (epoch, rest) = bytes.split_first_chunk()?;
    let (present, rest) = rest.split_first()?;
    let (last_step, last_used_at) = rest.split_first_chunk()?;
    let number =
        |is_there: u8, bytes: [u8; 8]| match (present & is_there, u64::from_be_bytes(bytes)) {
            (0, 0) => Some(None),
            (0, _) => None,
            (_, number) => Some(Some(number)),
        };
    (present & !(HAS_STEP | WAS_USED) == 0).then_some(())?;
    Some(AuthenticatorState {
        epoch: Epoch::from_i64(i64::from_be_bytes(*epoch)),
        last_step: number(HAS_STEP, *last_step)?,
        last_used_at: number(WAS_USED, last_used_at.try_into().ok()?)?,
    })
}

/// More than 20 are refused.
impl TryFrom<Vec<AuthenticatorState>> for AuthenticatorStates {
    type Error = InvalidAuthenticatorStates;

    fn try_from(states: Vec<AuthenticatorState>) -> Result<Self, InvalidAuthenticatorStates> {
        let is_few = states.len() <= MOST_AUTHENTICATORS;
        is_few
            .then(|| Self(states.into()))
            .ok_or(InvalidAuthenticatorStates)
    }
}

impl From<AuthenticatorStates> for Vec<AuthenticatorState> {
    fn from(states: AuthenticatorStates) -> Self {
        states.0.to_vec()
    }
}

debug_with_causes!(InvalidAuthenticatorStates);

/// The bytes are no states of authenticators.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no states of at most 20 authenticators")]
pub struct InvalidAuthenticatorStates;

#[cfg(test)]
mod tests {
    use super::*;

    fn states(count: usize) -> AuthenticatorStates {
        let ends = [None, Some(0), Some(u64::MAX)];
        let state = |n: usize| AuthenticatorState {
            epoch: Epoch::from_i64(i64::MIN + n as i64),
            last_step: ends[n % 3],
            last_used_at: ends[n / 3 % 3],
        };
        AuthenticatorStates::try_from((0..count).map(state).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_column_holds_up_to_20_and_nothing_else() {
        for count in 0..=20 {
            let states = states(count);
            let bytes = states.to_bytes();
            assert_eq!(bytes.len(), 25 * count);
            assert_eq!(AuthenticatorStates::from_bytes(&bytes), Ok(states.clone()));
            let json = serde_json::to_string(&states).unwrap();
            assert_eq!(
                serde_json::from_str::<AuthenticatorStates>(&json).unwrap(),
                states
            );
        }
        let one = states(1).to_bytes();
        let altered = |at: usize, byte: u8| {
            let mut bytes = one.clone();
            bytes[at] = byte;
            bytes
        };
        for bytes in [
            one[..24].to_vec(),
            one.repeat(21),
            altered(8, 4),  // something is there that is not known
            altered(16, 1), // a step that is not there
            altered(24, 1),
        ] {
            assert_eq!(
                AuthenticatorStates::from_bytes(&bytes),
                Err(InvalidAuthenticatorStates)
            );
        }
        let many = Vec::from(states(20)).repeat(2);
        assert!(AuthenticatorStates::try_from(many.clone()).is_err());
        let json = serde_json::to_string(&many).unwrap();
        assert!(serde_json::from_str::<AuthenticatorStates>(&json).is_err());
    }
}
