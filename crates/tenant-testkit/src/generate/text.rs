//! Strings.

use tenant_sql::Dialect;

use super::scope::{Scope, Type};
use super::{Maker, TEXT};

impl Maker<'_> {
    pub(super) fn text(&mut self, scope: &Scope, depth: u32) -> String {
        let text = self.column_or_literal(Type::Text, scope);
        match self.random.below(if depth == 0 { 5 } else { 12 }) {
            0 => TEXT.to_owned(),
            5 => format!("{}({text})", self.random.pick(&["upper", "lower", "trim", "ltrim", "rtrim"])),
            6 => self.concatenated(&text, scope),
            7 => self.piece(&text),
            8 => self.replaced(&text),
            9 => self.shown(scope),
            10 => self.text_of_json(scope),
            _ => text,
        }
    }

    fn concatenated(&mut self, text: &str, scope: &Scope) -> String {
        let other = self.column_or_literal(Type::Text, scope);
        match self.random.below(3) {
            0 if !self.mysql() => format!("({text} || '-' || {other})"),
            1 => format!("concat_ws('/', {text}, {other})"),
            _ => format!("concat({text}, {other})"),
        }
    }

    fn piece(&mut self, text: &str) -> String {
        match (self.dialect, self.random.below(4)) {
            (Dialect::Sqlite, _) => format!("substr({text}, 1, 2)"),
            (_, 0) => format!("left({text}, 2)"),
            (_, 1) => format!("substring({text} FROM 2 FOR 3)"),
            (Dialect::Postgres, 2) => format!("split_part({text}, '-', 1)"),
            (_, 2) => format!("SUBSTRING_INDEX({text}, '-', 1)"),
            _ => format!("right({text}, 1)"),
        }
    }

    fn replaced(&mut self, text: &str) -> String {
        match (self.dialect, self.random.below(4)) {
            (Dialect::Postgres, 0) => format!("regexp_replace({text}, 'n', 'm', 'g')"),
            (Dialect::Postgres, 1) => format!("overlay({text} PLACING 'z' FROM 1 FOR 1)"),
            (Dialect::Postgres, 2) => format!("trim(BOTH 'n' FROM {text})"),
            (Dialect::MySql, 0) => format!("REGEXP_REPLACE({text}, '[0-9]', '#')"),
            (Dialect::MySql, 1) => format!("LPAD({text}, 5, '0')"),
            _ => format!("replace({text}, 'n', 'm')"),
        }
    }

    /// Something else as text.
    fn shown(&mut self, scope: &Scope) -> String {
        let number = self.column_or_literal(Type::Int, scope);
        let date = self.column_or_literal(Type::Date, scope);
        match (self.dialect, self.random.below(3)) {
            (Dialect::Postgres, 0) => format!("{number}::text"),
            (Dialect::Postgres, 1) => format!("to_char({date}, 'YYYY-MM')"),
            (Dialect::Postgres, _) => format!("CAST({date} AS varchar)"),
            (Dialect::MySql, 0) => format!("DATE_FORMAT({date}, '%Y-%m')"),
            (Dialect::MySql, 1) => format!("IF({number} > 3, 'much', 'little')"),
            (Dialect::MySql, _) => format!("CAST({number} AS CHAR)"),
            (Dialect::Sqlite, 0) => format!("strftime('%Y-%m', {date})"),
            (Dialect::Sqlite, 1) => format!("iif({number} > 3, 'much', 'little')"),
            (Dialect::Sqlite, _) => format!("CAST({number} AS TEXT)"),
        }
    }

    fn text_of_json(&mut self, scope: &Scope) -> String {
        let Some(json) = self.column(Type::Json, scope) else { return "'none'".to_owned() };
        match self.dialect {
            Dialect::Postgres => {
                self.random.pick(&["@ ->> 's'", "@ #>> '{a,1}'", "jsonb_typeof(@)", "@::text"])
            }
            Dialect::Sqlite => self.random.pick(&["@ ->> '$.s'", "json_extract(@, '$.s')", "json_type(@)"]),
            Dialect::MySql => self.random.pick(&[
                "JSON_UNQUOTE(JSON_EXTRACT(@, '$.s'))",
                "JSON_VALUE(@, '$.s')",
                "JSON_TYPE(@)",
            ]),
        }
        .replace('@', &json)
    }
}
