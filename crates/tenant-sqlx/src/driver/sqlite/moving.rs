//! Rows as literals. A column may hold values of any type, whatever it was declared as.

use crate::driver::moving::{Moving, hyphenated, quoted_name, quoted_text};

pub(super) const MOVING: Moving = Moving {
    session: &["PRAGMA foreign_keys = OFF"],
    columns: "SELECT t.name, c.name, 'plain', 'no' FROM sqlite_schema t, pragma_table_xinfo(t.name) c \
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.sql NOT LIKE 'CREATE VIRTUAL%' \
        AND c.hidden = 0 ORDER BY t.name, c.cid",
    keys: "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
        WHERE t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk",
    links: "SELECT t.name, f.\"table\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    // A text is cut at a zero byte when it is quoted (<https://www.sqlite.org/lang_corefunc.html#quote>).
    literal: |column, _| {
        format!(
            "CASE typeof({column}) WHEN 'text' THEN 'CAST(x''' || hex({column}) || ''' AS TEXT)' \
             ELSE quote({column}) END"
        )
    },
    name: quoted_name,
    text: quoted_text,
    uuid: |bits| quoted_text(&hyphenated(bits)),
    overriding: "",
    checks_links: false,
    sequence: None,
    holds: None,
};
