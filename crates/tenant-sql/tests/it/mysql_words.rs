//! What MySQL and MariaDB say in words of their own. Each form was run on MariaDB 10.11 beside a database of one tenant.

use tenant_sql::{Dialect, RefusalKind};

use crate::common::rewriter;

fn scoped(sql: &str) -> Result<String, (RefusalKind, String)> {
    let plan = rewriter(Dialect::MySql).rewrite(sql);
    plan.map(|plan| plan.sql().to_string())
        .map_err(|refusal| (refusal.kind(), refusal.construct().to_owned()))
}

fn all(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        assert_eq!(scoped(sql).as_deref(), Ok(*expected), "{sql}");
    }
}

fn refused(kind: RefusalKind, statements: &[&str]) {
    for sql in statements {
        assert_eq!(scoped(sql).map_err(|(kind, _)| kind), Err(kind), "{sql}");
    }
}

/// With `ANSI_QUOTES` the server would read a name; what is sent is a text to every server.
#[test]
fn texts_in_double_quotes_are_sent_in_single_ones() {
    all(&[
        (
            r#"SELECT id FROM users WHERE name = "x""#,
            "SELECT id FROM users WHERE (name = 'x') AND `users`.`tenant_id` = :tenant",
        ),
        (
            r#"SELECT id FROM users WHERE name IN ("it's", "a""b", "a\"b", "a\'b", "a\\", "\n", 'a"b', "")"#,
            r#"SELECT id FROM users WHERE (name IN ('it''s', 'a"b', 'a"b', 'a''b', 'a\\', '\n', 'a"b', '')) AND `users`.`tenant_id` = :tenant"#,
        ),
        (
            r#"SELECT id FROM users WHERE name = "\\' OR 1 = 1 -- ""#,
            r#"SELECT id FROM users WHERE (name = '\\'' OR 1 = 1 -- ') AND `users`.`tenant_id` = :tenant"#,
        ),
        (
            r#"SELECT id FROM users WHERE BINARY "x" = name AND name LIKE "a!%" ESCAPE "!""#,
            "SELECT id FROM users WHERE (CAST('x' AS BINARY) = name AND name LIKE 'a!%' ESCAPE '!') AND `users`.`tenant_id` = :tenant",
        ),
        (
            r#"UPDATE users SET name = "x" WHERE id = 1"#,
            "UPDATE users SET name = 'x' WHERE `users`.`tenant_id` = :tenant AND (id = 1)",
        ),
    ]);
}

