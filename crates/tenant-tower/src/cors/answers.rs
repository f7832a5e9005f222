//! What answers say to browsers.

use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
    },
};

const ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// The fields that say what a page may, each rendered once.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    methods: HeaderValue,
    headers: HeaderValue,
    exposed: HeaderValue,
    max_age: HeaderValue,
}

/// Nobody but this layer says any of these.
const ALL: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

impl Default for Answers {
    fn default() -> Self {
        Self {
            methods: HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
            headers: HeaderValue::from_static(
                "authorization, content-type, idempotency-key, if-match, traceparent, x-api-key, x-csrf-token, \
                 x-model, x-project-id, x-tenant-id, x-token-count, x-tool",
            ),
            exposed: HeaderValue::from_static(
                "etag, link, location, ratelimit, ratelimit-policy, retry-after, x-total-count",
            ),
            max_age: HeaderValue::from_static("60"),
        }
    }
}

impl Answers {
    pub(super) fn set_methods(&mut self, methods: impl IntoIterator<Item = Method>) {
        self.methods = list(methods.into_iter().map(|method| method.as_str().to_owned()));
    }

    pub(super) fn set_headers(&mut self, names: impl IntoIterator<Item = HeaderName>) {
        self.headers = list(names.into_iter().map(|name| name.as_str().to_owned()));
    }

    pub(super) fn set_exposed(&mut self, names: impl IntoIterator<Item = HeaderName>) {
        self.exposed = list(names.into_iter().map(|name| name.as_str().to_owned()));
    }

    pub(super) fn set_max_age(&mut self, age: Duration) {
        self.max_age = HeaderValue::from(age.as_secs());
    }

    /// To a preflight; `allowed` is its origin where that is allowed.
    pub(super) fn to_preflight(&self, headers: &mut HeaderMap, allowed: Option<&HeaderValue>) {
        self.name(headers, allowed);
        if allowed.is_some() {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone());
            headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        }
    }

    /// To anything else: what the inner service says of origins does not count.
    pub(super) fn to_request(&self, headers: &mut HeaderMap, allowed: Option<&HeaderValue>) {
        for name in &ALL {
            headers.remove(name);
        }
        self.name(headers, allowed);
        if allowed.is_some() {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed.clone());
        }
    }

    /// Names the origin itself: `*` would not do for requests with credentials
    /// (<https://fetch.spec.whatwg.org/#cors-protocol-and-credentials>). A cache keeps one answer for each origin, and one for none
    /// (<https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches>).
    fn name(&self, headers: &mut HeaderMap, allowed: Option<&HeaderValue>) {
        headers.append(VARY, ORIGIN);
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
    }
}

fn list(names: impl Iterator<Item = String>) -> HeaderValue {
    let names: Vec<_> = names.collect();
    // Methods and names are tokens: nothing else can be in it.
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}
