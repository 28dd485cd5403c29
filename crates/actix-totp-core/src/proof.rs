//! The proof that a user has shown the second factor.

use serde::{Deserialize, Serialize};

use crate::{
    device::{Device, UserId},
    random_number::Epoch,
};

/// What a session holds after a good token: that this user proved the second factor under this epoch at this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Who proved it.
    pub user: UserId,
    /// That of the authenticator which proved it at that time; of the device, if it was a backup code.
    pub epoch: Epoch,
    /// When, in seconds since the Unix epoch.
    pub at: u64,
}

impl Proof {
    /// Whether it counts for this device: something is live, and the proof was given under its epoch or that of a live
    /// authenticator. The caller checks how old it is.
    pub(crate) fn counts_for(&self, device: &Device) -> bool {
        device.is_confirmed()
            && self.user == device.user
            && (self.epoch == device.epoch || device.authenticators.position(self.epoch).is_some())
    }
}
