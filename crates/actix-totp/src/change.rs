//! What the application is asked about before it is changed.

/// What a request is about to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// `generate/`: a new secret.
    Generate,
    /// `disable/`: the second factor off.
    Disable,
    /// `backup-codes/`: new backup codes.
    BackupCodes,
}
