//! What events say of the request they are about.

use std::sync::Arc;

use actix_totp_core::EventContext;
use actix_web::{HttpRequest, http::header};

type Describe = dyn Fn(&HttpRequest) -> EventContext + Send + Sync;

/// The application's function, or what is done without one: the peer's address as actix-web has it, never that of a
/// `Forwarded` header, which anybody may send, and the `User-Agent`.
#[derive(Clone, Default)]
pub(crate) struct RequestContext(Option<Arc<Describe>>);

impl RequestContext {
    pub(crate) fn new(
        describe: impl Fn(&HttpRequest) -> EventContext + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(describe)))
    }

    pub(crate) fn of(&self, req: &HttpRequest) -> EventContext {
        if let Some(describe) = &self.0 {
            return describe(req);
        }
        let mut context = EventContext::new();
        if let Some(peer) = req.peer_addr() {
            context = context.peer(peer.ip());
        }
        let user_agent = req.headers().get(header::USER_AGENT);
        if let Some(user_agent) = user_agent {
            context = context.user_agent(&String::from_utf8_lossy(user_agent.as_bytes()));
        }
        context
    }
}

impl std::fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestContext(..)")
    }
}
