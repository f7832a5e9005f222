//! Some seconds of each dialect's generated statements; the `oracle` command does as many as one likes.

use tenant_sql::Dialect;
use tenant_testkit::campaign::Campaign;
use tenant_testkit::fuzz::{Fuzzer, Outcome};
use tenant_testkit::generate::Generator;
use tenant_testkit::oracle::shop;

use crate::oracle::{DIALECTS, url};

async fn generated_statements_do_what_they_do_on_a_database_of_one(dialect: Dialect) {
    let oracle = shop(dialect, url(dialect)).open().await.unwrap();
    let generator = Generator::new(dialect, oracle.schema(), &["secrets"]);
    let mut campaign = Campaign::new(oracle, generator);
    for seed in 0..600 {
        campaign.judge(seed).await.unwrap();
    }
    let tally = campaign.tally().clone();
    eprintln!("{dialect:?}: {tally}");
    let findings = campaign.smallest_findings().await.unwrap();
    assert!(findings.is_empty(), "{} differ, the smallest:\n{}", findings.len(), findings[0].difference);
    assert!(tally.fails * 5 < tally.generated(), "the grammar makes too many faulty statements: {tally}");
    assert!(tally.changed * 10 > tally.generated(), "the grammar changes too little: {tally}");
    campaign.close().await.unwrap();
}

#[tokio::test]
async fn on_sqlite() {
    generated_statements_do_what_they_do_on_a_database_of_one(Dialect::Sqlite).await;
}

#[tokio::test]
async fn on_postgres() {
    generated_statements_do_what_they_do_on_a_database_of_one(Dialect::Postgres).await;
}

#[tokio::test]
async fn on_mariadb() {
    generated_statements_do_what_they_do_on_a_database_of_one(Dialect::MySql).await;
}

#[test]
fn mutated_statements_are_scoped_or_refused() {
    for dialect in DIALECTS {
        let mut fuzzer = Fuzzer::new(dialect);
        let mut accepted = 0;
        for seed in 0..1_000 {
            match fuzzer.try_one(seed) {
                Outcome::Accepted => accepted += 1,
                Outcome::Refused => {}
                Outcome::Found(what) => panic!("seed {seed}: {what}"),
            }
        }
        assert!(accepted > 20, "{dialect:?}: too few mutants live: {accepted}");
    }
}

/// Of several assignments of an `UPDATE` of several tables MySQL promises no order
/// (<https://dev.mysql.com/doc/refman/8.4/en/update.html>): a value that reads what another one sets is left open.
#[tokio::test]
async fn assignments_of_several_tables_read_nothing_that_they_set() {
    let oracle = shop(Dialect::MySql, url(Dialect::MySql)).open().await.unwrap();
    let generator = Generator::new(Dialect::MySql, oracle.schema(), &["secrets"]);
    let mut several = 0;
    for sql in (0..30_000).map(|seed| generator.write(seed).sql) {
        let Some((number, rest)) =
            sql.split_once(" SET w.").and_then(|(_, assigned)| assigned.split_once(" = "))
        else {
            continue;
        };
        for text in ["name", "status", "sku"] {
            if let Some((value, words)) = rest.split_once(&format!(", w.{text} = ")) {
                several += 1;
                let words = words.split(" WHERE ").next().unwrap_or_default();
                assert!(!value.contains(text) && !words.contains(number), "{sql}");
            }
        }
    }
    assert!(several > 50, "{several}");
    oracle.close().await.unwrap();
}
