//! Changes to statements: of bytes, of tokens, of whole brackets, and repetition that grows trees.

use crate::generate::random::Random;

/// Longer inputs are refused by their length, which other tests see to.
const LONGEST: usize = 200_000;

/// Tokens that change what a statement means.
const TOKENS: &[&str] = &[
    "OR",
    "AND",
    "NOT",
    "(",
    ")",
    ",",
    "UNION",
    "UNION ALL",
    "EXCEPT",
    "INTERSECT",
    ".",
    "*",
    "=",
    "--",
    "/*",
    "*/",
    "/*!",
    "#",
    ";",
    "'",
    "\"",
    "`",
    "[",
    "]",
    "''",
    "\\",
    "\\'",
    "$$",
    "$1",
    "?",
    "?1",
    ":a",
    "@a",
    "::",
    "->",
    "->>",
    "||",
    "<=>",
    "IS",
    "NULL",
    "IN",
    "EXISTS",
    "BETWEEN",
    "LIKE",
    "ESCAPE",
    "COLLATE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "AS",
    "WITH",
    "RECURSIVE",
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "WINDOW",
    "OVER",
    "PARTITION BY",
    "FILTER",
    "JOIN",
    "LEFT",
    "RIGHT",
    "FULL",
    "NATURAL",
    "CROSS",
    "LATERAL",
    "USING",
    "ON",
    "VALUES",
    "TABLE",
    "ONLY",
    "RETURNING",
    "INSERT",
    "INTO",
    "UPDATE",
    "SET",
    "DELETE",
    "REPLACE",
    "MERGE",
    "ON CONFLICT",
    "DO UPDATE",
    "ON DUPLICATE KEY UPDATE",
    "DEFAULT",
    "ROW",
    "ANY",
    "ALL",
    "SOME",
    "ARRAY",
    "INTERVAL",
    "DISTINCT",
    "FETCH",
    "FOR UPDATE",
    "users",
    "orders",
    "items",
    "plans",
    "secrets",
    "tenant_id",
    "org",
    "\"tenant_id\"",
    "'t1'",
    "t2",
    "id",
    "pg_catalog",
    "information_schema",
    "main",
    "public",
    "rowid",
    "ctid",
    "0x1F",
    "x'00'",
    "E'\\''",
    "U&'\\0041'",
    "_utf8mb4",
    "1e400",
    "-",
    "- -",
    "+",
    "~",
    "!",
    "é",
    "\u{0}",
    "\u{feff}",
    "\u{2028}",
];

pub(super) fn mutant(seeds: &[String], random: &mut Random) -> String {
    let mut text = random.choose(seeds).cloned().unwrap_or_default();
    for _ in 0..=random.below(4) {
        text = match random.below(12) {
            0..=2 => bytes(&text, random),
            3..=6 => tokens(&text, random),
            7 | 8 => splice(&text, random.choose(seeds).map_or("", String::as_str), random),
            9 => repeated(&text, random),
            10 => nested(&text, random),
            _ => cut(&text, random),
        };
        if text.len() > LONGEST {
            break;
        }
    }
    text
}

