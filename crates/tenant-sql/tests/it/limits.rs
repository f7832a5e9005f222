//! A statement may be refused, never abort the process: each of these runs on a thread of 2 MiB.

use tenant_sql::{Dialect, Limits, RefusalKind, Rewriter};

use crate::common::{rewriter, shop};

fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).expect("a thread");
    thread.join().expect("no panic")
}

fn kind(dialect: Dialect, sql: String) -> Result<(), RefusalKind> {
    on_a_small_stack(move || rewriter(dialect).rewrite(&sql).map(drop).map_err(|refusal| refusal.kind()))
}

#[test]
fn refuses_chains_that_would_overflow_the_stack() {
    let n = 5_000;
    let monsters = [
        format!("SELECT id FROM users WHERE id = 1{}", " OR id = 1".repeat(n)),
        format!("SELECT id FROM users{}", " UNION SELECT id FROM users".repeat(n)),
        format!("SELECT id, name FROM users{}", " UNION SELECT id, name FROM users".repeat(n)),
        format!("SELECT 1{}", "::integer".repeat(n)),
        format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("SELECT {}", "(".repeat(n)),
        format!("SELECT {}1", "NOT ".repeat(n)),
        format!("SELECT {}1", "- ".repeat(n)),
        format!("SELECT {}1", "~".repeat(n)),
        format!("SELECT 1{}", " + 1".repeat(n)),
        format!("SELECT 1{}", " IS NULL".repeat(n)),
        format!("SELECT 1{}", " NOTNULL".repeat(n)),
        format!("SELECT 1{}", " COLLATE nocase".repeat(n)),
        format!("SELECT {}1{}", "CASE WHEN 1 THEN ".repeat(n), " END".repeat(n)),
        format!("SELECT {}", "CASE WHEN 1 THEN ".repeat(n)),
        format!("SELECT {}1{}", "abs(".repeat(n), ")".repeat(n)),
        format!("SELECT * FROM {}users{}", "(SELECT * FROM ".repeat(n), ")".repeat(n)),
        format!("SELECT * FROM {}users", "(".repeat(n)),
        format!("{}SELECT 1", "WITH a AS (".repeat(n)),
        format!("SELECT a{}", "[1]".repeat(n)),
        format!("SELECT {}1", "INTERVAL ".repeat(n)),
        format!("SELECT {}1", "EXISTS ".repeat(n)),
        format!("SELECT {}1", "DISTINCT ".repeat(n)),
        format!("SELECT * FROM users{}", " JOIN users ON 1".repeat(n)),
        format!("SELECT * FROM users{}", ", users".repeat(n)),
        format!("SELECT * FROM users u0{}", (1..n).map(|at| format!(", users u{at}")).collect::<String>()),
        format!("SELECT a{}", ".a".repeat(n)),
        format!("SELECT 'a'{}", " 'a'".repeat(n)),
        format!("SELECT CAST(1 AS {}int{})", "array<".repeat(n), ">".repeat(n)),
        format!("EXPLAIN {}SELECT 1", "EXPLAIN ".repeat(n)),
        format!("SELECT * FROM {}users", "users JOIN ".repeat(n)),
        format!("SELECT * FROM {}users {}", "users JOIN ".repeat(n), "ON 1 = 1 ".repeat(n)),
        format!("SELECT * FROM {}users {}", "users LEFT JOIN ".repeat(60), "USING (id) ".repeat(60)),
        format!("SELECT * FROM {}users", "users AS on JOIN ".repeat(60)),
        format!("SELECT * FROM {}users", "users AS cross JOIN ".repeat(60)),
        format!("SELECT * FROM {}users", "users AS natural LEFT JOIN ".repeat(60)),
        format!("SELECT * FROM {}users", "users STRAIGHT_JOIN ".repeat(60)),
        format!("SELECT * FROM {}users{}", "(users JOIN users JOIN users JOIN ".repeat(40), ")".repeat(40)),
        format!("{}SELECT 1", "INSERT INTO users WITH a AS (SELECT 1) ".repeat(90)),
        "INSERT INTO users ".repeat(90),
        "BEGIN ".repeat(n),
        "SELECT ".repeat(n),
        "INSERT INTO users ".repeat(n),
    ];
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        for sql in monsters.clone() {
            let start: String = sql.chars().take(60).collect();
            assert!(kind(dialect, sql).is_err(), "{dialect:?} accepted {start}");
        }
    }
}

