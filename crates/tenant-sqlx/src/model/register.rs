use std::collections::HashMap;

use tenant_sql::{Catalog, Dialect, Table};

use super::{ForeignKey, Model, Relation, Tenancy};

/// Who is who: relations, what the catalog says of them, and what hangs on them, by name.
pub(crate) struct Register<'a> {
    model: &'a Model,
    catalog: &'a Catalog,
    relations: HashMap<String, &'a Relation>,
    tables: HashMap<String, &'a Table>,
    references: HashMap<String, Vec<(&'a Relation, &'a ForeignKey)>>,
}

impl<'a> Register<'a> {
    pub(crate) fn new(model: &'a Model, catalog: &'a Catalog) -> Self {
        let fold = |name: &str| folded(model.dialect, name);
        let mut references: HashMap<String, Vec<_>> = HashMap::new();
        for relation in &model.relations {
            for key in relation.foreign_keys.iter().filter(|key| !key.is_elsewhere) {
                references.entry(fold(&key.parent)).or_default().push((relation, key));
            }
        }
        Self {
            model,
            catalog,
            relations: model.relations.iter().map(|relation| (fold(&relation.name), relation)).collect(),
            tables: catalog.tables().map(|table| (fold(table.name()), table)).collect(),
            references,
        }
    }

    pub(crate) const fn tenancy(&'a self) -> Tenancy<'a> {
        Tenancy::new(self.model, self.catalog, self)
    }

    pub(super) fn relation(&self, name: &str) -> Option<&'a Relation> {
        self.relations.get(&folded(self.model.dialect, name)).copied()
    }

    pub(super) fn table(&self, name: &str) -> Option<&'a Table> {
        self.tables.get(&folded(self.model.dialect, name)).copied()
    }

    pub(super) fn references(&self, parent: &str) -> &[(&'a Relation, &'a ForeignKey)] {
        self.references.get(&folded(self.model.dialect, parent)).map_or(&[], Vec::as_slice)
    }
}

fn folded(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Postgres => name.to_owned(),
        Dialect::Sqlite | Dialect::MySql => name.to_ascii_lowercase(),
    }
}
