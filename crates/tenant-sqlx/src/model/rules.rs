use tenant_sql::{Catalog, TableKind};

use crate::{catalog::Rules, driver::TenantDatabase};

/// What a catalog declares, as the reader of catalogs takes it.
pub(super) fn of<DB: TenantDatabase>(catalog: &Catalog) -> Rules {
    let mut rules = Rules::of::<DB>();
    catalog.tenant_column().clone_into(&mut rules.tenant_column);
    rules.tenant_type = catalog.tenant_type();
    for table in catalog.tables() {
        match table.kind() {
            TableKind::Shared => rules.shared.push(table.name().to_owned()),
            TableKind::Owned if table.is_view() => rules.views.push(table.name().to_owned()),
            TableKind::Owned | TableKind::Hidden => {}
        }
    }
    rules
}
