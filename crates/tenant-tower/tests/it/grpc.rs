//! gRPC callers get the equal status, as headers without a body.

use tower::Layer;

use crate::support::{EchoService, get, layer, send};

#[tokio::test]
async fn rejections_become_the_equal_grpc_status() {
    let service = layer().layer(EchoService);
    for (headers, status, code) in [
        ([("x-other", "x"), ("x-y", "z")], "16", "tenant_required"),
        ([("x-tenant-id", "a,b"), ("x-y", "z")], "3", "invalid_tenant_id"),
        ([("x-tenant-id", "initech"), ("x-y", "z")], "5", "tenant_not_found"),
        ([("x-tenant-id", "paused"), ("x-y", "z")], "7", "tenant_inactive"),
        ([("x-tenant-id", "picky"), ("x-model", "large")], "7", "policy_denied"),
        ([("x-tenant-id", "limited"), ("x-token-count", "101")], "8", "quota_exceeded"),
    ] {
        let headers: Vec<_> =
            [("content-type", "application/grpc+proto")].into_iter().chain(headers).collect();
        let answer = send(&service, get("/", &headers)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{code}");
        assert_eq!(answer.header("content-type"), Some("application/grpc"));
        assert_eq!(answer.header("grpc-status"), Some(status), "{code}");
        assert!(answer.header("grpc-message").unwrap().starts_with(code));
    }
}

#[test]
fn every_kind_has_an_equal_status() {
    use tenant_tower::RejectionKind as Kind;
    for (kind, grpc) in [
        (Kind::TenantRequired, 16),
        (Kind::Unauthenticated, 16),
        (Kind::TenantMismatch, 7),
        (Kind::NotFound, 5),
        (Kind::Gone, 5),
        (Kind::InvalidRequest, 3),
        (Kind::QuotaExceeded, 8),
        (Kind::BodyTooLarge, 8),
        (Kind::StoreUnavailable, 14),
        (Kind::Conflict, 6),
        (Kind::MisdirectedRequest, 9),
        (Kind::PreconditionFailed, 9),
        (Kind::Internal, 13),
    ] {
        assert_eq!(kind.grpc_status(), grpc, "{kind:?}");
    }
}
