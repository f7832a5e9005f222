use http::{Extensions, Request, Uri, uri::PathAndQuery};

/// The target of a request as it was sent, where a layer has stripped the tenant's prefix from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalUri(pub Uri);

/// Strips the first `bytes` bytes from the path, which are a tenant's prefix and end before a slash or the path's end.
#[inline]
pub(super) fn strip<B>(request: &mut Request<B>, bytes: u16) {
    if bytes == 0 {
        return;
    }
    if let Some(stripped) = stripped(request.uri(), bytes) {
        let original = std::mem::replace(request.uri_mut(), stripped);
        keep(original, request.extensions_mut());
    }
}

/// The path below the prefix, never empty.
#[inline]
pub(crate) fn path_below(path: &str, bytes: u16) -> &str {
    match path.get(usize::from(bytes)..) {
        Some("") | None => "/",
        Some(rest) => rest,
    }
}

fn stripped(uri: &Uri, bytes: u16) -> Option<Uri> {
    let path = path_below(uri.path(), bytes);
    let target: PathAndQuery = match uri.query() {
        Some(query) => format!("{path}?{query}").try_into().ok()?,
        None => path.parse().ok()?,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target);
    Uri::from_parts(parts).ok()
}

fn keep(original: Uri, extensions: &mut Extensions) {
    #[cfg(feature = "axum")]
    crate::axum::keep_original(&original, extensions);
    if extensions.get::<OriginalUri>().is_none() {
        extensions.insert(OriginalUri(original));
    }
}
