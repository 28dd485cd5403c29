//! The glue between the guard and actix-web.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
};

use super::{RequireTotp, additions::Additions};
use crate::verified::Passed;

impl<S, B> Transform<S, ServiceRequest> for RequireTotp
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Guarded<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Guarded {
            service: Rc::new(service),
            guard: self.clone(),
        }))
    }
}

/// A service behind a guard.
#[derive(Debug)]
pub struct Guarded<S> {
    service: Rc<S>,
    guard: RequireTotp,
}

impl<S, B> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let service = Rc::clone(&self.service);
        let guard = self.guard.clone();
        Box::pin(async move {
            match guard.admit(req.request()).await {
                Ok(admitted) => {
                    let outer = req.extensions_mut().remove::<Passed>();
                    let passed = Passed::new(outer, guard.totp.clone(), admitted.seen);
                    req.extensions_mut().insert(passed);
                    let additions = Additions {
                        guard,
                        setup_required_by: admitted.setup_required_by,
                        sealed: admitted.sealed,
                    };
                    match service.call(req).await {
                        Ok(mut response) => {
                            additions.add_to(response.headers_mut());
                            Ok(response.map_into_left_body())
                        }
                        Err(error) => Err(additions.added_to(error)),
                    }
                }
                Err(error) => {
                    let response = guard.refuse(req.request(), &error);
                    Ok(req.into_response(response).map_into_right_body())
                }
            }
        })
    }
}