/// Just inside the limits, where the tree is as deep as it may get; leftmost nesting adds up.
#[test]
fn survives_the_deepest_statements_it_accepts() {
    for n in 1..=205 {
        let chain = |n: usize| " OR id = 1".repeat(n);
        let statements = [
            format!("SELECT id FROM users WHERE id = 1{}", chain(n)),
            format!("SELECT id FROM users{}", " UNION SELECT id FROM users".repeat(n)),
            format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n)),
            format!("SELECT {}1{}", "(SELECT ".repeat(n), ")".repeat(n)),
            format!("SELECT {}1{}", "abs(".repeat(n), ")".repeat(n)),
            format!("SELECT {}1{}", "CASE WHEN 1 THEN ".repeat(n), " END".repeat(n)),
            format!("SELECT * FROM {}users{}", "(SELECT * FROM ".repeat(n), ")".repeat(n)),
            format!(
                "SELECT id FROM users WHERE {}id IN (1){}",
                "id IN (SELECT id FROM users WHERE ".repeat(n),
                ")".repeat(n)
            ),
            format!("SELECT id FROM users WHERE {}1{}", "(".repeat(n), format!("){}", chain(8)).repeat(n)),
            format!("SELECT {}1", "NOT ".repeat(n)),
        ];
        if n > 60 && n % 12 != 0 && n < 195 {
            continue;
        }
        for sql in statements {
            let _ = kind(Dialect::Sqlite, sql);
        }
    }
}

/// Each of these took seconds, or minutes: a name was looked for among all others, a place among all tokens.
/// In nanoseconds: what costs with the square of its length takes ten times as long.
const SECONDS: u64 = 3_000_000_000;

/// How long this thread has run, in nanoseconds (proc(5), `schedstat`), whatever else the machine does; `None` where
/// nobody knows.
fn processor_time() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_ascii_whitespace().next()?.parse().ok()
}

#[test]
fn long_statements_do_not_cost_more_than_their_length() {
    let ctes = |n: usize| (0..n).map(|at| format!("c{at} AS (SELECT 1)")).collect::<Vec<_>>().join(", ");
    let chain = |n: usize| {
        (1..n).map(|at| format!(", c{at} AS (SELECT * FROM c{})", at - 1)).collect::<Vec<_>>().concat()
    };
    let outer_joins = |n: usize| {
        (1..n)
            .map(|at| format!(" LEFT JOIN users u{at} ON coalesce(u{at}.age, u0.id, id, x, y)"))
            .collect::<String>()
    };
    let from = (0..60).map(|at| format!("users u{at}")).collect::<Vec<_>>().join(", ");
    let refused = [
        format!("WITH {} SELECT 1", ctes(8_000)),
        format!("WITH c0 AS (SELECT 1){} SELECT * FROM c7999", chain(8_000)),
        format!("SELECT {}", vec!["(SELECT x.a FROM (SELECT 1 AS a) x)"; 8_000].join(", ")),
        format!(
            "SELECT * FROM users u0{}",
            (1..8_000).map(|at| format!(", users u{at}")).collect::<String>()
        ),
        format!("SELECT {}", vec!["(SELECT id FROM users)"; 8_000].join(" + ")),
        format!("SELECT 1 FROM {from} WHERE {}", vec!["u1.age / u1.id -> 'a' = 1"; 60].join(" AND ")),
        format!("SELECT (SELECT 1 FROM users u0{}) FROM users", outer_joins(4_000)),
        format!(
            "SELECT (SELECT 1 FROM users a LEFT JOIN users b ON b.id IN (SELECT {} FROM users u0{})) FROM users",
            vec!["a.age"; 3_000].join(", "),
            outer_joins(1_000)
        ),
    ];
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        // MySQL's conditions are not guarded.
        for sql in refused.iter().filter(|sql| dialect != Dialect::MySql || !sql.contains("->")) {
            let start: String = sql.chars().take(60).collect();
            let begin = processor_time();
            let refusal = rewriter(dialect).rewrite(sql).expect_err(&start);
            let taken = processor_time().zip(begin).map(|(end, begin)| end - begin);
            assert!(taken.is_none_or(|taken| taken < SECONDS), "{refusal}: {start}");
            assert!(
                matches!(refusal.kind(), RefusalKind::TooLong | RefusalKind::TooDeep),
                "{refusal}: {start}"
            );
        }
        for sql in [
            format!("WITH {} SELECT 1", ctes(100)),
            format!("WITH c0 AS (SELECT 1){} SELECT * FROM c99", chain(100)),
            format!("SELECT {}", vec!["(SELECT x.a FROM (SELECT 1 AS a) x)"; 240].join(", ")),
        ] {
            assert_eq!(kind(dialect, sql), Ok(()));
        }
    }
}

#[test]
fn joins_of_all_kinds_are_accepted() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        for joins in [
            "users u JOIN orders o ON o.user_id = u.id LEFT JOIN items i ON i.order_id = o.id, plans p",
            "users u CROSS JOIN orders o JOIN items i ON i.order_id = o.id",
            "users u NATURAL JOIN plans p LEFT JOIN items i ON i.id = 1",
            "users u JOIN orders o USING (id) INNER JOIN items i USING (id)",
            "users u JOIN (orders o JOIN items i ON i.order_id = o.id) ON o.user_id = u.id",
            "users u JOIN orders o ON o.id IN (SELECT i.id FROM items i JOIN plans p ON p.id = i.id) JOIN plans q ON q.id = 1",
        ] {
            assert_eq!(kind(dialect, format!("SELECT u.id FROM {joins}")), Ok(()), "{dialect:?}: {joins}");
        }
    }
}

