//! What the doctor says of models, without a server.

use serde_json::json;
use tenant_sql::{Catalog, Dialect, Table, TenantType};

use super::{Code, Diagnosis, Doctor};
use crate::{
    Model,
    catalog::{Finding, Problem},
    ddl::{Ddl, Phase},
};

/// One table that is as it should be, and what is changed about it.
fn model(change: impl FnOnce(&mut serde_json::Value)) -> Model {
    let condition = "(tenant_id = NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))";
    let mut model = json!({
        "version": 150_000, "schema": "public", "database": "shop", "account": { "name": "app" },
        "enforces_foreign_keys": true,
        "relations": [{
            "name": "users", "owner": "owner", "has_policies_on": true, "forces_policies": true,
            "columns": [{ "name": "tenant_id", "of_type": "text" }, { "name": "email", "of_type": "text" }],
            "indexes": [{
                "name": "users_pkey", "constraint": "users_pkey", "columns": ["tenant_id", "email"],
                "is_unique": true, "is_primary": true, "is_valid": true, "is_ordered": true
            }],
            "policies": [{
                "name": "tenant_isolation", "is_permissive": true, "command": "*", "roles": ["app"],
                "holds_for": ["app"], "using": condition, "check": condition
            }],
            "grants": [{ "to": "app", "privilege": "SELECT" }],
            "reached": [{ "to": "app", "privilege": "SELECT" }]
        }]
    });
    change(&mut model);
    serde_json::from_value(model).unwrap()
}

fn catalog(dialect: Dialect) -> Catalog {
    Catalog::builder(dialect).table(Table::owned("users").unique(["tenant_id", "email"])).build().unwrap()
}

fn codes(found: &[Diagnosis]) -> Vec<Code> {
    found.iter().map(|diagnosis| diagnosis.code).collect()
}

fn of(change: impl FnOnce(&mut serde_json::Value)) -> Vec<Code> {
    codes(&Doctor::new().diagnose(&model(change), &catalog(Dialect::Postgres)))
}

#[test]
fn nothing_is_said_of_what_is_as_it_should_be() {
    assert_eq!(of(|_| {}), []);
}

#[test]
fn a_server_that_is_too_old_is_no_wall() {
    assert_eq!(of(|model| model["version"] = 130_022.into()), [Code::OldVersion]);
    for (dialect, is_mariadb, floor) in [
        (Dialect::MySql, true, 100_600),
        (Dialect::MySql, false, 80_000),
        (Dialect::Sqlite, false, 3_039_000),
    ] {
        let mut model = Model { is_mariadb, ..model(|_| {}) };
        model.dialect = dialect;
        for (version, expected) in [(floor, vec![]), (floor - 1, vec![Code::OldVersion])] {
            model.version = version;
            assert_eq!(codes(&Doctor::new().diagnose(&model, &catalog(dialect))), expected, "{dialect:?}");
        }
    }
}

#[test]
fn a_tenant_that_nobody_set_is_told_once() {
    assert_eq!(of(|model| model["comes_with_tenant"] = true.into()), [Code::SessionWithTenant]);
    let at_login = of(|model| {
        model["comes_with_tenant"] = true.into();
        model["settings"] =
            json!([{ "target": "ROLE app", "name": "app.current_tenant_id", "value": "acme" }]);
    });
    assert_eq!(at_login, [Code::SettingAtLogin]);
}

#[test]
fn a_catalog_that_promises_more_than_there_is_is_told_of() {
    let wanted = Table::owned("users").columns(["tenant_id", "email", "age"]).unique(["tenant_id", "age"]);
    let catalog = Catalog::builder(Dialect::Postgres).table(wanted).build().unwrap();
    let found = Doctor::new().diagnose(&model(|_| {}), &catalog);
    assert_eq!(codes(&found), [Code::MissingKey, Code::MissingColumn]);
    assert_eq!(found[0].fix, ["CREATE UNIQUE INDEX users_tenant_id_age_key ON users (tenant_id, age)"]);
}

