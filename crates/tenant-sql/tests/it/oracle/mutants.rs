//! Statements of the corpus with words removed, doubled, exchanged: most are refused or faulty, and whatever is accepted
//! must not show or touch a row of another tenant.

use super::corpus::STATEMENTS;
use super::random::Random;

/// Words that change structure, beside those of the corpus.
const EXTRA: &[&str] = &[
    "OR",
    "AND",
    "NOT",
    "(",
    ")",
    ",",
    "UNION",
    "EXCEPT",
    "main",
    ".",
    "users",
    "orders",
    "items",
    "plans",
    "1",
    "0",
    "*",
    "=",
    "--",
    "/*",
    "*/",
    ";",
    "'",
    "\"",
    "tenant_id",
    "org",
    "WITH",
    "RECURSIVE",
    "AS",
    "LEFT",
    "RIGHT",
    "FULL",
    "NATURAL",
    "USING",
    "ON",
    "IS",
    "NULL",
    "IN",
    "EXISTS",
    "ISNULL",
    "NOTNULL",
    "COLLATE",
    "NOCASE",
    "BETWEEN",
    "?",
    "?1",
    "-",
    "~",
    "SELECT",
    "FROM",
    "WHERE",
    "VALUES",
    "TABLE",
    "ONLY",
    "INDEXED",
    "BY",
    "GROUP",
    "HAVING",
    "WINDOW",
    "LIMIT",
    "OFFSET",
    "INTERSECT",
    "JOIN",
    "CROSS",
    "RETURNING",
    "SET",
    "DEFAULT",
    "ALL",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "\"tenant_id\"",
    "[users]",
    "`u`",
    "'users'",
    "rowid",
    "||",
    "->",
    "<<",
    "<>",
    "==",
    "\\",
    "\\'",
    "''",
    "0x1F",
    "x'00'",
    ":a",
    "$1",
];

pub(super) fn mutant(random: &mut Random) -> String {
    let mut words = words(STATEMENTS[random.below(STATEMENTS.len())]);
    for _ in 0..=random.below(2) {
        let at = random.below(words.len());
        match random.below(12) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[at].clone()),
            2 => words[at] = foreign(random),
            3 => words.insert(at, foreign(random)),
            4 => {
                let other = random.below(words.len());
                words.swap(at, other);
            }
            5..=7 => splice(&mut words, random),
            _ => words[at] = alike(&words[at], random),
        }
        if words.is_empty() {
            words.push(foreign(random));
        }
    }
    words.join(" ")
}

fn foreign(random: &mut Random) -> String {
    if random.one_in(2) {
        return random.pick(EXTRA).to_owned();
    }
    let words = words(STATEMENTS[random.below(STATEMENTS.len())]);
    words[random.below(words.len())].clone()
}

/// A word of the corpus that is of the same kind: a keyword for a keyword, a name for a name.
fn alike(word: &str, random: &mut Random) -> String {
    let class = |word: &str| {
        (word.chars().next().map(kind), word.chars().all(|c| !c.is_lowercase()), word.contains('.'))
    };
    (0..200)
        .map(|_| foreign(random))
        .find(|other| class(other) == class(word))
        .unwrap_or_else(|| word.to_owned())
}

/// Puts what stands in some parentheses of the corpus into those of the statement.
fn splice(words: &mut Vec<String>, random: &mut Random) {
    let from = self::words(STATEMENTS[random.below(STATEMENTS.len())]);
    if let (Some(here), Some(there)) = (group(words, random), group(&from, random)) {
        words.splice(here, from[there].to_vec());
    }
}

fn group(words: &[String], random: &mut Random) -> Option<std::ops::Range<usize>> {
    let opens: Vec<usize> = (0..words.len()).filter(|at| words[*at] == "(").collect();
    let start = *opens.get(random.below(opens.len().max(1)))?;
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(start) {
        depth += i32::from(word == "(") - i32::from(word == ")");
        if depth == 0 {
            return Some(start..at + 1);
        }
    }
    None
}

/// Splits at blanks and around punctuation; quoted parts stay whole.
fn words(sql: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in sql.chars() {
        let last = words.last_mut().expect("never empty");
        match quote {
            Some(open) => {
                last.push(c);
                quote = quote.filter(|_| c != open);
            }
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                words.push(c.to_string());
            }
            None if c.is_whitespace() => words.push(String::new()),
            None if kind(c) > 0 && last.chars().all(|before| kind(before) == kind(c)) => last.push(c),
            None => words.push(c.to_string()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Characters of one kind make one word.
fn kind(c: char) -> u8 {
    match c {
        '|' | '<' | '>' | '=' | '!' => 2,
        '.' | '_' | '?' => 1,
        c if c.is_alphanumeric() => 1,
        _ => 0,
    }
}
