//! What the README shows of SQL is what happens.

#![cfg(feature = "sqlite")]
#![allow(missing_docs)]

use tenant::{
    Catalog, Table,
    sql::{Dialect, Rewriter},
};

#[test]
fn statements_are_scoped_and_refused_as_the_readme_shows() {
    let readme = include_str!("../../../README.md");
    let block = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let users = Table::owned("users").columns(["id", "email", "name", "age", "tenant_id"]);
    let catalog =
        Catalog::builder(Dialect::Sqlite).table(users).table(Table::hidden("secrets")).build().unwrap();
    let rewriter = Rewriter::new(catalog);
    let examples: Vec<&str> = block.split("\n\n").collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let (statement, answer) = example.trim().split_once("\n-> ").unwrap();
        let got = match rewriter.rewrite(statement) {
            Ok(plan) => plan.sql().to_string(),
            Err(refusal) => format!("refused: {refusal}"),
        };
        assert_eq!(got, answer);
    }
}
