//! The claim, tested on a real SQLite: a statement scoped to a tenant does on a database of three tenants exactly what
//! the statement itself does on a database that holds only that tenant's rows.

mod corpus;
mod database;
mod dml;
mod grammar;
mod mutants;
mod random;

use std::collections::BTreeMap;

use tenant_sql::{Dialect, RefusalKind, Rewriter};

use self::database::{Outcome, Pair};
use self::random::Random;

/// How the cases went; shares tell whether the grammar still reaches the scoper.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    rows: usize,
    changed: usize,
    failed: usize,
    refused: BTreeMap<&'static str, usize>,
}

fn cases(default: usize) -> usize {
    std::env::var("TENANT_ORACLE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

/// `TENANT_ORACLE_SHOW=1` tells what was refused and what failed on both sides.
fn show(what: &impl std::fmt::Display, sql: &str) {
    if std::env::var("TENANT_ORACLE_SHOW").is_ok() {
        eprintln!("{what}: {sql}");
    }
}

async fn compare(pair: &mut Pair, rewriter: &Rewriter, sql: &str, arguments: &[i64], tally: &mut Tally) {
    tally.cases += 1;
    let plan = match rewriter.rewrite(sql) {
        Ok(plan) => plan,
        Err(refusal) => {
            assert_ne!(refusal.kind(), RefusalKind::RoundTrip, "{refusal}: {sql}");
            assert!(
                !refusal.hint().contains("proved"),
                "the verifier refused the scoper's work: {refusal}: {sql}"
            );
            show(&refusal, sql);
            *tally.refused.entry(refusal.kind().as_str()).or_default() += 1;
            return;
        }
    };
    plan.check_arguments(arguments.len()).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
    let shared = pair.run_shared(&plan, arguments).await;
    let single = pair.run_single(sql, arguments).await;
    match (&shared, &single) {
        (Outcome::Done(shared), Outcome::Done(single)) => {
            assert_eq!(shared.columns, single.columns, "names of\n{sql}\n{}", plan.sql());
            assert_eq!(shared.rows, single.rows, "rows of\n{sql}\n{}", plan.sql());
            assert_eq!(shared.own, single.own, "contents after\n{sql}\n{}", plan.sql());
            assert!(shared.others_untouched, "another tenant's rows changed by\n{sql}\n{}", plan.sql());
            tally.rows += shared.rows.len();
            tally.changed += usize::from(shared.changed);
        }
        (Outcome::Failed(shared), Outcome::Failed(_)) => {
            tally.failed += 1;
            show(shared, sql);
        }
        _ => panic!("one side failed\n{sql}\n{}\nshared: {shared:?}\nsingle: {single:?}", plan.sql()),
    }
}

async fn generate(seed: u64, count: usize, make: impl Fn(&mut Random) -> (String, Vec<i64>)) -> Tally {
    let mut pair = Pair::open().await;
    let rewriter = crate::common::rewriter(Dialect::Sqlite);
    let mut tally = Tally::default();
    for case in 0..count as u64 {
        let mut random = Random::new(seed.wrapping_add(case));
        let (sql, arguments) = make(&mut random);
        compare(&mut pair, &rewriter, &sql, &arguments, &mut tally).await;
    }
    eprintln!("{tally:?}");
    tally
}

#[tokio::test]
async fn hand_written_statements_do_what_they_do_on_a_database_of_one() {
    let mut pair = Pair::open().await;
    let rewriter = crate::common::rewriter(Dialect::Sqlite);
    let mut tally = Tally::default();
    for sql in corpus::STATEMENTS.iter().chain(corpus::SPELLINGS) {
        let plan = rewriter.rewrite(sql).unwrap_or_else(|refusal| panic!("{refusal}: {sql}"));
        let arguments: Vec<i64> = (1..=plan.arguments() as i64).collect();
        compare(&mut pair, &rewriter, sql, &arguments, &mut tally).await;
    }
    assert_eq!(tally.failed, 0, "the corpus only has statements that work");
}

#[tokio::test]
async fn generated_queries_do_what_they_do_on_a_database_of_one() {
    let tally = generate(1, cases(1_500), grammar::query).await;
    assert!(tally.failed * 10 < tally.cases, "the grammar makes too many faulty statements: {tally:?}");
    assert!(tally.refused.values().sum::<usize>() * 10 < tally.cases, "too much is refused: {tally:?}");
}

#[tokio::test]
async fn generated_writes_do_what_they_do_on_a_database_of_one() {
    let tally = generate(1_000_000_000, cases(1_000), dml::write).await;
    assert!(tally.changed * 4 > tally.cases, "the grammar changes too little: {tally:?}");
    assert!(tally.refused.values().sum::<usize>() * 10 < tally.cases, "too much is refused: {tally:?}");
}

#[tokio::test]
async fn mutilated_statements_show_and_touch_nothing_of_others() {
    let mut pair = Pair::open().await;
    let rewriter = crate::common::rewriter(Dialect::Sqlite);
    let (mut accepted, mut done) = (0, 0);
    let total = 2 * cases(4_000);
    for case in 0..total as u64 {
        let sql = mutants::mutant(&mut Random::new(2_000_000_000 + case));
        let Ok(plan) = rewriter.rewrite(&sql).inspect_err(|refusal| {
            show(refusal, &sql);
            assert!(!refusal.hint().contains("proved"), "only the verifier refused: {refusal}: {sql}");
        }) else {
            continue;
        };
        accepted += 1;
        let arguments: Vec<i64> = (1..=plan.arguments() as i64).collect();
        let Outcome::Done(shared) = pair.run_shared(&plan, &arguments).await else { continue };
        done += 1;
        assert!(shared.others_untouched, "another tenant's rows changed by\n{sql}\n{}", plan.sql());
        let seen = shared.rows.iter().find(|row| row.contains("canary-t1") || row.contains("canary-t3"));
        assert_eq!(seen, None, "{sql}\n{}", plan.sql());
        if let Outcome::Done(single) = pair.run_single(&sql, &arguments).await
            && (single.rows != shared.rows || single.own != shared.own)
        {
            // A LIMIT without ORDER BY, a bare column beside an aggregate: nobody promised which row.
            show(&"differs", &format!("{sql}\n  {}\n  {:?}\n  {:?}", plan.sql(), shared.rows, single.rows));
        }
    }
    eprintln!("{accepted} accepted, {done} ran");
    assert!(done * 15 > total, "too few mutants live: {done}");
}