#[test]
fn a_text_in_double_quotes_names_nothing_of_ours() {
    assert_eq!(
        scoped(r#"SELECT id FROM users WHERE "tenant_id" = "another""#).as_deref(),
        Ok("SELECT id FROM users WHERE ('tenant_id' = 'another') AND `users`.`tenant_id` = :tenant"),
    );
    refused(
        RefusalKind::UnsupportedConstruct,
        &[r#"SELECT "a" "b""#, r#"SELECT 'a' "b""#, r#"SELECT id FROM users WHERE name = "a" 'b'"#],
    );
    refused(RefusalKind::TenantColumnWrite, &[r#"UPDATE users SET "tenant_id" = 'x'"#]);
}

/// The server names them after the text, however it was quoted.
#[test]
fn columns_of_text_keep_their_names() {
    all(&[
        (r#"SELECT "x""#, "SELECT 'x'"),
        (r#"SELECT 'it\'s', ("x"), _utf8mb4"y""#, "SELECT 'it''s', ('x'), _utf8mb4 'y'"),
        (r#"SELECT concat("a", 'b')"#, r#"SELECT concat('a', 'b') AS `concat("a", 'b')`"#),
    ]);
}

/// It binds closer than `OR` and looser than `AND` and every comparison.
#[test]
fn xor_stands_where_the_database_has_it() {
    all(&[
        (
            "SELECT id FROM users WHERE id = 1 XOR name = 'x'",
            "SELECT id FROM users WHERE (id = 1 XOR name = 'x') AND `users`.`tenant_id` = :tenant",
        ),
        (
            "DELETE FROM users WHERE id = 1 XOR age > 2",
            "DELETE FROM users WHERE `users`.`tenant_id` = :tenant AND (id = 1 XOR age > 2)",
        ),
        (
            "SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id XOR o.id = 3",
            "SELECT u.id FROM users u LEFT JOIN orders o ON (o.user_id = u.id XOR o.id = 3) AND `o`.`tenant_id` = :tenant \
             WHERE `u`.`tenant_id` = :tenant",
        ),
        // Split at AND, a guard would stand inside one side of XOR: each side has its own here.
        (
            "SELECT id FROM users WHERE abs(age) > 1 XOR name = 'x' AND id > 2",
            "SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant AND \
             (CASE WHEN `users`.`tenant_id` <=> :tenant THEN abs(age) > 1 XOR name = 'x' AND id > 2 END)",
        ),
        (
            "SELECT id FROM users WHERE id > 2 AND (name = 'x' XOR abs(age) > 1)",
            "SELECT id FROM users WHERE `users`.`tenant_id` <=> :tenant AND \
             (id > 2 AND (CASE WHEN `users`.`tenant_id` <=> :tenant THEN name = 'x' XOR abs(age) > 1 END))",
        ),
    ]);
}

/// A row that would conflict is left as it is: with a key of all tenants, another's row would be told by that.
#[test]
fn update_ignore_takes_a_table_whose_keys_carry_the_tenant() {
    all(&[
        (
            "UPDATE IGNORE users SET email = ? WHERE id > 1",
            "UPDATE IGNORE users SET email = ? WHERE `users`.`tenant_id` = :tenant AND (id > 1)",
        ),
        (
            "update low_priority ignore users SET id = id + 1 ORDER BY id LIMIT 3",
            "UPDATE IGNORE users SET id = id + 1 WHERE `users`.`tenant_id` = :tenant ORDER BY id LIMIT 3",
        ),
    ]);
    refused(
        RefusalKind::UnsupportedConstruct,
        &[
            "UPDATE IGNORE tickets SET code = 'x'",
            "UPDATE IGNORE tickets SET id = 1 WHERE id = 2",
            "UPDATE IGNORE users u JOIN orders o ON o.user_id = u.id SET u.id = 1",
            "UPDATE IGNORE tickets t JOIN users u ON u.id = t.id SET t.code = 'x'",
        ],
    );
    refused(RefusalKind::TenantColumnWrite, &["UPDATE IGNORE users SET tenant_id = 'x'"]);
    refused(
        RefusalKind::Syntax,
        &[
            "UPDATE OR IGNORE users SET id = 1",
            "UPDATE OR REPLACE users SET id = 1",
            "UPDATE OR ROLLBACK users SET id = 1",
        ],
    );
}

#[test]
fn variables_that_tell_of_nobody_are_read() {
    all(&[
        ("SELECT @@version", "SELECT @@version"),
        ("SELECT @@SQL_MODE AS m, @@autocommit", "SELECT @@SQL_MODE AS m, @@autocommit"),
        (
            "SELECT id FROM users WHERE @@autocommit = 1",
            "SELECT id FROM users WHERE (@@autocommit = 1) AND `users`.`tenant_id` = :tenant",
        ),
    ]);
    // What the statement before left on the connection, what all tenants have written, and what is on the machine.
    refused(
        RefusalKind::Arguments,
        &[
            "SELECT @@warning_count",
            "SELECT @@error_count",
            "SELECT @@last_insert_id",
            "SELECT @@identity",
            "SELECT @@insert_id",
            "SELECT @@last_gtid",
            "SELECT @@gtid_executed",
            "SELECT @@gtid_binlog_pos",
            "SELECT @@rand_seed1",
            "SELECT @@timestamp",
            "SELECT @@hostname",
            "SELECT @@datadir",
            "SELECT @@secure_file_priv",
            "SELECT @@general_log_file",
            "SELECT @@global.version",
            "SELECT @@session.sql_mode",
            "SELECT @@versions",
            "SELECT @version",
            "SELECT @",
            "SELECT id@@version FROM users",
        ],
    );
}
