//! Where QR codes are drawn: beside the workers of the application, which answer others meanwhile, and few at a time, so that
//! whoever asks for many has not every core.

use actix_totp_core::Enrollment;
use actix_web::web;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::problem::Problem;

/// So many at a time: each takes about a millisecond.
const AT_A_TIME: usize = 2;

/// Those who wait come one after the other.
pub(crate) struct Drawing(Semaphore);

impl Default for Drawing {
    fn default() -> Self {
        Self(Semaphore::new(AT_A_TIME))
    }
}

impl Drawing {
    /// The QR code of a new secret.
    pub(crate) async fn draw(
        &self,
        enrollment: Enrollment,
    ) -> Result<(Enrollment, Zeroizing<String>), Problem> {
        let _permit = self.0.acquire().await; // it is never closed
        let drawn = web::block(move || {
            let qr_svg = enrollment.qr_svg();
            (enrollment, qr_svg)
        });
        drawn.await.map_err(|error| {
            tracing::error!(%error, "no QR code can be drawn");
            Problem::unavailable()
        })
    }
}
