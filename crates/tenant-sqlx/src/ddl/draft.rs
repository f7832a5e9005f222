//! What all databases' migrations have in common.

use tenant_sql::{Dialect, TenantType};

use super::{Ddl, DdlError, DdlErrorKind, Phase, Step};
use crate::model::{ForeignKey, Index, Owned, Relation, Tenancy, literal};

/// A migration that is being drawn up.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) tenancy: Tenancy<'a>,
    pub(crate) ddl: &'a Ddl,
}

impl<'a> Draft<'a> {
    pub(super) fn check(self) -> Result<(), DdlError> {
        let owned = self.owned();
        let of_nobody = |owned: &&Owned<'_>| {
            !owned.has_tenant_column() || self.tenancy.model.unowned.contains(&owned.relation.name)
        };
        let lacking = owned.iter().find(of_nobody).map(|owned| owned.relation.name.as_str());
        match (self.ddl.tenant.as_deref(), lacking) {
            (None, Some(name)) => Err(DdlError::new(DdlErrorKind::WhoseRows, name)),
            (Some(tenant), _) if !self.fits(tenant) => {
                let any = owned.first().map(|owned| owned.relation.name.as_str());
                Err(DdlError::new(DdlErrorKind::Tenant, lacking.or(any).unwrap_or_default()))
            }
            (None, None) | (Some(_), _) => Ok(()),
        }
    }

    fn fits(self, tenant: &str) -> bool {
        match self.tenancy.catalog.tenant_type() {
            TenantType::Text => !tenant.is_empty(),
            TenantType::Integer => tenant.parse::<i64>().is_ok(),
            TenantType::Uuid => is_uuid(tenant),
        }
    }

    /// The tables of tenants, parents before what hangs on them.
    pub(crate) fn owned(self) -> Vec<Owned<'a>> {
        let mut waiting: Vec<Owned<'a>> = self.tenancy.owned().collect();
        let mut sorted: Vec<Owned<'a>> = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let waits = |owned: &Owned<'a>| {
                let parents = owned.relation.foreign_keys.iter().map(|key| &key.parent);
                let mut parents =
                    parents.chain(&owned.relation.parent).filter(|name| **name != owned.relation.name);
                parents.any(|name| waiting.iter().any(|other| other.relation.name == **name))
            };
            // In a circle of references any one goes first.
            let next = waiting.iter().position(|owned| !waits(owned)).unwrap_or(0);
            sorted.push(waiting.remove(next));
        }
        sorted
    }

    /// A table with its partitions and children.
    pub(crate) fn family(self, relation: &'a Relation) -> Vec<&'a Relation> {
        let children = |name: &str| {
            let relations = self.tenancy.model.relations.iter();
            let is_child = move |child: &&'a Relation| child.parent.as_deref() == Some(name);
            relations.filter(is_child).collect::<Vec<_>>()
        };
        let (mut family, mut at) = (vec![relation], 0);
        while let Some(member) = family.get(at) {
            family.extend(children(&member.name));
            at += 1;
        }
        family
    }

    pub(crate) fn dialect(self) -> Dialect {
        self.tenancy.model.dialect
    }

    pub(crate) fn quoted(self, name: &str) -> String {
        self.tenancy.model.quoted(name)
    }

    pub(crate) fn list<S: AsRef<str>>(self, names: impl IntoIterator<Item = S>) -> String {
        crate::model::quoted_all(self.dialect(), names)
    }

    pub(crate) fn literal(self, text: &str) -> String {
        literal(self.dialect(), text)
    }

    /// The tenant of the rows that have none, as SQL writes it; nobody where none is named.
    pub(crate) fn tenant(self) -> String {
        let Some(tenant) = self.ddl.tenant.as_deref() else { return "NULL".to_owned() };
        match (self.tenancy.catalog.tenant_type(), tenant.parse::<i64>()) {
            (TenantType::Integer, Ok(number)) => number.to_string(),
            (TenantType::Uuid, _) if self.dialect() == Dialect::MySql => {
                format!("x'{}'", tenant.replace(|c: char| !c.is_ascii_hexdigit(), ""))
            }
            _ => self.literal(tenant),
        }
    }

    /// Whether rows have to be given a tenant: all of them, or those that an earlier attempt has left.
    pub(crate) fn fills(self, owned: Owned<'a>) -> bool {
        let column = owned.relation.column(owned.tenant);
        column.is_none_or(|column| column.is_nullable && self.ddl.tenant.is_some())
    }

    /// The keys by which a parent's rows are found together with their tenant, as far as they are missing.
    pub(crate) fn missing_keys(self, owned: Owned<'a>) -> Vec<Vec<String>> {
        let references = self.tenancy.references(&owned.relation.name).iter();
        let mine = references.filter_map(|&(child, key)| {
            let child = self.tenancy.owned_named(&child.name)?;
            (!key.ties(child.tenant, owned.tenant)).then(|| key.parent_columns.clone())
        });
        let open = owned.open_keys().filter(|key| !key.is_partial).filter_map(Index::plain_columns);
        let open = open.map(|columns| columns.into_iter().map(str::to_owned).collect());
        let mut missing: Vec<Vec<String>> = Vec::new();
        for columns in open.chain(mine) {
            if !self.has_key(owned, &columns) && !missing.contains(&columns) {
                missing.push(columns);
            }
        }
        missing
    }

    /// Whether there is a key of the tenant and these columns, as strict as the one without the tenant.
    pub(crate) fn has_key(self, owned: Owned<'a>, columns: &[String]) -> bool {
        let strict = counts_nulls(owned, columns);
        owned.keys_of(columns).any(|key| key.counts_nulls || !strict)
    }

    /// Of a key that is left as it is, because it can't be written anew from what is known of it.
    pub(crate) fn stays(self, owned: Owned<'a>, key: &Index) -> Step {
        let note = format!(
            "`{}`: the key `{}` is left as it is, for all tenants at once: parts of values, expressions and exclusions \
             are for people to write anew. Make one like it with `{}` in front, then drop it.",
            owned.relation.name, key.name, owned.tenant
        );
        Step::remark(Phase::Contract, note)
    }

    /// Indexes that keep the tenants' rows together, as far as they are missing: one for each that doesn't, and one for
    /// the table if it has none at all.
    pub(crate) fn loose_indexes(self, owned: Owned<'a>) -> Vec<&'a Index> {
        let indexes = owned.relation.indexes.iter();
        let indexes = indexes.filter(|index| !index.is_key() && index.is_ordered && !index.is_inherited);
        let loose = indexes.filter(|index| !index.columns.is_empty() && !index.has(owned.tenant));
        loose.filter(|index| !has_twin(owned, index)).collect()
    }

    /// Foreign keys whose columns no index leads with, and those columns with the tenant in front.
    pub(crate) fn bare_links(self, owned: Owned<'a>) -> Vec<Vec<&'a str>> {
        let mut bare: Vec<Vec<&'a str>> = Vec::new();
        let links = owned.relation.foreign_keys.iter().filter(|key| !key.is_elsewhere);
        let owned_links = links.filter(|key| self.tenancy.owned_named(&key.parent).is_some());
        for key in owned_links.filter(|_| owned.relation.parent.is_none()) {
            let others = key.columns.iter().map(String::as_str).filter(|name| *name != owned.tenant);
            let columns: Vec<&str> = std::iter::once(owned.tenant).chain(others).collect();
            let is_served = owned.relation.indexes.iter().any(|index| index.begins_with(&columns));
            if !is_served && !bare.contains(&columns) && !self.will_serve(owned, &columns) {
                bare.push(columns);
            }
        }
        bare
    }

    /// Whether an index that is to be made for another reason leads with these columns.
    fn will_serve(self, owned: Owned<'a>, columns: &[&str]) -> bool {
        let rest = columns.get(1..).unwrap_or_default();
        let starts = |names: Vec<&str>| names.starts_with(rest);
        let loose = self.loose_indexes(owned);
        loose.iter().any(|index| !index.is_partial && index.plain_columns().is_some_and(starts))
            || self.missing_keys(owned).iter().any(|key| starts(key.iter().map(String::as_str).collect()))
    }

    /// Whether no index, there or to be made, leads with the tenant.
    pub(crate) fn lacks_lead(self, owned: Owned<'a>) -> bool {
        !owned.relation.indexes.iter().any(|index| index.leads_with(owned.tenant) && !index.is_partial)
            && self.missing_keys(owned).is_empty()
            && !self.loose_indexes(owned).iter().any(|index| !index.is_partial)
            && self.bare_links(owned).is_empty()
    }
}

/// Whether a key without the tenant takes a null for a value like others.
pub(crate) fn counts_nulls(owned: Owned<'_>, columns: &[String]) -> bool {
    owned.open_keys().any(|key| {
        let own = key.plain_columns().unwrap_or_default();
        key.counts_nulls && own.iter().eq(columns.iter())
    })
}

/// In the form with hyphens.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Whether there is an index with the tenant in front of the same columns.
fn has_twin(owned: Owned<'_>, index: &Index) -> bool {
    owned.relation.indexes.iter().any(|other| {
        other.leads_with(owned.tenant)
            && other.columns.get(1..).is_some_and(|columns| columns.starts_with(&index.columns))
            && (!other.is_partial || index.is_partial)
    })
}

/// The columns of a foreign key with the tenant in front, here and in the parent.
pub(crate) fn tied(key: &ForeignKey, child: Owned<'_>, parent: Owned<'_>) -> (Vec<String>, Vec<String>) {
    let with = |tenant: &str, columns: &[String]| {
        std::iter::once(tenant.to_owned()).chain(columns.iter().cloned()).collect()
    };
    (with(child.tenant, &key.columns), with(parent.tenant, &key.parent_columns))
}
