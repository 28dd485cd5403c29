//! How a page is sent.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use crate::answer_headers::protect;

/// Nothing inline, nothing from another host, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// `report_to`: where browsers report what the policy stops.
pub(super) fn html(status: StatusCode, document: String, report_to: Option<&str>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    protect(&mut response)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_FRAME_OPTIONS, "DENY")) // for browsers that do not know frame-ancestors
        // Not `no-referrer`: a form would then be sent with `Origin: null`, which is refused.
        .insert_header((header::REFERRER_POLICY, "same-origin"));
    if let Some(address) = report_to {
        // Browsers that know `report-to` pass over `report-uri`; the others know only that.
        let policy = format!("{POLICY}; report-uri {address}; report-to totp");
        response
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .insert_header(("Reporting-Endpoints", format!("totp=\"{address}\"")));
    }
    response.body(document)
}

/// Whether an address can stand in both headers as it is: without what separates or quotes there.
pub(super) fn can_be_reported_to(address: &str) -> bool {
    address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"\\;,".contains(&byte))
}