#[test]
fn an_account_that_is_not_shown_triggers_is_told_so() {
    let mut model = model(|_| {});
    (model.dialect, model.version) = (Dialect::MySql, 80_400);
    model.judged = vec![Finding { relation: "users".to_owned(), problem: Problem::Privileges }];
    assert_eq!(codes(&Doctor::new().diagnose(&model, &catalog(Dialect::MySql))), [Code::HiddenTriggers]);
}

#[test]
fn a_restrictive_policy_keeps_back_what_others_let_through() {
    let with = |command: &str, holds: bool, using: &str| {
        of(|model| {
            let policies = model["relations"][0]["policies"].as_array_mut().unwrap();
            let mut open = policies[0].clone();
            (open["name"], open["using"], open["check"]) = ("open".into(), "true".into(), "true".into());
            let wall = &mut policies[0];
            (wall["is_permissive"], wall["command"]) = (false.into(), command.into());
            if !holds {
                (wall["roles"], wall["holds_for"]) = (json!(["group"]), json!([]));
            }
            match using {
                "" => {}
                "none" => wall["using"] = json!(null),
                using => wall["using"] = using.into(),
            }
            policies.push(open);
        })
    };
    assert_eq!(with("*", true, ""), []);
    let open = [Code::WideningPolicy, Code::WideningCheck];
    assert_eq!(with("r", true, ""), open);
    assert_eq!(with("*", false, ""), open);
    // What may be written says nothing of what is read.
    assert_eq!(with("*", true, "none"), [Code::WideningPolicy]);
    assert_eq!(with("*", true, "(state = 'open'::text)"), [Code::WideningPolicy]);
}

#[test]
fn policies_are_not_missed_where_none_are_expected() {
    let model = model(|model| {
        model["relations"][0]["has_policies_on"] = false.into();
        model["relations"][0]["policies"] = json!([]);
    });
    let catalog = catalog(Dialect::Postgres);
    let found = codes(&Doctor::new().diagnose(&model, &catalog));
    assert_eq!(found, [Code::PoliciesOff, Code::NoPolicy]);
    assert_eq!(Doctor::new().without_policies().diagnose(&model, &catalog), []);
}

#[test]
fn what_somebody_vouched_for_is_passed_by_and_nothing_else() {
    let model = model(|model| model["relations"][0]["triggers"] = json!([{ "name": "a" }, { "name": "b" }]));
    let catalog = catalog(Dialect::Postgres);
    let said = |doctor: Doctor| doctor.diagnose(&model, &catalog).len();
    assert_eq!(said(Doctor::new()), 2);
    assert_eq!(said(Doctor::new().accept("TD038", Some("users: a"))), 1);
    assert_eq!(said(Doctor::new().accept("TD038", Some("users"))), 2);
    assert_eq!(said(Doctor::new().accept("TD038", None)), 0);
}

#[test]
fn names_in_statements_are_quoted() {
    let odd = "Users; drop";
    let catalog = Catalog::builder(Dialect::Postgres).table(Table::owned(odd)).build().unwrap();
    let model = model(|model| {
        model["relations"][0]["name"] = odd.into();
        model["relations"][0]["forces_policies"] = false.into();
    });
    let found = Doctor::new().diagnose(&model, &catalog);
    assert!(found[0].fix.iter().all(|sql| sql.contains("\"Users; drop\"")), "{found:#?}");
}

#[test]
fn what_a_server_can_not_do_is_not_drawn_up() {
    let shop = |version: u32| {
        let mut model = model(|model| {
            model["version"] = version.into();
            let mut notes = model["relations"][0].clone();
            notes["name"] = "notes".into();
            notes["foreign_keys"] = json!([{
                "name": "of", "columns": ["email"], "parent": "users", "parent_columns": ["email"], "on_delete": "n"
            }]);
            let grants = json!([{ "to": "app", "privilege": "SELECT" }]);
            let view = json!({ "name": "seen", "kind": "view", "reads": ["users"], "grants": grants });
            model["relations"].as_array_mut().unwrap().extend([notes, view]);
        });
        model.dialect = Dialect::Postgres;
        let tables = ["users", "notes"].map(Table::owned);
        let catalog = Catalog::builder(Dialect::Postgres);
        let catalog = tables.into_iter().fold(catalog, tenant_sql::CatalogBuilder::table).build().unwrap();
        Ddl::new().role("app").migration(&model, &catalog).unwrap().to_string()
    };
    let (old, new) = (shop(140_000), shop(150_000));
    assert!(new.contains("ON DELETE SET NULL (email)") && new.contains("security_invoker"), "{new}");
    assert!(!old.contains("SET NULL") && !old.contains("security_invoker"), "{old}");
    assert!(old.contains("REVOKE ALL ON seen FROM PUBLIC, app"), "{old}");
}

