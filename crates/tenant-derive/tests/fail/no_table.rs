use tenant_sql::TenantScoped;

#[derive(TenantScoped)]
struct User {
    id: i64,
}

fn main() {}
