//! Statements of the framework's own: written once, with `?` for each value, and kept in both spellings.

/// A statement of the framework's own; made by [`sql!`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    /// With `?`, as SQLite and MySQL have it.
    pub(crate) marks: &'static str,
    /// With `$1`, `$2`, …, as PostgreSQL has it.
    pub(crate) numbers: &'static str,
}

/// Both spellings of a statement, put together by the compiler. It holds no `?` but those that stand for a value.
macro_rules! sql {
    ($($text:expr),+ $(,)?) => {{
        const MARKS: &str = concat!($($text),+);
        const NUMBERS: [u8; $crate::driver::sql::length(MARKS)] = $crate::driver::sql::number(MARKS);
        const TEXT: &str = match std::str::from_utf8(&NUMBERS) {
            Ok(text) => text,
            Err(_) => "",
        };
        $crate::driver::Sql { marks: MARKS, numbers: TEXT }
    }};
}

pub(crate) use sql;

/// How long the text is with numbers.
pub(crate) const fn length(marks: &str) -> usize {
    let (mut rest, mut values, mut length) = (marks.as_bytes(), 0, marks.len());
    while let [byte, tail @ ..] = rest {
        if *byte == b'?' {
            values += 1;
            length += if values < 10 { 1 } else { 2 };
        }
        rest = tail;
    }
    length
}

/// The text with numbers, of which there are fewer than a hundred.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and stops where it goes beyond")]
pub(crate) const fn number<const LENGTH: usize>(marks: &str) -> [u8; LENGTH] {
    let (mut rest, mut values, mut at, mut text) = (marks.as_bytes(), 0_u8, 0, [0; LENGTH]);
    while let [byte, tail @ ..] = rest {
        text[at] = *byte;
        at += 1;
        if *byte == b'?' {
            values += 1;
            text[at - 1] = b'$';
            if values >= 10 {
                text[at] = b'0' + values / 10;
                at += 1;
            }
            text[at] = b'0' + values % 10;
            at += 1;
        }
        rest = tail;
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_are_numbered_in_their_order() {
        let sql = super::sql!("SELECT ?, ?, ", "?, ?, ?, ?, ?, ?, ?, ?, ", "? FROM t WHERE 'ü' = ?");
        assert_eq!(sql.marks, "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM t WHERE 'ü' = ?");
        let numbers = "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM t WHERE 'ü' = $12";
        assert_eq!(sql.numbers, numbers);
    }
}
