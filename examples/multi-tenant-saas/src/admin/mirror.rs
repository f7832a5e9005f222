//! The same routes under `/api/v1`: what is about tenants.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::request::Parts,
};

/// Where the mirror stands.
pub(crate) const PREFIX: &str = "/api/v1";

/// Whether a route of the operator is mirrored.
pub(crate) fn is_mirrored(path: &str) -> bool {
    path.strip_prefix("/admin/tenants").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The route that a path of the mirror stands for; any other path is itself.
pub(crate) fn original(path: &str) -> &str {
    path.strip_prefix(PREFIX).filter(|path| path.starts_with("/admin/")).unwrap_or(path)
}

/// Under which of both a route was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Plain,
    Mirror,
}

impl Surface {
    /// A path of the operator as it is on this side.
    pub(super) fn path(self, path: &str) -> String {
        match self {
            Self::Plain => path.to_owned(),
            Self::Mirror => format!("{PREFIX}{path}"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Surface {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        Ok(if original(path) == path { Self::Plain } else { Self::Mirror })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_tenants_is_mirrored_and_nothing_else() {
        for (path, mirrored) in [
            ("/admin/tenants", true),
            ("/admin/tenants/{id}", true),
            ("/admin/tenantsx", false),
            ("/admin/audit", false),
            ("/metrics", false),
        ] {
            assert_eq!(is_mirrored(path), mirrored, "{path}");
        }
        assert_eq!(original("/api/v1/admin/tenants"), "/admin/tenants");
        assert_eq!(original("/api/v1/adminx"), "/api/v1/adminx");
        assert_eq!(original("/api/users"), "/api/users");
    }
}
