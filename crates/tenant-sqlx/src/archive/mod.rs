//! The file that a tenant is kept in outside of any database: one tar archive with a file of JSON lines for each table and a
//! manifest behind them.
//!
//! Nobody vouches for an archive that is to be imported. It is read by what is written here and nothing more: plain files in the
//! oldest of tar's formats, of names that are a table's, each once; no links, no folders, no extensions, nothing compressed.

mod line;
mod manifest;
mod reader;
mod tar;
mod writer;

pub(crate) use self::{
    line::{Scalar, parse_line, write_line},
    manifest::{Manifest, ManifestTable},
    reader::Archive,
    writer::ArchiveWriter,
};

/// The version of all that is written here.
pub(crate) const FORMAT: u32 = 1;

/// A row is one line, and a line is held in memory.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// Of a file's name without its extension.
const LONGEST_NAME: usize = 80;

/// The names that are the same everywhere, and nowhere a path.
pub(crate) fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain)
}

/// Hexadecimal digits as bytes.
pub(crate) fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_path() {
        for name in ["users", "Users-2", "tenant_usage_days", "a$b"] {
            assert!(is_plain(name), "{name}");
        }
        for name in
            ["", ".", "..", "../users", "a/b", "a\\b", "a.b", "/etc", "u s", "ü", "a\0b", &"x".repeat(81)]
        {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn bytes_are_read_from_pairs_of_digits() {
        assert_eq!(bytes("00fF"), Some(vec![0, 255]));
        assert_eq!(bytes(""), Some(vec![]));
        assert_eq!((bytes("0"), bytes("0g"), bytes("+1"), bytes("ü")), (None, None, None, None));
    }
}