#[test]
fn a_tenant_of_another_type_is_refused() {
    let bare = Table::owned("bare");
    for (tenant_type, tenant, fits) in [
        (TenantType::Integer, "7", true),
        (TenantType::Integer, "7; drop", false),
        (TenantType::Uuid, "550e8400-e29b-41d4-a716-446655440000", true),
        (TenantType::Uuid, "acme", false),
        (TenantType::Text, "it's", true),
        (TenantType::Text, "", false),
    ] {
        let builder = Catalog::builder(Dialect::Postgres).tenant_type(tenant_type).table(bare.clone());
        let catalog = builder.build().unwrap();
        let model = model(|model| {
            model["relations"][0] =
                json!({ "name": "bare", "columns": [{ "name": "x", "of_type": "text" }] });
        });
        let migration = Ddl::new().tenant(tenant).migration(&model, &catalog);
        assert_eq!(migration.is_ok(), fits, "{tenant}");
        let texts = migration.map(|migration| migration.only(Phase::Expand).to_string()).unwrap_or_default();
        assert!(!fits || texts.contains("SET DEFAULT"), "{texts}");
        assert!(!texts.contains("'it's'"), "{texts}");
    }
}

#[test]
fn thousands_of_tables_are_looked_at_in_no_time() {
    const TABLES: usize = 3_000;
    let model = model(|model| {
        let users = model["relations"][0].take();
        let table = |at: usize| {
            let mut table = users.clone();
            table["name"] = format!("t{at}").into();
            table["foreign_keys"] = json!([{
                "name": "of", "columns": ["email"], "parent": format!("t{}", at / 2), "parent_columns": ["email"]
            }]);
            table
        };
        model["relations"] = (0..TABLES).map(table).collect();
    });
    let catalog = Catalog::builder(Dialect::Postgres);
    // Half of them are what hangs on the others.
    let tables = (0..TABLES / 2).map(|at| Table::owned(format!("t{at}")));
    let catalog = tables.fold(catalog, tenant_sql::CatalogBuilder::table).build().unwrap();
    let start = std::time::Instant::now();
    assert!(Doctor::new().diagnose(&model, &catalog).len() >= TABLES / 2);
    assert!(!Ddl::new().migration(&model, &catalog).unwrap().is_empty());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// Before PostgreSQL 15 a view can't read as who asks, and nobody may ask it.
#[test]
fn a_view_that_is_closed_is_not_closed_again() {
    let given = |to: &str| json!([{ "to": to, "privilege": "SELECT" }]);
    for (role, grants, columns, is_closed) in [
        ("app", json!([]), json!([]), false),
        ("app", given("owner"), json!([]), false),
        ("app", given("app"), json!([]), true),
        ("app", json!([]), given("PUBLIC"), true),
        ("another", json!([]), json!([]), true),
    ] {
        let model = model(|model| {
            model["version"] = 140_000.into();
            let view = json!({
                "name": "seen", "kind": "view", "owner": "owner", "reads": ["users"], "grants": grants,
                "column_grants": columns
            });
            model["relations"].as_array_mut().unwrap().push(view);
        });
        let migration = Ddl::new().role(role).migration(&model, &catalog(Dialect::Postgres)).unwrap();
        let closes = format!("REVOKE ALL ON seen FROM PUBLIC, {role}");
        assert_eq!(migration.to_string().contains(&closes), is_closed, "{migration}");
    }
}
