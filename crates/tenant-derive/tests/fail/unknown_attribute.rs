use tenant_sql::TenantScoped;

#[derive(TenantScoped)]
#[tenant(table = "users", tenant = "org")]
struct User {
    id: i64,
}

fn main() {}
