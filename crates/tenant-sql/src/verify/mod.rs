use crate::catalog::Catalog;
use crate::refusal::Refusal;
pub(crate) fn verify(_printed: &str, _catalog: &Catalog, _marker: &str) -> Result<(), Refusal> { Ok(()) }
