use axum::{
    Json,
    http::{HeaderValue, header::LINK},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::Rejection;
use utoipa::IntoParams;

/// `limit` (1 to 100, 50 by default) and `offset`.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: u32,
    #[serde(default)]
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_u64, default = 0)]
    offset: u64,
}

const fn default_limit() -> u32 {
    50
}

impl PageQuery {
    /// The page, checked.
    pub(crate) fn page(self) -> Result<tenant::Page, Rejection> {
        if !(1..=100).contains(&self.limit) {
            return Err(Rejection::invalid_request("limit must be 1 to 100").with_field("limit"));
        }
        if i64::try_from(self.offset).is_err() {
            return Err(Rejection::invalid_request("offset is too large").with_field("offset"));
        }
        Ok(tenant::Page { limit: self.limit, offset: self.offset })
    }
}

/// A page of a list as a JSON array, with the total and links to its neighbours (RFC 8288) in the header.
pub(crate) struct Paged<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: u64,
    pub(crate) page: tenant::Page,
    pub(crate) path: &'static str,
}

impl<T> Paged<T> {
    fn links(&self) -> Option<HeaderValue> {
        let Self { total, page: tenant::Page { limit, offset }, path, .. } = self;
        let step = u64::from(*limit);
        let link = |offset: u64, rel: &str| format!("<{path}?limit={limit}&offset={offset}>; rel=\"{rel}\"");
        let next = offset.checked_add(step).filter(|next| next < total).map(|next| link(next, "next"));
        let previous = (*offset > 0).then(|| link(offset.saturating_sub(step), "prev"));
        let links: Vec<String> = previous.into_iter().chain(next).collect();
        HeaderValue::from_str(&links.join(", ")).ok().filter(|_| !links.is_empty())
    }
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let (total, links) = (HeaderValue::from(self.total), self.links());
        let mut response = Json(self.items).into_response();
        response.headers_mut().insert("x-total-count", total);
        if let Some(links) = links {
            response.headers_mut().insert(LINK, links);
        }
        response
    }
}
