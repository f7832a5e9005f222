use std::{fmt::Write as _, ops::Range, sync::Arc};

use serde::Serialize;
use tenant_core::{
    StoreError, TenantId, Timestamp,
    usage::{Measure, Metadata, UsageKind, UsageRecord, UsageStore},
};

/// How records are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// RFC 4180 with a header. A field that a spreadsheet would reckon with has an apostrophe before it.
    Csv,
    /// An object of JSON on each line.
    JsonLines,
}

/// One tenant's records of a time, written out a page at a time.
///
/// # Example
/// ```
/// use tenant_control::UsageExport;
/// use tenant_core::StoreError;
///
/// async fn whole(mut export: UsageExport) -> Result<String, StoreError> {
///     let mut text = String::new();
///     while let Some(page) = export.next_page().await? {
///         text.push_str(&page);
///     }
///     Ok(text)
/// }
/// ```
pub struct UsageExport {
    store: Arc<dyn UsageStore>,
    tenant: TenantId,
    times: Range<Timestamp>,
    format: ExportFormat,
    state: State,
}

enum State {
    Begins,
    Behind(Timestamp, Box<str>),
    Over,
}

const PAGE: u32 = 500;
const HEADER: &str = "id,time,project,type,measure,quantity,idempotency_key,metadata\r\n";

impl UsageExport {
    /// Of the records that are still kept of this time.
    #[must_use]
    pub const fn new(
        store: Arc<dyn UsageStore>,
        tenant: TenantId,
        times: Range<Timestamp>,
        format: ExportFormat,
    ) -> Self {
        Self { store, tenant, times, format, state: State::Begins }
    }

    /// What comes next; `None` when that was all.
    ///
    /// # Errors
    /// The store failed: it may be asked again.
    pub async fn next_page(&mut self) -> Result<Option<String>, StoreError> {
        let after = match &self.state {
            State::Begins => None,
            State::Behind(time, id) => Some((*time, &**id)),
            State::Over => return Ok(None),
        };
        let mut text = match (after, self.format) {
            (None, ExportFormat::Csv) => HEADER.to_owned(),
            (None, ExportFormat::JsonLines) | (Some(_), _) => String::new(),
        };
        let records = self.store.records(&self.tenant, self.times.clone(), after, PAGE).await?;
        for record in &records {
            write(&mut text, record, self.format)?;
        }
        self.state = match records.last() {
            Some(last) if records.len() == PAGE as usize => State::Behind(last.time, last.record_id.clone()),
            Some(_) | None => State::Over,
        };
        Ok((!text.is_empty()).then_some(text))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    time: Timestamp,
    project: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a UsageKind,
    measure: Measure,
    quantity: u64,
    idempotency_key: Option<&'a str>,
    metadata: &'a Metadata,
}

fn write(text: &mut String, record: &UsageRecord, format: ExportFormat) -> Result<(), StoreError> {
    let UsageRecord {
        record_id,
        tenant: _,
        project,
        kind,
        measure,
        quantity,
        time,
        metadata,
        idempotency_key,
    } = record;
    let (project, key) = (project.as_deref(), idempotency_key.as_deref());
    match format {
        ExportFormat::Csv => {
            let metadata = record.metadata_text();
            let time = time.to_string();
            let before = [&**record_id, &time, project.unwrap_or(""), kind.as_str(), measure.as_str()];
            for field in before {
                let _ = write!(text, "{},", csv_field(field));
            }
            let _ = write!(text, "{quantity},{},{}\r\n", csv_field(key.unwrap_or("")), csv_field(&metadata));
        }
        ExportFormat::JsonLines => {
            let line = Line {
                id: record_id,
                time: *time,
                project,
                kind,
                measure: *measure,
                quantity: *quantity,
                idempotency_key: key,
                metadata,
            };
            text.push_str(&serde_json::to_string(&line).map_err(StoreError::unavailable)?);
            text.push('\n');
        }
    }
    Ok(())
}

/// A text as a field of RFC 4180. A spreadsheet takes one that begins as a formula for one
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub(crate) fn csv_field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let apostrophe = if is_formula { "'" } else { "" };
    match is_formula || text.contains(['"', ',', ';', '\r', '\n', '\t']) {
        true => format!("\"{apostrophe}{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

impl std::fmt::Debug for UsageExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageExport").field("format", &self.format).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_what_it_was_and_no_formula() {
        for (text, field) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("\t=1", "\"'\t=1\""),
            ("{\"a\":1}", "\"{\"\"a\"\":1}\""),
        ] {
            assert_eq!(csv_field(text), field);
        }
    }
}
