//! Whatever is sent: nothing panics, and only valid ids come out.

use http::{HeaderValue, Request};
use proptest::prelude::*;
use tenant_core::TenantId;
use tenant_tower::{
    HeaderResolver, HostName, PathResolver, RequestHead, SubdomainResolver, TenantResolver,
    danger::QueryResolver,
};

fn with_header(name: &str, values: &[Vec<u8>]) -> Request<()> {
    let mut request = Request::new(());
    for value in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().append(http::HeaderName::try_from(name).unwrap(), value);
        }
    }
    request
}

proptest! {
    #[test]
    fn headers_give_the_id_they_hold_or_nothing(values in prop::collection::vec(
        prop_oneof![prop::collection::vec(any::<u8>(), 0..80), "[A-Za-z0-9._-]{0,66}".prop_map(String::into_bytes)],
        0..3,
    )) {
        let request = with_header("x-tenant-id", &values);
        let sent: Vec<_> = request.headers().get_all("x-tenant-id").iter().collect();
        let resolution = HeaderResolver::default().resolve(&RequestHead::from(&request));
        match (sent.as_slice(), resolution) {
            ([], Ok(None)) => {}
            ([one], Ok(Some(claim))) => {
                prop_assert_eq!(one.as_bytes(), claim.tenant().as_str().as_bytes());
                prop_assert!(TenantId::parse(claim.tenant().as_str()).is_ok());
            }
            ([one], Err(rejection)) => {
                prop_assert_eq!(rejection.code(), "invalid_tenant_id");
                prop_assert!(one.to_str().map_or(true, |text| TenantId::parse(text).is_err()));
            }
            ([_, _, ..], Err(_)) => {}
            (sent, other) => prop_assert!(false, "{sent:?} gave {other:?}"),
        }
    }

    #[test]
    fn hosts_give_the_label_before_the_base_or_nothing(host in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[A-Za-z0-9._-]{0,70}(\\.example\\.com|\\.EXAMPLE\\.com\\.)?(:[0-9]{0,6})?".prop_map(String::into_bytes),
    ]) {
        let request = with_header("host", std::slice::from_ref(&host));
        let resolver = SubdomainResolver::new(["example.com"]).unwrap();
        if let Ok(Some(claim)) = resolver.resolve(&RequestHead::from(&request)) {
            let tenant = claim.tenant().as_str();
            let lower = String::from_utf8(host).unwrap().to_ascii_lowercase();
            let full = format!("{tenant}.example.com");
            prop_assert!(lower.starts_with(&full));
            prop_assert!(!tenant.contains('.') && tenant != "www");
        }
    }

    #[test]
    fn host_names_have_one_form(text in "\\PC{0,40}|[A-Za-z0-9._\\[\\]:-]{0,260}") {
        if let Ok(host) = HostName::parse(&text) {
            prop_assert_eq!(HostName::parse(host.as_str()), Ok(host));
            prop_assert_eq!(HostName::parse(&text.to_ascii_uppercase()), Ok(host));
            prop_assert!(!host.as_str().contains(|c: char| c.is_ascii_uppercase() || c == '@' || c == '/'));
        }
    }

    #[test]
    fn paths_and_queries_give_valid_ids_or_nothing(path in "(/t)?/[!-~]{0,70}", query in "(tenant=)?[!-~]{0,70}") {
        let Ok(uri) = http::Uri::try_from(format!("{path}?{query}")) else {
            return Ok(());
        };
        let request = Request::builder().uri(uri).body(()).unwrap();
        let head = RequestHead::from(&request);
        let by_path = PathResolver::new("/t/{tenant}").unwrap().resolve(&head);
        if let Ok(Some(claim)) = by_path {
            let prefix = format!("/t/{}", claim.tenant());
            prop_assert!(request.uri().path().starts_with(&prefix));
        }
        if let Ok(Some(claim)) = QueryResolver::new("tenant").resolve(&head) {
            let pair = format!("tenant={}", claim.tenant());
            prop_assert!(request.uri().query().unwrap().contains(&pair));
        }
    }
}
