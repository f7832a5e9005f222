use super::{DdlError, Draft, Step};
use crate::model::{Index, Owned};
pub(super) fn steps(_: Draft<'_>) -> Result<Vec<Step>, DdlError> {
    Ok(Vec::new())
}
pub(crate) fn rebuilt(_: Draft<'_>, _: Owned<'_>) -> Vec<String> {
    Vec::new()
}
pub(crate) fn plain_index(_: Draft<'_>, _: Owned<'_>, _: &[&str]) -> String {
    String::new()
}
pub(crate) fn twin(_: Draft<'_>, _: Owned<'_>, _: &Index) -> Option<String> {
    None
}
