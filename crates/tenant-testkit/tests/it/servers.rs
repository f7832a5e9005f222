use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection, MySqlConnection, PgConnection};
use tenant_testkit::servers::{MariaDb, Postgres, Redis, ServerErrorKind, ServerOptions};

async fn postgres_says(url: &str, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

async fn mariadb_says(url: &str, sql: &'static str) -> String {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

fn redis_says(url: &str, commands: &str) -> String {
    let (password, place) = url.strip_prefix("redis://:").unwrap().split_once('@').unwrap();
    let (address, database) = place.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "AUTH {password}\r\nSELECT {database}\r\n{commands}\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn postgres_gives_each_test_a_database_of_its_own() {
    let server = Postgres::shared().unwrap();
    let (one, two) = (server.database("shop").unwrap(), server.database("shop").unwrap());
    assert_ne!(one, two);
    let mut connection = PgConnection::connect(&one).await.unwrap();
    sqlx::query("CREATE TABLE t (id int)").execute(&mut connection).await.unwrap();
    let found = postgres_says(&two, "SELECT count(*)::text FROM pg_tables WHERE tablename = 't'").await;
    assert_eq!(found, "0");
    assert_eq!(postgres_says(&server.url(), "SELECT current_database()::text").await, "postgres");
}

#[tokio::test]
async fn mariadb_gives_each_test_a_database_of_its_own() {
    let server = MariaDb::shared().unwrap();
    let (one, two) = (server.database("shop").unwrap(), server.database("shop").unwrap());
    assert_ne!(one, two);
    let mut connection = MySqlConnection::connect(&one).await.unwrap();
    sqlx::query("CREATE TABLE t (id int)").execute(&mut connection).await.unwrap();
    let count =
        "SELECT CAST(count(*) AS CHAR) FROM information_schema.tables WHERE table_schema = database()";
    assert_eq!(mariadb_says(&two, count).await, "0");
    assert_eq!(mariadb_says(&one, count).await, "1");
}

#[test]
fn redis_gives_each_test_a_database_of_its_own() {
    let server = Redis::shared().unwrap();
    let (one, two) = (server.database().unwrap(), server.database().unwrap());
    assert_ne!(one, two);
    assert!(redis_says(&one, "SET key value").contains("+OK\r\n+OK\r\n+OK"));
    assert!(redis_says(&one, "GET key").contains("value"));
    assert!(!redis_says(&two, "GET key").contains("value"));
}

#[tokio::test]
async fn nobody_is_let_in_without_the_password() {
    let postgres = Postgres::shared().unwrap();
    let url = format!("postgres://postgres:wrong@127.0.0.1:{}/postgres", postgres.port());
    assert!(PgConnection::connect(&url).await.is_err());
    let mariadb = MariaDb::shared().unwrap();
    assert!(MySqlConnection::connect(&format!("mysql://root@127.0.0.1:{}", mariadb.port())).await.is_err());
    let redis = Redis::shared().unwrap().url();
    let (_, place) = redis.split_once('@').unwrap();
    assert!(redis_says(&format!("redis://:wrong@{place}"), "GET key").contains("NOAUTH"));
}

#[tokio::test]
async fn many_start_at_once_without_a_collision() {
    let start = |at: usize| {
        std::thread::spawn(move || match at % 3 {
            0 => Postgres::start().map(|server| (server.port(), server.socket().to_owned())),
            1 => MariaDb::start().map(|server| (server.port(), server.socket())),
            _ => Redis::start().map(|server| (server.port(), server.socket())),
        })
    };
    let threads: Vec<_> = (0..6).map(start).collect();
    for thread in threads {
        let (port, socket) = thread.join().unwrap().unwrap();
        assert!(port > 0);
        assert!(!socket.exists(), "the folder went with the server");
    }
}

#[test]
fn a_server_ends_with_its_value_and_takes_its_folder_along() {
    type Running = (u16, PathBuf, Box<dyn FnOnce()>);
    let servers: [Running; 3] = [
        {
            let s = Postgres::start().unwrap();
            (s.port(), s.socket().to_owned(), Box::new(|| s.stop()))
        },
        {
            let s = MariaDb::start().unwrap();
            (s.port(), s.socket(), Box::new(|| s.stop()))
        },
        {
            let s = Redis::start().unwrap();
            (s.port(), s.socket(), Box::new(|| s.stop()))
        },
    ];
    for (port, place, stop) in servers {
        assert!(place.exists() && listens(port));
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(folder_of(&place)).unwrap().permissions(),
        );
        assert_eq!(mode & 0o077, 0, "the folder is open to others");
        stop();
        assert!(!listens(port));
        assert!(!place.exists() && !folder_of(&place).exists());
    }
}

fn folder_of(socket: &Path) -> PathBuf {
    if socket.ends_with("socket") { socket.parent().unwrap().to_owned() } else { socket.to_owned() }
}

#[tokio::test]
async fn settings_and_durability_reach_the_server() {
    let options = ServerOptions::default().setting("max_connections", "17");
    let postgres = Postgres::start_with(&options.clone().durable()).unwrap();
    let shown = "SELECT current_setting('max_connections') || current_setting('fsync')";
    assert_eq!(postgres_says(&postgres.url(), shown).await, "17on");
    let mariadb = MariaDb::start_with(&options).unwrap();
    let shown = "SELECT concat(@@max_connections, ' ', @@innodb_flush_log_at_trx_commit)";
    assert_eq!(mariadb_says(&mariadb.url(), shown).await, "17 0");
}

#[test]
fn a_setting_the_server_does_not_know_is_told_in_its_own_words() {
    let options = ServerOptions::default().setting("no_such_setting", "1");
    let error = Postgres::start_with(&options).unwrap_err();
    assert_eq!(error.kind(), ServerErrorKind::Failed);
    assert!(error.to_string().contains("unrecognized configuration parameter"), "{error}");
}

#[test]
fn a_name_that_is_not_plain_makes_no_database() {
    let server = Postgres::shared().unwrap();
    for name in ["", "a\"; DROP DATABASE postgres; --", "a b"] {
        assert_eq!(server.database(name).unwrap_err().kind(), ServerErrorKind::Failed);
    }
}

/// Runs one of the ignored tests below in a process of its own.
fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

#[test]
#[ignore = "is killed by the next one"]
fn starts_all_and_waits() {
    let (postgres, mariadb, redis) =
        (Postgres::start().unwrap(), MariaDb::start().unwrap(), Redis::start().unwrap());
    println!("up {} {}", postgres.port(), postgres.socket().display());
    println!("up {} {}", mariadb.port(), folder_of(&mariadb.socket()).display());
    println!("up {} {}", redis.port(), folder_of(&redis.socket()).display());
    println!("all");
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn a_killed_process_leaves_neither_server_nor_folder() {
    let mut child = child("servers::starts_all_and_waits").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let up: Vec<(u16, PathBuf)> = lines
        .take_while(|line| line != "all")
        .filter_map(|line| {
            let (_, rest) = line.split_once("up ")?;
            let (port, folder) = rest.split_once(' ')?;
            Some((port.parse().unwrap(), PathBuf::from(folder)))
        })
        .collect();
    assert_eq!(up.len(), 3);
    assert!(up.iter().all(|(port, folder)| listens(*port) && folder.exists()));
    child.kill().unwrap();
    child.wait().unwrap();
    for (port, folder) in up {
        eventually("the server ends", || !listens(port));
        eventually("the folder goes", || !folder.exists());
    }
}

#[test]
#[ignore = "runs with folders that are empty"]
fn says_what_is_missing() {
    for error in [Postgres::start().unwrap_err(), MariaDb::start().unwrap_err(), Redis::start().unwrap_err()]
    {
        assert_eq!(error.kind(), ServerErrorKind::Missing);
        println!("{error}");
    }
}

#[test]
fn a_missing_program_is_told_with_its_package() {
    let mut child = child("servers::says_what_is_missing");
    for variable in ["TENANT_POSTGRES_BIN", "TENANT_MARIADB_BIN", "TENANT_REDIS_BIN"] {
        child.env(variable, "/nonexistent");
    }
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    for words in ["`postgresql`", "TENANT_POSTGRES_BIN", "`mariadb-server`", "`redis-server`"] {
        assert!(output.contains(words), "{output}");
    }
}
