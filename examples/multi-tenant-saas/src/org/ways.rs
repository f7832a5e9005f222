//! The two ways of a request to an organisation: the operator's and a caller's.

use std::convert::Infallible;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    response::{IntoResponse, Response},
};
use tenant::RejectionKind;
use tower::{Service, ServiceExt};

use crate::{admin::Guard, server::method_not_allowed, state::AppState, unmatched};

#[derive(Clone)]
pub(super) struct Ways {
    guard: Guard,
    callers: Router,
    operated: Router,
}

impl Ways {
    pub(super) fn new(
        guard: Guard,
        callers: Router<AppState>,
        operated: Router<AppState>,
        state: &AppState,
    ) -> Self {
        let ready = |router: Router<AppState>| {
            let router = router.fallback(unmatched).method_not_allowed_fallback(method_not_allowed);
            router.with_state(state.clone())
        };
        Self { guard, callers: ready(callers), operated: ready(operated) }
    }

    pub(super) fn service(
        self,
    ) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
    {
        choose.with_state(self)
    }
}

async fn choose(State(ways): State<Ways>, request: Request) -> Response {
    let way = match ways.guard.token(&request) {
        Some(Ok(())) => ways.operated,
        // It is somebody else's credential, which others look at.
        Some(Err(rejection)) if rejection.kind() != RejectionKind::Unauthenticated => {
            return rejection.into_response();
        }
        Some(Err(_)) | None => ways.callers,
    };
    way.oneshot(request).await.into_response()
}
