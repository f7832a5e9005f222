//! Random statements that write.

use super::grammar::{Grammar, join, scope_of, with_arguments};
use super::random::Random;

struct Target {
    table: &'static str,
    tenant: &'static str,
    number: &'static str,
    text: &'static str,
}

const TARGETS: [Target; 3] = [
    Target { table: "users", tenant: "tenant_id", number: "age", text: "name" },
    Target { table: "orders", tenant: "tenant_id", number: "total", text: "status" },
    Target { table: "items", tenant: "org", number: "qty", text: "sku" },
];

pub(super) fn write(random: &mut Random) -> (String, Vec<i64>) {
    let target = &TARGETS[random.below(TARGETS.len())];
    let mut grammar = Grammar::new(random);
    let with = if grammar.random.one_in(6) { grammar.with() } else { String::new() };
    let with = if with.contains(&format!("{} (", target.table)) { String::new() } else { with };
    if with.is_empty() {
        grammar.forget();
    }
    let sql = match grammar.random.below(6) {
        0 | 1 => insert(&mut grammar, target),
        2 => insert_select(&mut grammar, target),
        3 | 4 => update(&mut grammar, target),
        _ => delete(&mut grammar, target),
    };
    with_arguments(format!("{with}{sql}"), random)
}

fn returning(grammar: &mut Grammar<'_>, target: &Target) -> String {
    let (number, text) = (target.number, target.text);
    // Never the target itself, which is seen half written.
    let other = if target.table == "items" { "users" } else { "items" };
    match grammar.random.below(5) {
        0 => " RETURNING *".to_owned(),
        1 => format!(" RETURNING id, {number}+1, {text}  ||'x' AS x"),
        2 => format!(" RETURNING id, {}, (SELECT count(*) FROM {other})", target.tenant),
        _ => String::new(),
    }
}

fn insert(grammar: &mut Grammar<'_>, target: &Target) -> String {
    let (table, tenant, number, text) = (target.table, target.tenant, target.number, target.text);
    let own = grammar.random.one_in(4);
    let rows: Vec<String> = (0..=grammar.random.below(2))
        .map(|_| {
            let id = if grammar.random.one_in(2) {
                1 + grammar.random.below(10)
            } else {
                60 + grammar.random.below(30)
            };
            let value = grammar.number_alone();
            let given = if own { grammar.random.pick(&[", 't2'", ", ('t2')", ", 't' || '2'"]) } else { "" };
            format!("({id}, {value}, 'i{id}'{given})")
        })
        .collect();
    let columns =
        if own { format!("id, {number}, {text}, {tenant}") } else { format!("id, {number}, {text}") };
    let verb = grammar.random.pick(&[
        "INSERT",
        "INSERT",
        "INSERT",
        "INSERT OR IGNORE",
        "INSERT OR REPLACE",
        "REPLACE",
    ]);
    let conflict = if verb == "INSERT" { conflict(grammar, target) } else { String::new() };
    let returning = returning(grammar, target);
    format!("{verb} INTO {table} ({columns}) VALUES {}{conflict}{returning}", rows.join(", "))
}

fn conflict(grammar: &mut Grammar<'_>, target: &Target) -> String {
    let (table, tenant, number, text) = (target.table, target.tenant, target.number, target.text);
    match grammar.random.below(5) {
        0 => " ON CONFLICT DO NOTHING".to_owned(),
        1 => format!(" ON CONFLICT ({tenant}, id) DO NOTHING"),
        2 => format!(
            " ON CONFLICT (id, {tenant}) DO UPDATE SET {number} = excluded.{number} + {table}.{number}"
        ),
        3 => {
            let scope = scope_of(table, table);
            let condition = grammar.condition(&scope, 2);
            format!(" ON CONFLICT ({tenant}, id) DO UPDATE SET {text} = excluded.{text} WHERE {condition}")
        }
        _ => String::new(),
    }
}

fn insert_select(grammar: &mut Grammar<'_>, target: &Target) -> String {
    let (table, number, text) = (target.table, target.number, target.text);
    let shift = grammar.random.pick(&[0, 20, 30, 40]);
    let verb = grammar.random.pick(&["INSERT", "INSERT OR IGNORE"]);
    let source = grammar.random.below(TARGETS.len());
    let source = &TARGETS[source];
    let scope = scope_of(source.table, "s");
    let value = grammar.number(&scope, 2);
    let condition = grammar.condition(&scope, 2);
    let (columns, given) = match grammar.random.one_in(3) {
        true => (format!("id, {number}, {text}, {}", target.tenant), format!(", s.{}", source.tenant)),
        false => (format!("id, {number}, {text}"), String::new()),
    };
    let returning = returning(grammar, target);
    format!(
        "{verb} INTO {table} ({columns}) SELECT s.id + {shift}, {value}, s.{}{given} FROM {} s WHERE {condition}{returning}",
        source.text, source.table
    )
}

fn update(grammar: &mut Grammar<'_>, target: &Target) -> String {
    let (table, number, text) = (target.table, target.number, target.text);
    let alias = grammar.random.one_in(2);
    let name = if alias { "w" } else { table };
    let scope = scope_of(table, name);
    let said = if alias { format!("{table} AS w") } else { table.to_owned() };
    let verb = grammar.random.pick(&["UPDATE", "UPDATE", "UPDATE", "UPDATE OR IGNORE", "UPDATE OR REPLACE"]);
    // At most one row of FROM for each row of the target, or which of them wins is left open.
    let other = grammar.random.below(TARGETS.len());
    let other = &TARGETS[other];
    let (from, link, visible) = match grammar.random.below(3) {
        0 => (
            format!(" FROM {} f", other.table),
            format!("f.id = {name}.id AND "),
            join(&scope, &scope_of(other.table, "f")),
        ),
        1 => (
            format!(" FROM {} f LEFT JOIN users g ON g.id = f.id", other.table),
            format!("f.id = {name}.id AND "),
            join(&scope, &scope_of(other.table, "f")),
        ),
        _ => (String::new(), String::new(), join(&scope, &Vec::new())),
    };
    let value = grammar.number(&visible, 2);
    let assigned = match grammar.random.below(4) {
        0 => format!("{number} = {value}, {text} = 'u'"),
        1 => format!("({number}, {text}) = ({value}, 'u')"),
        2 => "id = id + 1000".to_owned(),
        _ => format!("{number} = {value}"),
    };
    let condition = grammar.condition(&visible, 2);
    let returning = if from.is_empty() { returning(grammar, target) } else { String::new() };
    format!("{verb} {said} SET {assigned}{from} WHERE {link}({condition}){returning}")
}

fn delete(grammar: &mut Grammar<'_>, target: &Target) -> String {
    let alias = grammar.random.one_in(2);
    let (said, name) =
        if alias { (format!("{} AS w", target.table), "w") } else { (target.table.to_owned(), target.table) };
    let condition = grammar.where_(&scope_of(target.table, name), 2);
    format!("DELETE FROM {said}{condition}{}", returning(grammar, target))
}
