use tenant_sql::TenantScoped;

#[derive(TenantScoped)]
#[tenant(table = "plans", shared, tenant_column = "org")]
struct Plan {
    id: i64,
}

fn main() {}
