//! Names of what is made: the same each time, and no other's.

use super::{
    Draft,
    draft::{counts_nulls, tied},
};
use crate::model::{ForeignKey, Index, Owned, Relation};

impl<'a> Draft<'a> {
    /// The name of a key of the tenant and these columns.
    pub(crate) fn key_name(self, owned: Owned<'a>, columns: &[String]) -> String {
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let is_mine = |index: &Index| {
            index.is_unique
                && !index.is_partial
                && index.counts_nulls == counts_nulls(owned, &owned_texts(&columns))
                && is_of(index, owned.tenant, &columns)
        };
        self.free(owned.relation, &derived(owned.relation, &columns, "key"), is_mine)
    }

    /// The name of an index of the tenant and these columns.
    pub(crate) fn index_name(self, owned: Owned<'a>, columns: &[&str]) -> String {
        let is_mine = |index: &Index| !index.is_partial && is_of(index, owned.tenant, columns);
        self.free(owned.relation, &derived(owned.relation, columns, "idx"), is_mine)
    }

    /// The name of an index that is another one with the tenant in front.
    pub(crate) fn twin_name(self, owned: Owned<'a>, index: &Index) -> String {
        let is_mine = |other: &Index| {
            other.is_unique == index.is_unique
                && other.leads_with(owned.tenant)
                && other.columns.get(1..) == Some(index.columns.as_slice())
        };
        self.free(owned.relation, &name_of(&[&index.name, "tenant"]), is_mine)
    }

    /// The name of a reference that ties a row to a parent of its own tenant.
    pub(crate) fn link_name(self, child: Owned<'a>, parent: Owned<'a>, key: &ForeignKey) -> String {
        let columns: Vec<&str> = key.columns.iter().map(String::as_str).collect();
        let name = derived(child.relation, &columns, "fkey");
        let (from, to) = tied(key, child, parent);
        let is_other = |relation: &Relation, other: &ForeignKey| {
            relation.name != child.relation.name
                || (&other.parent, &other.columns, &other.parent_columns) != (&key.parent, &from, &to)
        };
        first_free(&name, |name| {
            self.tenancy.model.relations.iter().any(|relation| {
                let links = relation.foreign_keys.iter().filter(|other| other.name == name);
                links.into_iter().any(|other| is_other(relation, other))
            })
        })
    }

    /// A name that nothing has but what is meant.
    fn free(self, relation: &Relation, name: &str, is_mine: impl Fn(&Index) -> bool) -> String {
        let model = self.tenancy.model;
        first_free(name, |name| {
            model.relations.iter().any(|other| {
                let mut indexes = other.indexes.iter().filter(|index| model.same(&index.name, name));
                model.same(&other.name, name)
                    || indexes.any(|index| other.name != relation.name || !is_mine(index))
            })
        })
    }
}

fn owned_texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Whether an index has the tenant and these columns, and no others.
fn is_of(index: &Index, tenant: &str, columns: &[&str]) -> bool {
    let all = std::iter::once(tenant).chain(columns.iter().copied()).map(Some);
    index.columns.iter().map(Option::as_deref).eq(all)
}

fn first_free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut found = name.to_owned();
    for number in 2..u32::MAX {
        if !is_taken(&found) {
            break;
        }
        found = name_of(&[name, &number.to_string()]);
    }
    found
}

const LIMIT: usize = 63;

/// A name for something made of these parts, short enough for every database.
pub(crate) fn name_of(parts: &[&str]) -> String {
    let name = parts.join("_");
    if name.len() <= LIMIT { name } else { marked(parts) }
}

/// Where the parts could be others that read the same, the name says which they were.
fn derived(relation: &Relation, columns: &[&str], kind: &str) -> String {
    let parts: Vec<&str> =
        [relation.name.as_str(), "tenant"].into_iter().chain(columns.iter().copied()).chain([kind]).collect();
    let is_plain = |part: &&str| !part.contains("tenant");
    let is_clear = columns.len() < 2 && columns.iter().chain([&relation.name.as_str()]).all(is_plain);
    if is_clear { name_of(&parts) } else { marked(&parts) }
}

fn marked(parts: &[&str]) -> String {
    // FNV-1a: names that are cut must differ still, and be the same the next time. No name holds the sign between.
    let hash = parts.join("\0").bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let name = parts.join("_");
    let mut end = name.len().min(LIMIT - 9);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{:08x}", name.get(..end).unwrap_or_default(), hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_the_same_is_not_the_same() {
        let of = |table: &str, columns: &[&str]| {
            derived(&Relation { name: table.to_owned(), ..Relation::default() }, columns, "key")
        };
        let long = "c".repeat(60);
        let all = [
            of("a", &["b", "c"]),
            of("a", &["b_c"]),
            of("a_b", &["c"]),
            of("a", &["tenant_x"]),
            of("a_tenant", &["x"]),
            of(&long, &["x", "y"]),
            of(&long, &["x_y"]),
            of(&long, &["x", "y_z"]),
            of(&long, &["x_y", "z"]),
        ];
        assert_eq!(all[1], "a_tenant_b_c_key");
        for (at, name) in all.iter().enumerate() {
            assert!(name.len() <= LIMIT && !all[..at].contains(name), "{name} of {all:?}");
        }
        assert!(name_of(&[&long, "ä"]).len() <= LIMIT);
    }
}
