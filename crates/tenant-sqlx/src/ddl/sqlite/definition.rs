//! The text a table was made with, taken apart as far as keys and references go
//! (<https://www.sqlite.org/lang_createtable.html>).

use tenant_sql::TenantType;

use super::{
    super::draft::tied,
    Draft,
    tokens::{Token, closing, tokens},
};
use crate::model::{Action, Column, ForeignKey, Index, Owned};

/// The parts of `CREATE TABLE name (columns, constraints) options`.
pub(super) struct Definition<'a> {
    columns: Vec<Part<'a>>,
    checks: Vec<Part<'a>>,
    options: &'a str,
    is_deferred: bool,
}

/// What becomes of the tenant that rows get by default.
#[derive(Clone, Copy)]
pub(crate) enum DefaultTenant {
    Kept,
    Dropped,
}

struct Part<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Definition<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let all = tokens(text)?;
        let open = all.iter().position(|token| token.is("("))?;
        let close = closing(&all, open)?;
        let inner = text.get(all.get(open)?.at.end..all.get(close)?.at.start)?;
        let (columns, constraints): (Vec<_>, Vec<_>) =
            parts(inner)?.into_iter().partition(|part| !part.is_constraint());
        Some(Self {
            columns,
            checks: constraints.into_iter().filter(Part::is_check).collect(),
            options: spanned(text, all.get(close + 1..)?),
            is_deferred: all
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.is("INITIALLY") && b.is("DEFERRED"))),
        })
    }

    /// What stands behind the name of the table as it should be.
    pub(super) fn remade(
        &self,
        draft: Draft<'_>,
        owned: Owned<'_>,
        default: DefaultTenant,
    ) -> Option<String> {
        let tenant = format!("{} {} NOT NULL", draft.quoted(owned.tenant), type_of(draft));
        let mut items = Vec::new();
        // Each column is known by its place: its name may be spelled in four ways.
        if self.columns.len() != owned.relation.columns.len() {
            return None;
        }
        for (part, column) in self.columns.iter().zip(&owned.relation.columns) {
            let is_tenant = column.name == owned.tenant;
            items.push(match (is_tenant, default) {
                (false, _) => part.without_keys(column.is_fresh)?,
                (true, DefaultTenant::Dropped) => format!("{tenant}{}", part.checks()),
                (true, DefaultTenant::Kept) => format!("{tenant}{}{}", part.default(column), part.checks()),
            });
        }
        if !owned.has_tenant_column() {
            items.push(tenant);
        }
        items.extend(self.checks.iter().map(|part| spanned(part.text, &part.tokens).to_owned()));
        items.extend(self.keys(draft, owned));
        items.extend(owned.relation.foreign_keys.iter().map(|key| self.link(draft, owned, key)));
        Some(format!("(\n    {}\n) {}", items.join(",\n    "), self.options).trim_end().to_owned())
    }

    /// The keys that were constraints, with the tenant, and those that references will lead to.
    fn keys(&self, draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
        let is_made = |key: &&Index| key.is_unique && (key.constraint.is_some() || key.is_primary);
        let is_fresh = |key: &Index| key.is_primary && key.constraint.is_none();
        let mut keys: Vec<(bool, Vec<String>, String)> = Vec::new();
        for key in owned.relation.indexes.iter().filter(is_made).filter(|key| !is_fresh(key)) {
            let lead = (!key.has(owned.tenant)).then(|| owned.tenant.to_owned());
            let columns = lead.into_iter().chain(key.columns.iter().flatten().cloned()).collect();
            let lead = (!key.has(owned.tenant)).then(|| draft.quoted(owned.tenant));
            let terms: Vec<String> = lead.into_iter().chain(self.terms(draft, owned, key)).collect();
            keys.push((key.is_primary, columns, terms.join(", ")));
        }
        for columns in draft.missing_keys(owned) {
            let columns: Vec<String> = std::iter::once(owned.tenant.to_owned()).chain(columns).collect();
            // What compares by other rules is that key already.
            if !keys.iter().any(|(_, known, _)| *known == columns) {
                let terms = draft.list(&columns);
                keys.push((false, columns, terms));
            }
        }
        let mut seen: Vec<String> = Vec::new();
        keys.sort_by_key(|(is_primary, ..)| !is_primary);
        keys.retain(|(_, _, terms)| {
            !seen.contains(terms) && {
                seen.push(terms.clone());
                true
            }
        });
        let word = |is_primary| if is_primary { "PRIMARY KEY" } else { "UNIQUE" };
        keys.into_iter().map(|(is_primary, _, terms)| format!("{} ({terms})", word(is_primary))).collect()
    }

    /// The columns of a key, with what they compare by where that is not what the column does.
    fn terms(&self, draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
        let mut collations = key.collations.iter();
        let term = |name: &String| {
            let quoted = draft.quoted(name);
            let place = owned.relation.columns.iter().position(|column| column.name == *name);
            let own = place.and_then(|place| self.columns.get(place)).map(Part::collation);
            match (collations.next(), own) {
                (Some(of_key), Some(own)) if !of_key.eq_ignore_ascii_case(&own) => {
                    format!("{quoted} COLLATE {}", draft.quoted(of_key))
                }
                _ => quoted,
            }
        };
        key.columns.iter().flatten().map(term).collect()
    }

    /// `SET NULL` would take the tenant along: what it was for has to be done by the application.
    fn link(&self, draft: Draft<'_>, owned: Owned<'_>, key: &ForeignKey) -> String {
        let open = owned.open_links(draft.tenancy).find(|(link, _)| link.name == key.name);
        let is_open = open.is_some();
        let (from, to) = match open {
            Some((key, parent)) => tied(key, owned, parent),
            None => (key.columns.clone(), key.parent_columns.clone()),
        };
        let action = |when: &str, action: Action| match action {
            Action::Nothing => String::new(),
            Action::SetNull | Action::SetDefault if is_open => String::new(),
            Action::Restrict | Action::Cascade | Action::SetNull | Action::SetDefault => {
                format!(" ON {when} {}", action.words())
            }
        };
        let deferred = if self.is_deferred { " DEFERRABLE INITIALLY DEFERRED" } else { "" };
        let (from, parent, to) = (draft.list(from), draft.quoted(&key.parent), draft.list(to));
        let actions = action("DELETE", key.on_delete) + &action("UPDATE", key.on_update);
        format!("FOREIGN KEY ({from}) REFERENCES {parent} ({to}){actions}{deferred}")
    }
}

