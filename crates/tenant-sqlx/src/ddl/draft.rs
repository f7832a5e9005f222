//! What all databases' migrations have in common.

use tenant_sql::{Dialect, TenantType};

use super::{Ddl, DdlError, DdlErrorKind};
use crate::model::{ForeignKey, Index, Owned, Relation, Tenancy, literal};

/// A migration that is being drawn up.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) tenancy: Tenancy<'a>,
    pub(crate) ddl: &'a Ddl,
}

impl<'a> Draft<'a> {
    pub(super) fn check(self) -> Result<(), DdlError> {
        let Some(lacking) = self.owned().into_iter().find(|owned| !owned.has_tenant_column()) else {
            return Ok(());
        };
        let name = &lacking.relation.name;
        let tenant =
            self.ddl.tenant.as_deref().ok_or_else(|| DdlError::new(DdlErrorKind::WhoseRows, name))?;
        let fits = match self.tenancy.catalog.tenant_type() {
            TenantType::Text => !tenant.is_empty(),
            TenantType::Integer => tenant.parse::<i64>().is_ok(),
            TenantType::Uuid => {
                tenant.len() == 36 && tenant.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
            }
        };
        if fits { Ok(()) } else { Err(DdlError::new(DdlErrorKind::Tenant, name)) }
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

    /// The tenant of the rows that have none, as SQL writes it.
    pub(crate) fn tenant(self) -> String {
        let tenant = self.ddl.tenant.as_deref().unwrap_or_default();
        match (self.tenancy.catalog.tenant_type(), tenant.parse::<i64>()) {
            (TenantType::Integer, Ok(number)) => number.to_string(),
            (TenantType::Uuid, _) if self.dialect() == Dialect::MySql => {
                format!("x'{}'", tenant.replace('-', ""))
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
            if owned.key_of(&columns).is_none() && !missing.contains(&columns) {
                missing.push(columns);
            }
        }
        missing
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

/// A name for something made of these parts, short enough for every database, and no other's.
pub(crate) fn name_of(parts: &[&str]) -> String {
    const LIMIT: usize = 63;
    let name = parts.join("_");
    if name.len() <= LIMIT {
        return name;
    }
    // FNV-1a: names that are cut must differ still, and be the same the next time.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut end = LIMIT - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{:08x}", name.get(..end).unwrap_or_default(), hash >> 32)
}

pub(crate) fn key_name(relation: &Relation, columns: &[String]) -> String {
    let mut parts = vec![relation.name.as_str(), "tenant"];
    parts.extend(columns.iter().map(String::as_str));
    parts.push("key");
    name_of(&parts)
}

pub(crate) fn index_name(relation: &Relation, columns: &[&str]) -> String {
    let mut parts = vec![relation.name.as_str(), "tenant"];
    parts.extend(columns);
    parts.push("idx");
    name_of(&parts)
}

pub(crate) fn link_name(relation: &Relation, key: &ForeignKey) -> String {
    let mut parts = vec![relation.name.as_str(), "tenant"];
    parts.extend(key.columns.iter().map(String::as_str));
    parts.push("fkey");
    name_of(&parts)
}
