//! Where randomness comes from. It is passed in, like the time.

use crate::causes::debug_with_causes;

/// A source of random bytes.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `buffer` with bytes that nobody can predict.
    ///
    /// # Errors
    ///
    /// [`RandomnessError`] if the source cannot deliver; the operation then fails and writes nothing.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError>;
}

debug_with_causes!(RandomnessError);

/// The source could not deliver random bytes.
#[derive(thiserror::Error)]
#[error("no random bytes could be had")]
pub struct RandomnessError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The operating system's generator. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(buffer).map_err(|error| RandomnessError(error.into()))
    }
}

/// Bytes that follow from a seed, so that a test can be run again. Never outside tests.
#[cfg(feature = "test-util")]
#[derive(Debug)]
pub struct SeededRandomness {
    seed: u64,
    drawn: std::sync::atomic::AtomicU64,
}

#[cfg(feature = "test-util")]
impl SeededRandomness {
    /// The same seed gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: 0.into(),
        }
    }
}

#[cfg(feature = "test-util")]
impl Randomness for SeededRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        use sha2::{Digest, Sha256};
        for chunk in buffer.chunks_mut(32) {
            let drawn = self
                .drawn
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let block = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(drawn.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}
