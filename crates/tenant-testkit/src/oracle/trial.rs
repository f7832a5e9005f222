//! One run of a statement, rolled back.

use super::answer::{Answer, Failure};
use super::contents::Contents;
use super::databases::Databases;
use super::error::OracleError;
use super::link::Link;
use super::schema::Schema;
use super::value::Value;

/// What one run of a statement did.
pub(super) struct Trial {
    pub(super) answer: Result<Answer, Failure>,
    pub(super) contents: Contents,
}

/// A text and its arguments.
pub(super) type Run<'r> = (&'r str, &'r [Value]);

pub(super) async fn trial(
    databases: &Databases,
    schema: &Schema,
    link: &mut Link,
    (sql, arguments): Run<'_>,
    writes: bool,
) -> Result<Trial, OracleError> {
    if !writes {
        let answer = live(link.run(sql, arguments).await)?;
        return Ok(Trial { answer, contents: Contents::default() });
    }
    let doing = || OracleError::setup("a transaction");
    link.batch("BEGIN").await.map_err(doing())?;
    let answer = live(link.run(sql, arguments).await)?;
    // A machine under load may be too slow even for this.
    let (answer, contents) = match answer {
        Ok(answer) => match databases.contents(link, schema).await {
            Ok(contents) => (Ok(answer), contents),
            Err(_) => (Err(Failure::TooLarge), Contents::default()),
        },
        Err(failure) => (Err(failure), Contents::default()),
    };
    // SQLite ends the transaction itself when a statement is interrupted or conflicts with OR ROLLBACK.
    if let (Err(error), Ok(_)) = (link.batch("ROLLBACK").await, &answer) {
        return Err(doing()(error));
    }
    Ok(Trial { answer, contents })
}

fn live(answer: Result<Answer, Failure>) -> Result<Result<Answer, Failure>, OracleError> {
    match answer {
        Err(Failure::Lost(why)) => Err(OracleError::Lost(why)),
        answer => Ok(answer),
    }
}
