//! The statements of `corpus/`, judged by the oracle through sqllogictest.
//!
//! `statement ok`: the statement does on the shared database what it does on one of the tenant alone. `statement count n`:
//! and it gives `n` rows. `statement error refused`: it is refused. Arguments stand in a comment behind the statement.

use std::fmt;
use std::path::{Path, PathBuf};

use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner, parse_file};
use tenant_sql::Dialect;
use tenant_testkit::oracle::{Oracle, Value, Verdict, shop};

use crate::oracle::url;

struct Judged(Oracle);

#[derive(Debug)]
struct Unproved(String);

impl fmt::Display for Unproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unproved {}

#[async_trait::async_trait]
impl AsyncDB for Judged {
    type Error = Unproved;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, Unproved> {
        let (sql, arguments) = text.split_once("\n-- arguments: ").unwrap_or((text, ""));
        let arguments = values(arguments);
        let mut verdict = self.0.check(sql, &arguments).await;
        // Nothing here takes long: where the machine is busy with something else, it is asked again.
        for _ in 0..5 {
            if !matches!(verdict, Ok(Verdict::TooLarge)) {
                break;
            }
            verdict = self.0.check(sql, &arguments).await;
        }
        match verdict {
            Ok(Verdict::Same { rows, .. }) => Ok(DBOutput::StatementComplete(rows as u64)),
            Ok(Verdict::Refused(refusal)) => Err(Unproved(format!("refused: {}: {refusal}", refusal.kind()))),
            Ok(other) => Err(Unproved(format!("{other:?}"))),
            Err(error) => Err(Unproved(error.to_string())),
        }
    }

    async fn shutdown(&mut self) {}
}

/// `1, 'x', TRUE`
fn values(text: &str) -> Vec<Value> {
    let parts = text.split(", ").filter(|part| !part.is_empty());
    parts
        .map(|part| match part {
            "TRUE" => true.into(),
            "FALSE" => false.into(),
            "NULL" => Value::Null,
            text if text.starts_with('\'') => text.trim_matches('\'').into(),
            number if number.contains('.') => number.parse::<f64>().unwrap().into(),
            number => number.parse::<i64>().unwrap().into(),
        })
        .collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every record that does not do what its file says.
async fn judge(dialect: Dialect, folder: &str) -> usize {
    let mut records = 0;
    let mut failures = Vec::new();
    let open = || async { Ok(Judged(shop(dialect, url(dialect)).open().await.unwrap())) };
    let mut runner = Runner::new(open);
    for file in files(folder) {
        for record in parse_file::<DefaultColumnType>(&file).unwrap() {
            records += usize::from(matches!(record, sqllogictest::Record::Statement { .. }));
            if let Err(error) = runner.run_async(record).await {
                failures.push(error.to_string());
            }
        }
    }
    assert!(failures.is_empty(), "{} of {records}:\n{}", failures.len(), failures.join("\n\n"));
    records
}

#[tokio::test]
async fn the_corpus_of_sqlite_does_what_it_does_on_a_database_of_one() {
    assert!(judge(Dialect::Sqlite, "sqlite").await > 2_000);
}

#[tokio::test]
async fn the_corpus_of_postgres_does_what_it_does_on_a_database_of_one() {
    assert!(judge(Dialect::Postgres, "postgres").await > 2_000);
}

#[tokio::test]
async fn the_corpus_of_mariadb_does_what_it_does_on_a_database_of_one() {
    assert!(judge(Dialect::MySql, "mysql").await > 2_000);
}
