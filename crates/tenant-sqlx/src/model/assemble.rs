//! Relations put together from rows that each tell one thing of them, where the database gives no lists.

use serde::Deserialize;

use super::{Action, Column, ForeignKey, Index, Relation, Trigger, json::flag};

/// Something of a relation.
#[derive(Deserialize)]
pub(super) struct Of<T> {
    of: String,
    #[serde(flatten)]
    noun: T,
}

/// One column of an index.
#[derive(Deserialize)]
pub(super) struct IndexPart {
    column: Option<String>,
    #[serde(default)]
    collation: Option<String>,
    #[serde(flatten)]
    index: Index,
}

/// One column of a foreign key.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct LinkPart {
    name: String,
    from: String,
    /// Nothing where it is a column of the parent's primary key, by position.
    to: Option<String>,
    parent: String,
    #[serde(deserialize_with = "flag")]
    is_elsewhere: bool,
    #[serde(deserialize_with = "flag")]
    is_deferrable: bool,
    on_update: Action,
    on_delete: Action,
}

/// Puts things where they belong. Names of tables are spelled as the database stores them.
pub(super) struct Assembly(pub(super) Vec<Relation>);

impl Assembly {
    fn each<T>(&mut self, nouns: Vec<Of<T>>, mut put: impl FnMut(&mut Relation, T)) {
        for Of { of, noun } in nouns {
            if let Some(relation) = self.0.iter_mut().find(|relation| relation.name == of) {
                put(relation, noun);
            }
        }
    }

    pub(super) fn columns(&mut self, columns: Vec<Of<Column>>) {
        self.each(columns, |relation, column| relation.columns.push(column));
    }

    /// What is asked of a column, told of one that has nothing but its name.
    #[cfg(feature = "mysql")]
    pub(super) fn checks(&mut self, checks: Vec<Of<Column>>) {
        self.each(checks, |relation, check| {
            if let Some(column) = relation.columns.iter_mut().find(|column| column.name == check.name) {
                column.check = check.check;
            }
        });
    }

    pub(super) fn triggers(&mut self, triggers: Vec<Of<Trigger>>) {
        self.each(triggers, |relation, trigger| relation.triggers.push(trigger));
    }

    pub(super) fn indexes(&mut self, parts: Vec<Of<IndexPart>>) {
        self.each(parts, |relation, IndexPart { column, collation, index }| {
            if relation.indexes.last().is_none_or(|last| last.name != index.name) {
                relation.indexes.push(Index { is_valid: true, ..index });
            }
            if let Some(index) = relation.indexes.last_mut() {
                index.columns.push(column);
                index.collations.extend(collation);
            }
        });
    }

    pub(super) fn links(&mut self, parts: Vec<Of<LinkPart>>) {
        self.each(parts, |relation, part| {
            let LinkPart { name, from, to, parent, is_elsewhere, is_deferrable, on_update, on_delete } = part;
            if relation.foreign_keys.last().is_none_or(|last| last.name != name) {
                let (columns, parent_columns) = (Vec::new(), Vec::new());
                relation.foreign_keys.push(ForeignKey {
                    name,
                    columns,
                    parent,
                    parent_columns,
                    is_elsewhere,
                    on_update,
                    on_delete,
                    is_deferrable,
                });
            }
            if let Some(key) = relation.foreign_keys.last_mut() {
                key.columns.push(from);
                key.parent_columns.extend(to);
            }
        });
        self.name_parents();
    }

    /// A reference that names no columns means the parent's primary key; names are spelled as where they are defined.
    fn name_parents(&mut self) {
        let primary = |relation: &Relation| {
            let key = relation.indexes.iter().find(|index| index.is_primary);
            key.map(|key| key.columns.iter().flatten().cloned().collect::<Vec<_>>()).unwrap_or_default()
        };
        let known: Vec<(String, Vec<String>, Vec<String>)> = self
            .0
            .iter()
            .map(|relation| {
                let columns = relation.columns.iter().map(|column| column.name.clone()).collect();
                (relation.name.clone(), primary(relation), columns)
            })
            .collect();
        for relation in &mut self.0 {
            let own: Vec<String> = relation.columns.iter().map(|column| column.name.clone()).collect();
            for key in &mut relation.foreign_keys {
                key.columns.iter_mut().for_each(|name| respell(name, &own));
                let parent = known.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&key.parent));
                if let Some((name, primary, columns)) = parent {
                    name.clone_into(&mut key.parent);
                    if key.parent_columns.is_empty() {
                        primary.clone_into(&mut key.parent_columns);
                    }
                    key.parent_columns.iter_mut().for_each(|name| respell(name, columns));
                }
            }
        }
    }

    /// What a view reads is looked for in its text: more may be found than there is.
    pub(super) fn reads(&mut self) {
        let names: Vec<String> = self.0.iter().map(|relation| relation.name.clone()).collect();
        for view in self.0.iter_mut().filter(|relation| relation.kind == super::Kind::View) {
            let text = view.definition.to_lowercase();
            let own = view.name.clone();
            let is_read = |name: &&String| **name != own && has_word(&text, &name.to_lowercase());
            view.reads = names.iter().filter(is_read).cloned().collect();
        }
    }
}

fn respell(name: &mut String, known: &[String]) {
    if let Some(spelled) = known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        spelled.clone_into(name);
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
        !before.is_some_and(is_letter) && !behind.is_some_and(is_letter)
    })
}
