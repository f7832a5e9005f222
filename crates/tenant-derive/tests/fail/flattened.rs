use tenant_sql::TenantScoped;

#[derive(TenantScoped)]
#[tenant(table = "users", all_columns)]
struct User {
    id: i64,
    #[sqlx(flatten)]
    address: Address,
}

struct Address;

fn main() {}
