use super::*;

/// Line, column and statement, or why there is none.
fn found(source: &str) -> Vec<(usize, usize, String)> {
    let flat = |found: Found| {
        let text = match found.sql {
            Sql::Text(sql) => sql,
            Sql::Unknown(why) => format!("? {why}"),
        };
        (found.place.line, found.place.column, text)
    };
    statements(Path::new("src/lib.rs"), source).into_iter().map(flat).collect()
}

fn texts(source: &str) -> Vec<String> {
    found(source).into_iter().map(|(_, _, text)| text).collect()
}

#[test]
fn finds_macros_and_where_they_stand() {
    let source = r##"
async fn f() {
    sqlx::query!("SELECT 1", a).fetch_one(db).await;
    let b = query_as!(User<'_>, r#"SELECT "b" FROM b"#, a, b);
    sqlx::query_scalar!("SELECT " + "a" + " FROM a");
}"##;
    assert_eq!(
        found(source),
        [
            (3, 18, "SELECT 1".to_owned()),
            (4, 33, "SELECT \"b\" FROM b".to_owned()),
            (5, 25, "SELECT a FROM a".to_owned())
        ]
    );
}

#[test]
fn finds_calls_and_text_that_is_run() {
    let source = r#"
fn f() {
    sqlx::query("SELECT 1").bind(1);
    sqlx::query_as::<_, (i64,)>("SELECT 2");
    sqlx::raw_sql("SELECT 3");
    query_scalar("SELECT 4");
    db.execute("DELETE FROM a");
    sqlx::query(AssertSqlSafe("SELECT 5"));
}"#;
    assert_eq!(texts(source), ["SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4", "DELETE FROM a", "SELECT 5"]);
}

#[test]
fn follows_constants_of_the_file() {
    let source = r#"
const COLUMNS: &str = "id, name";
const ALL: &str = concat!("SELECT ", "id", " FROM a");
struct Store;
impl Store { const ONE: &'static str = "SELECT 1"; }
fn f() {
    sqlx::query(ALL);
    sqlx::query(Store::ONE);
    sqlx::query(&*elsewhere::SQL);
}"#;
    assert_eq!(texts(source), ["SELECT id FROM a", "SELECT 1", "? it is put together at run time"]);
}

#[test]
fn a_constant_of_two_meanings_or_of_none_is_not_guessed() {
    let source = r#"
mod a { pub const SQL: &str = "SELECT 1"; }
mod b { pub const SQL: &str = "SELECT 2"; }
const LOOP: &str = LOOP;
fn f() { sqlx::query(a::SQL); sqlx::query(LOOP); }"#;
    assert_eq!(
        texts(source),
        ["? it is no text that stands in this file", "? its constants refer to each other too deeply"]
    );
}

#[test]
fn tells_of_what_is_put_together_at_run_time() {
    let source = r#"
fn f(name: &str) {
    sqlx::query(&format!("SELECT * FROM {name}"));
    let mut builder = QueryBuilder::new("SELECT * FROM a WHERE ");
    sqlx::query!(name());
}"#;
    let texts = texts(source);
    assert_eq!(texts.len(), 3);
    assert!(texts.iter().all(|text| text.starts_with("? ")), "{texts:?}");
}

#[test]
fn looks_into_other_macros_and_into_arguments() {
    let source = r#"
fn f() {
    assert_eq!(sqlx::query("SELECT 1"), vec![sqlx::query!("SELECT 2", sqlx::query("SELECT 3"))]);
    tokio::select! { _ = async {} => {} }
    spawn! { let a = 1; sqlx::query("SELECT 4"); }
}"#;
    assert_eq!(texts(source), ["SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"]);
}

#[test]
fn what_only_has_the_name_of_a_call_is_left_alone() {
    let source = r#"
fn f() {
    query("name");
    url.query("page=1");
    command.execute("insert coin");
    job.execute(42);
    other::query("SELECT 1");
}"#;
    assert_eq!(texts(source), ["insert coin"]);
}

#[test]
fn a_file_that_is_no_rust_is_told_of() {
    assert_eq!(found("fn (").len(), 1);
}
