use serde::Deserialize;
use tenant::Rejection;

/// `limit` (1 to 100, 50 by default) and `cursor`, the `next_cursor` of the page before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CursorQuery {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u32>,
}

/// A page behind a cursor, checked.
#[derive(Debug)]
pub(crate) struct CursorPage {
    cursor: Option<String>,
    pub(crate) limit: u32,
}

impl CursorQuery {
    pub(crate) fn page(self) -> Result<CursorPage, Rejection> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=100).contains(&limit) {
            return Err(Rejection::invalid_request("limit must be 1 to 100").with_field("limit"));
        }
        Ok(CursorPage { cursor: self.cursor, limit })
    }
}

impl CursorPage {
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}
