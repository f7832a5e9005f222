//! How SQLite converts what is stored in a column or compared with it.

/// The affinity of a column (<https://www.sqlite.org/datatype3.html>, section 3).
///
/// A tenant column must not convert: with `NUMERIC` affinity (which `UUID` and `STRING` amount to) the tenants `1e2`
/// and `100` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    /// Section 3.1, rules in their order.
    pub(super) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if declared.is_empty() || has(&["BLOB"]) {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_rules_in_their_order() {
        for (declared, affinity) in [
            ("TEXT", Affinity::Text),
            ("varchar(63)", Affinity::Text),
            ("BIGINT", Affinity::Integer),
            ("CHARINT", Affinity::Integer),
            ("", Affinity::Blob),
            ("DOUBLE", Affinity::Real),
            ("STRING", Affinity::Numeric),
            ("UUID", Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of(declared), affinity, "{declared}");
        }
    }
}
