//! The document and the page that shows it.

use std::sync::LazyLock;

use axum::{
    Router,
    body::Bytes,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

use super::document;
use crate::{http::IfNoneMatch, state::AppState};

const PAGE: &str = include_str!("page.html");

/// A file that is the same for everybody: what it is, and its version.
struct File {
    body: Bytes,
    tag: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

static DOCUMENT: LazyLock<File> = LazyLock::new(|| {
    let text = serde_json::to_vec(&document()).unwrap_or_default();
    File::new(text.into(), "application/json", None)
});

static SITE: LazyLock<File> = LazyLock::new(|| {
    File::new(PAGE.as_bytes().into(), "text/html; charset=utf-8", HeaderValue::try_from(policy(PAGE)).ok())
});

pub(crate) fn router() -> Router<AppState> {
    // Put together now, and not while somebody waits.
    LazyLock::force(&DOCUMENT);
    LazyLock::force(&SITE);
    let serve = |file: &'static LazyLock<File>| {
        get(move |condition: IfNoneMatch| async move { file.answer(&condition) })
    };
    Router::new().route("/openapi.json", serve(&DOCUMENT)).route("/docs", serve(&SITE))
}

impl File {
    fn new(body: Bytes, kind: &'static str, policy: Option<HeaderValue>) -> Self {
        let tag = format!("\"{}\"", HEXLOWER.encode(Sha256::digest(&body).get(..16).unwrap_or_default()));
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static(kind)),
            // Asked for again each time, and sent again only where it has changed.
            (CACHE_CONTROL, HeaderValue::from_static("public, no-cache")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        headers.extend(HeaderValue::try_from(&tag).ok().map(|tag| (ETAG, tag)));
        headers.extend(policy.map(|policy| (CONTENT_SECURITY_POLICY, policy)));
        Self { body, tag, headers }
    }

    fn answer(&self, condition: &IfNoneMatch) -> Response {
        let mut response = match condition.has(&self.tag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => self.body.clone().into_response(),
        };
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

/// The page may run its own script, wear its own style and read the document; it loads nothing from elsewhere, and nobody
/// frames it (CSP Level 3, section 2.3.1: sources by hash).
fn policy(page: &str) -> String {
    let hash = |tag: &str| {
        let inside =
            page.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
        format!("'sha256-{}'", BASE64.encode(&Sha256::digest(inside.map_or("", |(inside, _)| inside))))
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hash("script"),
        hash("style"),
    )
}
