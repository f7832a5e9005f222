//! Indexes, unique keys and foreign keys.

use serde::Deserialize;

use super::json::flag;

/// An index. A unique one is a key; so is what an exclusion constraint stands on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// The constraint it belongs to, where that is not a mere index.
    pub(crate) constraint: Option<String>,
    /// In their order; nothing for an expression, or for a part of a value.
    pub(crate) columns: Vec<Option<String>>,
    /// What each of them compares by (SQLite).
    pub(crate) collations: Vec<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_unique: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_primary: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_exclusion: bool,
    /// Whether it says nothing of some rows, or says it at the end of a transaction.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_partial: bool,
    /// Whether two rows with a null are in each other's way (PostgreSQL).
    #[serde(deserialize_with = "flag")]
    pub(crate) counts_nulls: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_valid: bool,
    /// Whether it came with that of a partitioned table.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_inherited: bool,
    /// Whether it keeps order: a B-tree.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_ordered: bool,
    /// What stands behind `USING btree (` in its definition (PostgreSQL), or all of that (SQLite).
    pub(crate) rest: Option<String>,
}

impl Index {
    /// A key that the catalog names.
    pub(crate) fn declared(name: String, columns: &[String]) -> Self {
        let columns = columns.iter().cloned().map(Some).collect();
        Self { name, columns, is_unique: true, is_valid: true, is_ordered: true, ..Self::default() }
    }

    pub(crate) fn is_key(&self) -> bool {
        self.is_unique || self.is_exclusion
    }

    /// The columns, where it has nothing but columns.
    pub(crate) fn plain_columns(&self) -> Option<Vec<&str>> {
        self.columns.iter().map(Option::as_deref).collect()
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().flatten().any(|name| name == column)
    }

    /// Whether it begins with these columns, in any order.
    pub(crate) fn begins_with(&self, columns: &[&str]) -> bool {
        let Some(first) = self.columns.get(..columns.len()) else { return false };
        self.is_ordered
            && !self.is_partial
            && columns.iter().all(|column| first.iter().flatten().any(|name| name == column))
    }

    /// Whether rows are found by the tenant first.
    pub(crate) fn leads_with(&self, column: &str) -> bool {
        self.columns.first().and_then(Option::as_deref) == Some(column)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) parent: String,
    pub(crate) parent_columns: Vec<String>,
    /// Whether the parent lies in another schema.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_elsewhere: bool,
    pub(crate) on_update: Action,
    pub(crate) on_delete: Action,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_deferrable: bool,
}

impl ForeignKey {
    /// Whether it ties the tenant to the tenant.
    pub(crate) fn ties(&self, child: &str, parent: &str) -> bool {
        self.columns.iter().zip(&self.parent_columns).any(|(from, to)| from == child && to == parent)
    }

    pub(crate) fn cascades(&self) -> bool {
        self.on_update.acts() || self.on_delete.acts()
    }
}

/// What a change of the parent does to the child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Action {
    #[default]
    #[serde(rename = "NO ACTION", alias = "a", alias = "")]
    Nothing,
    #[serde(rename = "RESTRICT", alias = "r")]
    Restrict,
    #[serde(rename = "CASCADE", alias = "c")]
    Cascade,
    #[serde(rename = "SET NULL", alias = "n")]
    SetNull,
    #[serde(rename = "SET DEFAULT", alias = "d")]
    SetDefault,
}

impl Action {
    pub(crate) const fn acts(self) -> bool {
        match self {
            Self::Nothing | Self::Restrict => false,
            Self::Cascade | Self::SetNull | Self::SetDefault => true,
        }
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}
