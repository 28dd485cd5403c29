//! What the application is asked about before it is changed.

/// What a request is about to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// `generate/`: a new secret, whether for the first authenticator, a further one or in the place of another.
    Generate,
    /// `disable/`: the second factor off.
    Disable,
    /// `backup-codes/`: new backup codes.
    BackupCodes,
    /// `authenticators/{id}/rename/`: another name for an authenticator.
    RenameAuthenticator,
    /// `authenticators/{id}/remove/`: one authenticator of several away.
    RemoveAuthenticator,
}