#[test]
fn accepts_what_real_applications_send() {
    let list = |n: usize, item: &str| vec![item; n].join(", ");
    let statements = [
        format!("SELECT id FROM users WHERE id IN ({})", list(5_000, "?")),
        format!("INSERT INTO users (id, name, email) VALUES {}", list(900, "(?, ?, 'x')")),
        format!("SELECT id FROM users WHERE id = 1{}", " OR id = 1".repeat(60)),
        format!("SELECT id FROM users WHERE id = 1{}", " AND name <> 'x'".repeat(60)),
        format!("SELECT {} FROM users", list(500, "id + 1")),
        format!("SELECT id FROM users{}", " UNION ALL SELECT id FROM users".repeat(25)),
        format!("SELECT {}1{}", "(".repeat(12), ")".repeat(12)),
        format!("SELECT CASE {} ELSE 0 END FROM users", "WHEN id = ? THEN 1 ".repeat(90)),
        format!(
            "SELECT * FROM users u0{}",
            (1..20).map(|at| format!(" JOIN users u{at} ON u{at}.id = u0.id")).collect::<String>()
        ),
    ];
    for sql in statements {
        let start: String = sql.chars().take(60).collect();
        assert_eq!(kind(Dialect::Sqlite, sql), Ok(()), "{start}");
    }
}

#[test]
fn limits_can_be_lowered() {
    let rewriter = |limits| Rewriter::new(shop(Dialect::Sqlite).build().expect("sound")).with_limits(limits);
    let kind = |limits, sql: &str| rewriter(limits).rewrite(sql).map(drop).map_err(|refusal| refusal.kind());
    assert_eq!(kind(Limits::default().with_bytes(10), "SELECT id FROM users"), Err(RefusalKind::TooLong));
    assert_eq!(kind(Limits::default().with_tokens(3), "SELECT id FROM users"), Err(RefusalKind::TooLong));
    assert_eq!(kind(Limits::default().with_depth(1), "SELECT ((1))"), Err(RefusalKind::TooDeep));
    assert_eq!(kind(Limits::default().with_chain(3), "SELECT 1 + 1 + 1 + 1 + 1"), Err(RefusalKind::TooDeep));
}

/// Found in a debug build: the parser's own reserve of stack is too small for its frames there.
#[test]
fn brackets_in_from_never_overflow_a_small_stack() {
    for kibibytes in [256, 512, 1024, 2048] {
        let worker = std::thread::Builder::new().stack_size(kibibytes << 10).spawn(|| {
            for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
                let rewriter = rewriter(dialect);
                for depth in 1..60 {
                    let (open, close) = ("(".repeat(depth), ")".repeat(depth));
                    let statement =
                        format!("SELECT a.id FROM {open}users AS a JOIN users AS b ON a.id = b.id{close}");
                    // Scoped or refused: what counts is that there is an answer.
                    drop(rewriter.rewrite(&statement));
                }
            }
        });
        worker.unwrap().join().unwrap();
    }
}

/// Each level doubles the time of the parser, found by fuzzing.
#[test]
fn what_the_parser_reads_twice_at_each_level_is_refused_before() {
    let deep =
        |open: &str, close: &str| format!("SELECT {}1{} FROM users", open.repeat(40), close.repeat(40));
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        let rewriter = rewriter(dialect);
        for sql in
            [deep("(SELECT NOT IN ", ")"), deep("position(", ")"), deep("position(1 + position(", "))")]
        {
            let begin = std::time::Instant::now();
            let refusal = rewriter.rewrite(&sql).unwrap_err();
            assert!(begin.elapsed() < std::time::Duration::from_secs(1), "{refusal}");
        }
        let plain = "SELECT id FROM users WHERE id NOT IN (1) AND (id) NOT IN (2) AND 'x' NOT IN ('y') AND NOT id IN (4)";
        assert!(rewriter.rewrite(plain).is_ok());
        assert!(
            rewriter.rewrite("SELECT id FROM users WHERE CASE WHEN id = 1 THEN 2 END NOT IN (3)").is_ok()
        );
    }
}

/// Commas between the tables of an UPDATE are read as joins, which would nest; found by fuzzing.
#[test]
fn commas_in_the_tables_of_an_update_never_overflow_a_small_stack() {
    for commas in
        [" ,".repeat(20_000), ", t ".repeat(20_000), " , JOIN".repeat(5_000), ", CROSS JOIN".repeat(5_000)]
    {
        on_a_small_stack(move || {
            let sql = format!("UPDATE users u {commas} SET u.age = 1");
            assert!(rewriter(Dialect::MySql).rewrite(&sql).is_err());
        });
    }
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        for join in [" CROSS JOIN", " NATURAL JOIN", " JOIN", " INNER JOIN", " CROSS JOIN NATURAL JOIN"] {
            on_a_small_stack(move || {
                let sql = format!("SELECT 1 FROM users u{}", join.repeat(5_000));
                assert!(rewriter(dialect).rewrite(&sql).is_err());
            });
        }
    }
}
