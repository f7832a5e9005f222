use tenant_sql::TenantScoped;

#[derive(TenantScoped)]
#[tenant(table = "users", all_columns, unique("tenant_id", "email"))]
struct User {
    tenant_id: String,
    mail: String,
}

fn main() {}
