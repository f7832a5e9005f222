//! Single repairs, for the doctor, as each database writes them.

use tenant_sql::Dialect;

use super::{
    Draft, mysql, postgres,
    sqlite::{self, DefaultTenant},
};
use crate::model::{ForeignKey, Index, Owned};

/// A key gets the tenant.
pub(crate) fn key(draft: Draft<'_>, owned: Owned<'_>, key: &Index) -> Vec<String> {
    match draft.dialect() {
        Dialect::Postgres => postgres::keys::mended(draft, owned, key),
        Dialect::MySql => mysql::keys::mended(draft, owned, key),
        Dialect::Sqlite => sqlite::mended(draft, owned, key),
    }
}

/// A reference gets the tenant, and the parent the key that it needs.
pub(crate) fn link(draft: Draft<'_>, child: Owned<'_>, parent: Owned<'_>, key: &ForeignKey) -> Vec<String> {
    let missing = parent.key_of(&key.parent_columns).is_none();
    let columns = &key.parent_columns;
    match draft.dialect() {
        Dialect::Postgres => {
            let unique = missing.then(|| postgres::keys::unique_key(draft, parent, columns));
            let drop = postgres::keys::drop_link(draft, child, key);
            let link = postgres::keys::link(draft, child, parent, key);
            unique.into_iter().flatten().chain(link).chain([drop]).collect()
        }
        Dialect::MySql => {
            let unique = missing.then(|| mysql::keys::unique_key(draft, parent, columns));
            let drop = mysql::keys::drop_link(draft, child, key);
            unique.into_iter().chain([mysql::keys::link(draft, child, parent, key), drop]).collect()
        }
        Dialect::Sqlite => {
            let parent = Some(parent).filter(|parent| missing && parent.relation.name != child.relation.name);
            sqlite::rebuilt(
                draft,
                &parent.into_iter().chain([child]).collect::<Vec<_>>(),
                DefaultTenant::Kept,
            )
        }
    }
}

pub(crate) fn index(draft: Draft<'_>, owned: Owned<'_>, columns: &[&str]) -> String {
    match draft.dialect() {
        Dialect::Postgres => postgres::keys::plain_index(draft, owned, columns),
        Dialect::MySql => mysql::keys::plain_index(draft, owned, columns),
        Dialect::Sqlite => sqlite::plain_index(draft, owned, columns),
    }
}

/// An index with the tenant in front of the same columns, where that can be written.
pub(crate) fn twin(draft: Draft<'_>, owned: Owned<'_>, index: &Index) -> Option<String> {
    match draft.dialect() {
        Dialect::Postgres => postgres::keys::twin(draft, owned, index),
        Dialect::MySql => mysql::keys::twin(draft, owned, index),
        Dialect::Sqlite => sqlite::twin(draft, owned, index),
    }
}

/// A row that names no tenant has none.
pub(crate) fn defaulted(draft: Draft<'_>, owned: Owned<'_>) -> Vec<String> {
    match draft.dialect() {
        Dialect::Postgres => vec![postgres::column::defaulted(draft, owned)],
        Dialect::MySql => vec![mysql::column::without_default(draft, owned)],
        Dialect::Sqlite => sqlite::rebuilt(draft, &[owned], DefaultTenant::Dropped),
    }
}