/// From the first token to the last: a comment behind it would swallow what comes next.
fn spanned<'a>(text: &'a str, tokens: &[Token]) -> &'a str {
    let ends = tokens.first().zip(tokens.last());
    ends.and_then(|(first, last)| text.get(first.at.start..last.at.end)).unwrap_or_default()
}

/// Byte by byte, and converting nothing: the affinity of a text.
fn type_of(draft: Draft<'_>) -> &'static str {
    match draft.tenancy.catalog.tenant_type() {
        TenantType::Text | TenantType::Uuid => "TEXT",
        TenantType::Integer => "INTEGER",
    }
}

/// Cut at the commas that stand outside of all parentheses.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let all = tokens(text)?;
    let (mut parts, mut start, mut own, mut depth) = (Vec::new(), 0, Vec::new(), 0_i32);
    for token in all {
        match token.text.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => {
                let part = text.get(start..token.at.start)?;
                parts.push(Part { text: part, tokens: shifted(std::mem::take(&mut own), start) });
                start = token.at.end;
                continue;
            }
            _ => {}
        }
        own.push(token);
    }
    parts.push(Part { text: text.get(start..)?, tokens: shifted(own, start) });
    Some(parts)
}

fn shifted(tokens: Vec<Token>, by: usize) -> Vec<Token> {
    let shift = |token: Token| Token { at: token.at.start - by..token.at.end - by, ..token };
    tokens.into_iter().map(shift).collect()
}

