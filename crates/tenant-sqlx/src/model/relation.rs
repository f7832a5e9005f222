//! Tables and views in detail.

use serde::Deserialize;
use tenant_sql::{Table, TenantType};

use super::{ForeignKey, Grant, Index, json::flag};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Relation {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) owner: String,
    /// Whether the account owns it, or can become the role that does.
    pub(crate) is_own: bool,
    /// What it is a partition or a child of.
    pub(crate) parent: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_partition: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_default_partition: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) has_policies_on: bool,
    #[serde(deserialize_with = "flag")]
    pub(crate) forces_policies: bool,
    /// Whether a view reads with the rights of who reads it.
    #[serde(deserialize_with = "flag")]
    pub(crate) reads_as_invoker: bool,
    /// The relations a view reads.
    pub(crate) reads: Vec<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// Constraints that hold for new rows alone.
    pub(crate) unvalidated: Vec<String>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) rules: Vec<String>,
    /// What the account may do with it, and by whose grant.
    pub(crate) grants: Vec<Grant>,
    /// What the account may do with single columns, and by whose grant.
    pub(crate) column_grants: Vec<Grant>,
    /// What the account, and each role it can become, may do with its rows or some of their columns, by whatever right.
    pub(crate) reached: Vec<Grant>,
    /// What the account, as itself, may do with all of it, by whatever right.
    pub(crate) rights: Vec<String>,
    /// What `PUBLIC` may.
    pub(crate) public: Vec<String>,
    /// Where its rows are kept (MySQL).
    pub(crate) engine: String,
    /// What a view checks of what is written through it: nothing, `LOCAL` or `CASCADED` (MySQL).
    pub(crate) check_option: String,
    /// The text it was made with (SQLite), or that of a view.
    pub(crate) definition: String,
    /// All of the statement that makes a view what it is, where it reads as who made it (MySQL).
    pub(crate) statement: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Table,
    /// A table that has partitions and no rows of its own.
    Partitioned,
    View,
    Materialized,
    /// A table whose rows lie elsewhere, or are the work of an extension.
    Foreign,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As DDL writes it.
    pub(crate) of_type: String,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_nullable: bool,
    pub(crate) default: Option<String>,
    /// Whether it holds a text of any length, or a domain of such (PostgreSQL).
    pub(crate) is_text: bool,
    /// The collation of its own (PostgreSQL), or the one that it has (MySQL).
    pub(crate) collation: Option<String>,
    pub(crate) charset: Option<String>,
    /// What else it was made with (MySQL).
    pub(crate) extra: String,
    pub(crate) comment: String,
    /// What is asked of each value, as part of the column (MariaDB).
    pub(crate) check: Option<String>,
    /// Whether the database fills it with a fresh value.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_fresh: bool,
    /// Whether it is computed from other columns (SQLite).
    #[serde(deserialize_with = "flag")]
    pub(crate) is_computed: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) is_permissive: bool,
    /// `*`, or one of `r`, `a`, `w` and `d`: read, append, write, delete.
    pub(crate) command: String,
    pub(crate) roles: Vec<String>,
    /// For whom it holds, of the account and the roles it can become.
    pub(crate) holds_for: Vec<String>,
    pub(crate) using: Option<String>,
    pub(crate) check: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    /// The text it was made with (SQLite).
    pub(crate) definition: String,
}

impl Relation {
    pub(super) fn declared(table: &Table, tenant_type: TenantType) -> Self {
        let of_type = match tenant_type {
            TenantType::Text => "text",
            TenantType::Uuid => "uuid",
            TenantType::Integer => "bigint",
        };
        let column =
            |name: &String| Column { name: name.clone(), of_type: of_type.to_owned(), ..Column::default() };
        let mut columns: Vec<Column> = table.column_names().iter().map(column).collect();
        if let (true, Some(tenant)) = (columns.is_empty(), table.own_tenant_column()) {
            columns.push(column(&tenant.to_owned()));
        }
        let key = |(at, columns): (usize, &Vec<String>)| {
            Index::declared(format!("{}_key{}", table.name(), at + 1), columns)
        };
        Self {
            name: table.name().to_owned(),
            kind: if table.is_view() { Kind::View } else { Kind::Table },
            columns,
            indexes: table.unique_keys().iter().enumerate().map(key).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Table | Kind::Partitioned)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Index> {
        self.indexes.iter().filter(|index| index.is_key())
    }
}