/// Single bytes; what is no UTF-8 then is replaced, since statements are strings.
fn bytes(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.index(bytes.len());
        let byte = u8::try_from(random.below(256)).unwrap_or_default();
        match (random.below(4), bytes.get_mut(at)) {
            (0, Some(place)) => *place = byte,
            (1, Some(place)) => *place ^= 1 << random.below(8),
            (2, Some(_)) => drop(bytes.remove(at)),
            (_, Some(_)) => bytes.insert(at, byte),
            (_, None) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn tokens(text: &str, random: &mut Random) -> String {
    let mut words = words(text);
    let at = random.index(words.len());
    let token = random.pick(TOKENS).to_owned();
    match (random.below(5), words.get(at).cloned()) {
        (0, Some(_)) => drop(words.remove(at)),
        (1, Some(word)) => words.insert(at, word),
        (2, Some(_)) => {
            let other = random.index(words.len());
            words.swap(at, other);
        }
        (3, Some(_)) => words.insert(at, token),
        (_, Some(_)) => {
            words.splice(at..=at, [token]);
        }
        (_, None) => words.push(token),
    }
    words.join(" ")
}

/// Puts what stands in brackets there into brackets here.
fn splice(here: &str, there: &str, random: &mut Random) -> String {
    let mut words = words(here);
    let other = self::words(there);
    if let (Some(hole), Some(piece)) = (brackets(&words, random), brackets(&other, random)) {
        let piece: Vec<String> = other.get(piece).unwrap_or_default().to_vec();
        words.splice(hole, piece);
    }
    words.join(" ")
}

fn brackets(words: &[String], random: &mut Random) -> Option<std::ops::Range<usize>> {
    let opens: Vec<usize> =
        words.iter().enumerate().filter(|(_, word)| *word == "(").map(|(at, _)| at).collect();
    let start = random.choose(&opens).copied()?;
    let mut depth = 0_i32;
    for (at, word) in words.iter().enumerate().skip(start) {
        depth += i32::from(word == "(") - i32::from(word == ")");
        if depth == 0 {
            return Some(start..at + 1);
        }
    }
    None
}

/// Grows long chains.
fn repeated(text: &str, random: &mut Random) -> String {
    let words = words(text);
    let start = random.index(words.len());
    let length = 1 + random.index(6);
    let piece: Vec<&str> = words.iter().skip(start).take(length).map(String::as_str).collect();
    let times = [3, 30, 300, 3_000].get(random.index(4)).copied().unwrap_or(3);
    let (before, after) = words.split_at(start);
    let many = std::iter::repeat_n(piece.join(" "), times).collect::<Vec<_>>().join(" ");
    format!("{} {many} {}", before.join(" "), after.join(" "))
}

/// Grows deep trees.
fn nested(text: &str, random: &mut Random) -> String {
    let words = words(text);
    let at = random.index(words.len());
    let depth = [2, 20, 60, 2_000].get(random.index(4)).copied().unwrap_or(2);
    let (open, close) =
        [("(", ")"), ("CASE WHEN", "THEN 1 END"), ("(SELECT", ")"), ("NOT", ""), ("-", ""), ("[", "]")]
            .get(random.index(6))
            .copied()
            .unwrap_or(("(", ")"));
    let (before, after) = words.split_at(at);
    let middle = after.first().map_or("1", String::as_str);
    let rest = after.get(1..).unwrap_or_default().join(" ");
    let opened = std::iter::repeat_n(open, depth).collect::<Vec<_>>().join(" ");
    let closed = std::iter::repeat_n(close, depth).collect::<Vec<_>>().join(" ");
    format!("{} {opened} {middle} {closed} {rest}", before.join(" "))
}

fn cut(text: &str, random: &mut Random) -> String {
    let words = words(text);
    let (start, length) = (random.index(words.len()), random.index(words.len()));
    let kept = words.iter().enumerate().filter(|(at, _)| *at < start || *at >= start + length);
    kept.map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ")
}

/// Words and signs; quoted parts stay whole.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut last = ' ';
    for c in text.chars() {
        let same = kind(c) == kind(last) && kind(c) > 0;
        match words.last_mut() {
            Some(word) if quote.is_some() || same => word.push(c),
            _ if c.is_whitespace() => {}
            _ => words.push(c.to_string()),
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            _ => {}
        }
        last = c;
    }
    words
}

/// Characters of one kind make one word.
fn kind(c: char) -> u8 {
    match c {
        '|' | '<' | '>' | '=' | '!' | ':' | '@' => 2,
        '.' | '_' | '?' | '$' => 1,
        c if c.is_alphanumeric() => 1,
        _ => 0,
    }
}
