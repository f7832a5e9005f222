use std::{
    str::FromStr,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use sqlx::{
    Connection, MySql, MySqlConnection, Pool, Row,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};

use super::{Sql, rows, sql};
use crate::{driver::Unsafe, statement::trusted};

const CONNECTIONS: u32 = 10;

/// How long a connection may rest and still be taken for alive.
const TRUSTED_REST: Duration = Duration::from_secs(1);

/// sqlx sets the character set, the time zone and parts of the SQL mode of each session. All else has to be as it should
/// be, and is checked on each connection that is opened.
pub(super) async fn connect(url: &str, connections: Option<u32>) -> sqlx::Result<Pool<MySql>> {
    // `||` is refused, whatever it means; without this it means what the server says.
    let options = MySqlConnectOptions::from_str(url)?.pipes_as_concat(false);
    // The pool would try again for half a minute, and then say no more than that it took too long.
    let mut first = MySqlConnection::connect_with(&options).await?;
    check(&mut first).await?;
    first.close().await?;
    pool().max_connections(connections.unwrap_or(CONNECTIONS)).connect_with(options).await
}

fn pool() -> MySqlPoolOptions {
    MySqlPoolOptions::new()
        .test_before_acquire(false)
        .after_connect(|connection, _| async { check(connection).await }.boxed())
        .before_acquire(|connection, rest| {
            async move { Ok(rest.idle_for < TRUSTED_REST || connection.ping().await.is_ok()) }.boxed()
        })
        .after_release(|connection, _| async { Ok(is_in_step(connection).await) }.boxed())
}

/// How long a connection may take to come back.
const TRUSTED_RETURN: Duration = Duration::from_secs(1);

/// Whether the answers that come are those to what was asked, which a ping does not tell: the answer to one is that to
/// any other. Dropped while it prepares a statement, sqlx takes what the server says of it for its outcome. What follows
/// may then be taken for something else, or never come: the connection would be on its way back for ever, and the pool
/// one short.
async fn is_in_step(connection: &mut MySqlConnection) -> bool {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    answers(connection, format!("SELECT {number}"), number).await
}

async fn answers(connection: &mut MySqlConnection, question: String, number: i64) -> bool {
    let question = sqlx::raw_sql(trusted(question));
    let answer = tokio::time::timeout(TRUSTED_RETURN, question.fetch_one(connection)).await;
    matches!(answer, Ok(Ok(row)) if row.try_get::<i64, _>(0).is_ok_and(|answer| answer == number))
}

async fn check(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    let settings = Settings::of(connection).await?;
    settings.texts()?;
    Ok(settings.commits()?)
}

/// Whether the server reads a statement as it was scoped, and writes what it says.
pub(super) async fn check_texts(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    Ok(Settings::of(connection).await?.texts()?)
}

/// Modes in which the server reads another statement than the one that was scoped
/// (<https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html>, <https://mariadb.com/kb/en/sql-mode/>): a backslash that
/// ends a literal, a literal that is a name, `NOT a = b` read the other way round.
const FORBIDDEN: [&str; 4] = ["NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "HIGH_NOT_PRECEDENCE", "ORACLE"];

/// Without one of these a tenant that is too long for its column is cut, and may then be another.
const STRICT: [&str; 2] = ["STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"];

/// In these a byte of ASCII is never a part of another character.
const CHARSETS: [&str; 3] = ["utf8mb4", "utf8mb3", "utf8"];

const SETTINGS: Sql = sql!(
    "SELECT @@sql_mode, @@character_set_client, CAST(@@innodb_flush_log_at_trx_commit AS CHAR),
        if(@@autocommit, 'on', 'off')"
);

#[derive(Default)]
struct Settings {
    modes: String,
    charset: String,
    flush: String,
    autocommit: String,
}

impl Settings {
    async fn of(connection: &mut MySqlConnection) -> sqlx::Result<Self> {
        let rows = rows::glance(connection, SETTINGS, vec![]).await?;
        let mut cells = rows.into_iter().flatten().map(|cell| cell.into_text().unwrap_or_default());
        let mut next = || cells.next().unwrap_or_default();
        Ok(Self { modes: next(), charset: next(), flush: next(), autocommit: next() })
    }

    fn texts(&self) -> Result<(), Unsafe> {
        let has = |mode: &&str| self.modes.split(',').any(|own| own.eq_ignore_ascii_case(mode));
        if FORBIDDEN.iter().any(has) {
            let wanted = "without NO_BACKSLASH_ESCAPES, ANSI_QUOTES, HIGH_NOT_PRECEDENCE and ORACLE";
            return Err(Unsafe { setting: "sql_mode", wanted });
        }
        if !STRICT.iter().any(has) {
            return Err(Unsafe { setting: "sql_mode", wanted: "with STRICT_TRANS_TABLES" });
        }
        match CHARSETS.contains(&self.charset.as_str()) {
            true => Ok(()),
            false => Err(Unsafe { setting: "character_set_client", wanted: "utf8mb4" }),
        }
    }

    /// 1 and, on MariaDB, 3 have the log on disk before a commit is acknowledged
    /// (<https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html#sysvar_innodb_flush_log_at_trx_commit>).
    fn commits(&self) -> Result<(), Unsafe> {
        match (self.flush.as_str(), self.autocommit.as_str()) {
            ("1" | "3", "on") => Ok(()),
            ("1" | "3", _) => Err(Unsafe { setting: "autocommit", wanted: "on" }),
            _ => Err(Unsafe { setting: "innodb_flush_log_at_trx_commit", wanted: "1" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tenant_testkit::servers::MariaDb;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_answers_another_question_or_none_is_not_in_step() {
        let mut connection = MySqlConnection::connect(&MariaDb::shared().unwrap().url()).await.unwrap();
        assert!(is_in_step(&mut connection).await && is_in_step(&mut connection).await);
        for (question, answer) in [("SELECT 7", true), ("SELECT 8", false), ("DO 7", false), ("7", false)] {
            assert_eq!(answers(&mut connection, question.to_owned(), 7).await, answer, "{question}");
        }
        let begin = Instant::now();
        assert!(!answers(&mut connection, "SELECT 7 + sleep(30)".to_owned(), 7).await);
        assert!(begin.elapsed() < TRUSTED_RETURN * 5);
    }

    /// sqlx takes what the server says of a statement that it prepares for the outcome of that statement.
    #[tokio::test]
    async fn a_connection_on_which_a_preparation_was_dropped_is_not_in_step() {
        // On a busy machine one poll may come to the end of it, or not get to send anything.
        for _ in 0..20 {
            let mut connection = MySqlConnection::connect(&MariaDb::shared().unwrap().url()).await.unwrap();
            let is_dropped = tokio::select! {
                biased;
                _ = sqlx::query("SELECT ?, 2, 3").bind(1).fetch_one(&mut connection) => false,
                () = std::future::ready(()) => true,
            };
            if is_dropped && !is_in_step(&mut connection).await {
                return;
            }
        }
        panic!("each of them was said to be in step");
    }
}
