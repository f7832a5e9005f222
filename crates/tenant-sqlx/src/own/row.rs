//! Rows of the framework's own tables.

use std::fmt::Write as _;

use tenant_core::{StoreError, StoreErrorKind, TenantId, Timestamp};

use crate::driver::Cell;

/// A row, read from its first column to its last. Others may write the table too: whatever they left there is an error.
pub(crate) struct Row(std::vec::IntoIter<Cell>);

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            Some(Cell::Integer(_) | Cell::Other) | None => Err(corrupt()),
        }
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>, StoreError> {
        match self.0.next() {
            Some(Cell::Integer(number)) => Ok(Some(number)),
            Some(Cell::Null) => Ok(None),
            Some(Cell::Text(_) | Cell::Other) | None => Err(corrupt()),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.optional_text()?.ok_or_else(corrupt)
    }

    pub(crate) fn integer(&mut self) -> Result<i64, StoreError> {
        self.optional_integer()?.ok_or_else(corrupt)
    }

    pub(crate) fn parsed<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(&self.text()?).ok_or_else(corrupt)
    }

    pub(crate) fn tenant(&mut self) -> Result<TenantId, StoreError> {
        self.parsed(|text| TenantId::parse(text).ok())
    }

    pub(crate) fn digest(&mut self) -> Result<[u8; 32], StoreError> {
        self.parsed(from_hex)
    }

    pub(crate) fn moment(&mut self) -> Result<Timestamp, StoreError> {
        self.integer().map(Timestamp::from_unix_micros)
    }

    pub(crate) fn optional_moment(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_integer()?.map(Timestamp::from_unix_micros))
    }
}

/// Nothing of what is there: it may be a secret.
pub(crate) fn corrupt() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "a stored row is unreadable")
}

pub(crate) fn hex(digest: &[u8; 32]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_was_written_and_nothing_else_is() {
        let digest: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 8).unwrap());
        assert_eq!(from_hex(&hex(&digest)), Some(digest));
        for wrong in ["", &"0".repeat(63), &"g".repeat(64), &"\u{e9}".repeat(32)] {
            assert_eq!(from_hex(wrong), None);
        }
    }
}