impl Part<'_> {
    fn is_constraint(&self) -> bool {
        const WORDS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        self.tokens.first().is_some_and(|first| WORDS.contains(&first.text.as_str()))
    }

    fn is_check(&self) -> bool {
        let at = if self.tokens.first().is_some_and(|first| first.is("CONSTRAINT")) { 2 } else { 0 };
        self.tokens.get(at).is_some_and(|word| word.is("CHECK"))
    }

    /// What a column compares by (<https://www.sqlite.org/datatype3.html#collation>).
    fn collation(&self) -> String {
        let name = self.words("COLLATE").next().and_then(|at| self.tokens.get(at + 1));
        let name = name.map_or("BINARY", |name| name.text.as_str());
        name.trim_matches(['"', '`', '[', ']', '\'']).to_owned()
    }

    /// Where a word stands outside of all parentheses, behind the name of a column.
    fn words(&self, word: &str) -> impl Iterator<Item = usize> {
        let next = |at: &usize| self.after(*at).filter(|next| *next < self.tokens.len());
        std::iter::successors(Some(1), next).filter(move |at| self.word(*at, word))
    }

    /// What rows that name no value get (<https://www.sqlite.org/lang_createtable.html>, section 3.2): an expression
    /// and a mere word as they stand. A word is a text there, and a column between parentheses.
    fn default(&self, column: &Column) -> String {
        let (Some(at), Some(value)) = (self.words("DEFAULT").last(), &column.default) else {
            return String::new();
        };
        let end = self.after(at + 1).unwrap_or_default();
        let own = self.tokens.get(at + 1..end).map(|own| spanned(self.text, own)).unwrap_or_default();
        let is_whole = own.starts_with('(') || own.eq_ignore_ascii_case(value);
        if is_whole { format!(" DEFAULT {own}") } else { format!(" DEFAULT ({value})") }
    }

    /// What is asked of its values.
    fn checks(&self) -> String {
        let check = |at: usize| {
            let is_named = at > 2 && self.word(at - 2, "CONSTRAINT");
            let start = if is_named { at - 2 } else { at };
            let own = self.after(at + 1).and_then(|end| self.tokens.get(start..end));
            own.map(|own| format!(" {}", spanned(self.text, own))).unwrap_or_default()
        };
        self.words("CHECK").map(check).collect()
    }

    /// A column without what makes it a key or a reference: that is said of the table, with the tenant.
    fn without_keys(&self, keeps_primary: bool) -> Option<String> {
        let last = self.tokens.last()?.at.end;
        let (mut text, mut at, mut kept) = (String::new(), 1, self.tokens.first()?.at.start);
        // The name of a column may be any word.
        while at < self.tokens.len() {
            let named = self.word(at, "CONSTRAINT");
            let start = if named { at + 2 } else { at };
            let end = self.end_of_key(start, keeps_primary)?;
            if end == start {
                at = self.after(at)?;
                continue;
            }
            text.push_str(self.text.get(kept..self.tokens.get(at)?.at.start)?);
            kept = self.tokens.get(end).map_or(last, |token| token.at.start);
            at = end;
        }
        text.push_str(self.text.get(kept..last)?);
        Some(text.trim().to_owned())
    }

    fn word(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(word))
    }

    /// Past a token, or past what it opens.
    fn after(&self, at: usize) -> Option<usize> {
        if self.word(at, "(") { closing(&self.tokens, at).map(|close| close + 1) } else { Some(at + 1) }
    }

    /// Where the key or reference that begins here ends; here where none begins.
    fn end_of_key(&self, at: usize, keeps_primary: bool) -> Option<usize> {
        if self.word(at, "UNIQUE") {
            return Some(self.after_conflict(at + 1));
        }
        if self.word(at, "PRIMARY") && !keeps_primary {
            let order = at + 2;
            let order = if self.word(order, "ASC") || self.word(order, "DESC") { order + 1 } else { order };
            return Some(self.after_conflict(order));
        }
        if self.word(at, "REFERENCES") {
            return self.end_of_reference(at + 2);
        }
        Some(at)
    }

    fn after_conflict(&self, at: usize) -> usize {
        if self.word(at, "ON") && self.word(at + 1, "CONFLICT") { at + 3 } else { at }
    }

    fn end_of_reference(&self, at: usize) -> Option<usize> {
        let mut at = if self.word(at, "(") { self.after(at)? } else { at };
        loop {
            at = if self.word(at, "ON") && (self.word(at + 2, "SET") || self.word(at + 2, "NO")) {
                at + 4
            } else if self.word(at, "ON") {
                at + 3
            } else if self.word(at, "MATCH") || self.word(at, "INITIALLY") {
                at + 2
            } else if self.word(at, "DEFERRABLE") {
                at + 1
            } else if self.word(at, "NOT") && self.word(at + 1, "DEFERRABLE") {
                at + 2
            } else {
                return Some(at);
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str, keeps_primary: bool) -> String {
        parts(text).unwrap().remove(0).without_keys(keeps_primary).unwrap()
    }

    #[test]
    fn keys_and_references_of_columns_are_taken_out() {
        for (text, expected) in [
            ("-- the name\n a TEXT UNIQUE -- once", "a TEXT"),
            ("email TEXT NOT NULL UNIQUE COLLATE NOCASE", "email TEXT NOT NULL COLLATE NOCASE"),
            ("a INT UNIQUE ON CONFLICT REPLACE DEFAULT (1 + 2)", "a INT DEFAULT (1 + 2)"),
            ("a INT CONSTRAINT one PRIMARY KEY DESC ON CONFLICT FAIL NOT NULL", "a INT NOT NULL"),
            (
                "a INT REFERENCES b (id) ON DELETE SET NULL ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED NOT NULL",
                "a INT NOT NULL",
            ),
            (
                "a INT CONSTRAINT f REFERENCES b NOT DEFERRABLE CHECK (a IN (1, 2))",
                "a INT CHECK (a IN (1, 2))",
            ),
            (
                "\"unique\" TEXT /* UNIQUE, */ DEFAULT 'UNIQUE'",
                "\"unique\" TEXT /* UNIQUE, */ DEFAULT 'UNIQUE'",
            ),
            (
                "unique_ VARCHAR(9) CHECK (unique_ <> 'REFERENCES b')",
                "unique_ VARCHAR(9) CHECK (unique_ <> 'REFERENCES b')",
            ),
        ] {
            assert_eq!(column(text, false), expected, "{text}");
        }
        assert_eq!(
            column("id INTEGER PRIMARY KEY AUTOINCREMENT", true),
            "id INTEGER PRIMARY KEY AUTOINCREMENT"
        );
    }

    #[test]
    fn a_definition_is_cut_where_its_parts_end() {
        let text = "CREATE TABLE [a (b] (x TEXT DEFAULT ',)', -- one, two (\n y NUMERIC(4, 2), CHECK (y > 0), \
                    CONSTRAINT k UNIQUE (x, y)) WITHOUT ROWID";
        let found = Definition::read(text).unwrap();
        let texts =
            |parts: &[Part<'_>]| parts.iter().map(|part| part.text.trim().to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(&found.columns).len(), 2);
        assert_eq!(texts(&found.checks), ["CHECK (y > 0)"]);
        assert_eq!(found.options, "WITHOUT ROWID");
        assert!(Definition::read("CREATE TABLE a (x TEXT DEFAULT 'open)").is_none());
    }
}
