//! What a catalog says of the tables that there are: whose their rows are.

use tenant_sql::{Catalog, Dialect, Table, TableKind};

use super::{ForeignKey, Index, Kind, Model, Register, Relation};
use crate::catalog::is_framework;

/// A database and the catalog that is meant for it.
#[derive(Clone, Copy)]
pub(crate) struct Tenancy<'a> {
    pub(crate) model: &'a Model,
    pub(crate) catalog: &'a Catalog,
    register: &'a Register<'a>,
}

/// A table whose rows belong to tenants.
#[derive(Clone, Copy)]
pub(crate) struct Owned<'a> {
    pub(crate) relation: &'a Relation,
    /// The tenant column, whether it is there or not.
    pub(crate) tenant: &'a str,
}

/// A table without the tenant, whose rows hang on those of a table that has it.
#[derive(Clone, Copy)]
pub(crate) struct Derived<'a> {
    pub(crate) relation: &'a Relation,
    pub(crate) key: &'a ForeignKey,
    pub(crate) parent: &'a Relation,
}

impl<'a> Tenancy<'a> {
    pub(super) const fn new(model: &'a Model, catalog: &'a Catalog, register: &'a Register<'a>) -> Self {
        Self { model, catalog, register }
    }

    pub(crate) fn relation(self, name: &str) -> Option<&'a Relation> {
        self.register.relation(name)
    }

    /// The references that lead to a relation, and the relations they are of.
    pub(crate) fn references(self, parent: &str) -> &'a [(&'a Relation, &'a ForeignKey)] {
        self.register.references(parent)
    }

    /// The tables that belong to tenants, partitions and children with those they belong to.
    pub(crate) fn owned(self) -> impl Iterator<Item = Owned<'a>> {
        let tables = self.model.relations.iter().filter(|relation| relation.is_table());
        tables.filter_map(move |relation| self.owner_of(relation))
    }

    pub(crate) fn owned_named(self, name: &str) -> Option<Owned<'a>> {
        self.relation(name).filter(|relation| relation.is_table()).and_then(|found| self.owner_of(found))
    }

    fn owner_of(self, relation: &'a Relation) -> Option<Owned<'a>> {
        let table = self.declared(relation)?;
        let tenant = table.own_tenant_column().unwrap_or(self.catalog.tenant_column());
        let own = relation.columns.iter().find(|column| self.model.same(&column.name, tenant));
        let tenant = own.map_or(tenant, |column| column.name.as_str());
        (table.kind() == TableKind::Owned).then_some(Owned { relation, tenant })
    }

    /// What the catalog says of a relation, or of the table that it is a part of.
    pub(crate) fn declared(self, relation: &'a Relation) -> Option<&'a Table> {
        let mut relation = relation;
        // Partitions of partitions; more levels than this nobody has.
        for _ in 0..32 {
            if let Some(table) = self.register.table(&relation.name) {
                return Some(table);
            }
            relation = self.relation(relation.parent.as_deref()?)?;
        }
        None
    }

    /// Whether rows of several tenants are seen through it: those of an owned table, or of one that hangs on one, by
    /// itself or by another view.
    pub(crate) fn shows_tenants(self, relation: &Relation) -> bool {
        let mut seen: Vec<&str> = Vec::new();
        let mut names: Vec<&str> = relation.reads.iter().map(String::as_str).collect();
        while let Some(name) = names.pop() {
            let Some(read) = self.relation(name).filter(|_| !seen.contains(&name)) else { continue };
            if self.owned_named(name).is_some() {
                return true;
            }
            seen.push(name);
            names.extend(read.reads.iter().map(String::as_str));
            // What a table hangs on says whose its rows are, as for `derived`.
            let links = read.foreign_keys.iter().filter(|key| !key.is_elsewhere && self.may_derive(read));
            names.extend(links.map(|key| key.parent.as_str()));
        }
        false
    }

    /// Views of tenants' tables that read with the rights of who made them; SQLite knows no rights.
    pub(crate) fn views_as_owner(self) -> impl Iterator<Item = &'a Relation> {
        let is_open = move |view: &Relation| !view.reads_as_invoker && self.model.dialect != Dialect::Sqlite;
        self.views(Kind::View).filter(move |view| is_open(view))
    }

    /// Views of tenants' tables that hold what they show, past all policies.
    pub(crate) fn stored_views(self) -> impl Iterator<Item = &'a Relation> {
        self.views(Kind::Materialized)
    }

    fn views(self, kind: Kind) -> impl Iterator<Item = &'a Relation> {
        let views = self.model.relations.iter().filter(move |relation| relation.kind == kind);
        views.filter(move |view| self.shows_tenants(view))
    }

    /// Tables without the tenant that hang on one with it, directly or through others; parents first.
    pub(crate) fn derived(self) -> Vec<Derived<'a>> {
        let mut found: Vec<Derived<'a>> = Vec::new();
        let mut parents: Vec<&'a Relation> = self.owned().map(|owned| owned.relation).collect();
        while let Some(parent) = parents.pop() {
            for &(relation, key) in self.references(&parent.name) {
                let is_new = !found.iter().any(|known| known.relation.name == relation.name);
                if is_new && self.may_derive(relation) {
                    found.push(Derived { relation, key, parent });
                    parents.push(relation);
                }
            }
        }
        found
    }

    fn may_derive(self, relation: &'a Relation) -> bool {
        let is_open = self.declared(relation).is_none_or(|table| table.kind() == TableKind::Hidden);
        relation.is_table() && is_open && !is_framework(&relation.name)
    }
}

impl<'a> Owned<'a> {
    /// Unique keys that put two tenants in each other's way. A key that the database fills by itself does not.
    pub(crate) fn open_keys(self) -> impl Iterator<Item = &'a Index> {
        let keys = self.relation.indexes.iter().filter(|index| index.is_key() && !index.is_inherited);
        keys.filter(move |key| !key.has(self.tenant) && !self.is_fresh(key))
    }

    fn is_fresh(self, key: &Index) -> bool {
        let fills = |name: &str| self.relation.column(name).is_some_and(|column| column.is_fresh);
        !key.is_partial && matches!(key.columns.as_slice(), [Some(name)] if fills(name))
    }

    /// Foreign keys to tables of tenants that do not say whose the parent is.
    pub(crate) fn open_links(
        self,
        tenancy: Tenancy<'a>,
    ) -> impl Iterator<Item = (&'a ForeignKey, Owned<'a>)> {
        let keys = self.relation.foreign_keys.iter().filter(|key| !key.is_elsewhere);
        let links = keys.filter_map(move |key| Some((key, tenancy.owned_named(&key.parent)?)));
        links.filter(move |(key, parent)| !key.ties(self.tenant, parent.tenant))
    }

    /// Whether there is a key of the tenant and these columns.
    pub(crate) fn key_of(self, columns: &[String]) -> Option<&'a Index> {
        self.keys_of(columns).next()
    }

    /// The keys of the tenant and these columns.
    pub(crate) fn keys_of(self, columns: &[String]) -> impl Iterator<Item = &'a Index> {
        self.relation.keys().filter(move |key| {
            key.is_unique
                && !key.is_partial
                && key.columns.len() == columns.len() + 1
                && key.has(self.tenant)
                && columns.iter().all(|column| key.has(column))
        })
    }

    pub(crate) fn has_tenant_column(self) -> bool {
        self.relation.column(self.tenant).is_some()
    }
}
