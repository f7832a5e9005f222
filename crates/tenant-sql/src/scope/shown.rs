//! The columns that a relation or a subquery shows.

use std::collections::HashSet;

/// The columns of a relation.
#[derive(Clone, Default)]
pub(super) struct Columns {
    /// Their names, where all are known.
    pub(super) names: Option<HashSet<String>>,
    /// Those that come from a tenant column, under whatever name, and from nothing else.
    pub(super) tenants: HashSet<String>,
    /// Whether any other may as well.
    pub(super) any: bool,
    /// Each in its place, and whether it comes from a tenant column; where the places are known.
    pub(super) places: Option<Vec<(Option<String>, bool)>>,
}

impl Columns {
    /// Of a relation that is one or the other.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.tenants.extend(other.tenants);
        Self { names: None, tenants: self.tenants, any: self.any || other.any, places: None }
    }

    /// Under the names that are given to them, one by one. Whose place is not known may be the tenant's.
    pub(super) fn renamed(self, names: &[String]) -> Self {
        let places = self.places.unwrap_or_default();
        let named = names.iter().enumerate();
        let is_tenants = |at| self.any || places.get(at).is_none_or(|(_, tenant)| *tenant);
        Self::of(named.map(|(at, name)| (Some(name.clone()), is_tenants(at))).collect())
    }

    /// Those of a query that is not looked into.
    pub(super) fn unknown() -> Self {
        Self { any: true, ..Self::default() }
    }

    pub(super) fn may_be_tenants(&self, column: &str) -> bool {
        self.any || self.tenants.contains(column)
    }

    pub(super) fn of(places: Vec<(Option<String>, bool)>) -> Self {
        let tenants = places.iter().filter(|(_, tenant)| *tenant).filter_map(|(name, _)| name.clone());
        Self {
            tenants: tenants.collect(),
            names: places.iter().map(|(name, _)| name.clone()).collect(),
            any: false,
            places: Some(places),
        }
    }

    pub(super) fn add(&mut self, name: Option<String>, tenant: bool) {
        match (&mut self.names, &name) {
            (Some(names), Some(name)) => drop(names.insert(name.clone())),
            (names, _) => *names = None,
        }
        self.tenants.extend(name.clone().filter(|_| tenant));
        if let Some(places) = &mut self.places {
            places.push((name, tenant));
        }
    }

    /// All columns of relations, in an order that joins may change.
    pub(super) fn take<'k>(&mut self, relations: impl Iterator<Item = &'k Self>) {
        self.places = None;
        for columns in relations {
            self.any |= columns.any;
            self.tenants.extend(columns.tenants.iter().cloned());
            match (&mut self.names, &columns.names) {
                (Some(names), Some(more)) => names.extend(more.iter().cloned()),
                (names, _) => *names = None,
            }
        }
    }
}
