//! What the parser lacks but can say otherwise, said otherwise before it is parsed. What it still misreads, the round trip
//! refuses; nothing here needs to be complete, only to mean the same wherever it is taken.

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::locks::Weak;
use super::{Lexed, Source, is_word};
use crate::catalog::Dialect;
use crate::dialect::Rules;

/// The tokens for the parser.
pub(super) fn tokens(source: &Source<'_>, dialect: Dialect) -> Vec<TokenWithSpan> {
    let mut normal = Normal {
        source,
        rules: Rules::of(dialect),
        at: 0,
        out: Vec::with_capacity(source.tokens.len()),
        commas: None,
    };
    while let Some(lexed) = source.tokens.get(normal.at) {
        let consumed = match dialect {
            Dialect::Sqlite => normal.sqlite(lexed),
            Dialect::Postgres => normal.postgres(lexed),
            Dialect::MySql => normal.mysql(lexed),
        };
        if consumed == 0 {
            normal.out.push(lexed.token.clone());
        }
        normal.at += consumed.max(1);
    }
    match dialect {
        Dialect::Postgres => super::tail::in_order(normal.out),
        Dialect::Sqlite | Dialect::MySql => normal.out,
    }
}

struct Normal<'s> {
    source: &'s Source<'s>,
    rules: &'static Rules,
    at: usize,
    out: Vec<TokenWithSpan>,
    /// The commas between the tables of an `UPDATE`, once they were looked for.
    commas: Option<Vec<usize>>,
}

/// Each returns how many tokens it took for what it said instead.
impl Normal<'_> {
    fn sqlite(&mut self, lexed: &Lexed) -> usize {
        if lexed.is_word("REPLACE") && self.next_is(1, "INTO") && !self.follows("OR") {
            // The parser reads it as the longer form; so it gets that form to begin with.
            return self.say(lexed, 0, &["INSERT", "OR"]);
        }
        // `ISNULL` and `a NOT NULL`, each behind an operand.
        if lexed.is_word("ISNULL") {
            return self.say(lexed, 1, &["IS", "NULL"]);
        }
        if lexed.is_word("NOT") && self.next_is(1, "NULL") && self.is_behind_operand() {
            return self.say(lexed, 2, &["IS", "NOT", "NULL"]);
        }
        // Hints: neither changes what a statement means.
        if lexed.is_word("INDEXED") && self.next_is(1, "BY") && self.next_is_name(2) {
            return 3;
        }
        if lexed.is_word("NOT") && self.next_is(1, "INDEXED") {
            return 2;
        }
        if lexed.is_word("MATERIALIZED") && self.follows("AS") && self.next_opens(1) {
            return 1;
        }
        let named = lexed.is_word("NOT") && self.next_is(1, "MATERIALIZED") && self.next_opens(2);
        if named && self.follows("AS") {
            return 2;
        }
        if lexed.is_word("IN") && self.next_is_name(1) {
            return self.in_table(lexed);
        }
        self.hexadecimal(lexed)
    }

    /// `0x1F` is a number.
    fn hexadecimal(&mut self, lexed: &Lexed) -> usize {
        let Token::HexStringLiteral(digits) = &lexed.token.token else { return 0 };
        match (self.text(lexed).starts_with('0'), i64::from_str_radix(digits, 16)) {
            (true, Ok(number)) => self.put(lexed, Token::Number(number.to_string(), false)),
            _ => 0,
        }
    }

    /// `x IN t` is `x IN (SELECT * FROM t)`.
    fn in_table(&mut self, lexed: &Lexed) -> usize {
        let mut name = vec![1];
        if self.peek(2).is_some_and(|dot| dot.token.token == Token::Period) && self.next_is_name(3) {
            name.extend([2, 3]);
        }
        let behind = name.len() + 1;
        if self.next_opens(behind) {
            return 0;
        }
        self.out.push(lexed.token.clone());
        let open = [Token::LParen, Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
        self.out.extend(open.map(placeless));
        for at in name {
            let part = self.peek(at).map(|part| part.token.clone());
            self.out.extend(part);
        }
        self.out.push(placeless(Token::RParen));
        behind
    }

    /// `E'a\tb'` without any other escape, and no backslash left: that means the same whatever the server's settings.
    fn postgres(&mut self, lexed: &Lexed) -> usize {
        // `TABLE t` is `SELECT * FROM t`.
        if lexed.is_word("TABLE") && self.next_is_name(1) && self.is_at_query() {
            let words = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
            self.out.extend(words.map(placeless));
            return 1;
        }
        if let Some((weak, words)) = Weak::at(self.source, self.at) {
            return self.say(lexed, words, &weak.known());
        }
        let Token::EscapedStringLiteral(value) = &lexed.token.token else { return 0 };
        let mut raw = self.text(lexed).chars();
        while let Some(c) = raw.next() {
            if c == '\\' && !matches!(raw.next(), Some('n' | 't' | 'r' | '\'')) {
                return 0;
            }
        }
        let doubled = value.replace('\'', "''");
        self.put(lexed, Token::SingleQuotedString(doubled))
    }

    fn mysql(&mut self, lexed: &Lexed) -> usize {
        match &lexed.token.token {
            // The same as `X'..'`, but for an odd number of digits.
            Token::HexStringLiteral(digits) if self.text(lexed).starts_with('0') => {
                let even = if digits.len() % 2 == 0 { digits.clone() } else { format!("0{digits}") };
                return self.put(lexed, Token::HexStringLiteral(even));
            }
            Token::Overlap => return self.say(lexed, 1, &["AND"]),
            _ => {}
        }
        if lexed.is_word("MOD") && !self.next_opens(1) && self.is_behind_operand() {
            return self.put(lexed, Token::Mod);
        }
        let writes = self.follows("DELETE") || self.follows("UPDATE");
        if writes && (lexed.is_word("LOW_PRIORITY") || lexed.is_word("QUICK")) && !self.next_is(1, "SET") {
            return 1;
        }
        // The parser knows SQLite's form of it.
        if lexed.is_word("IGNORE") && self.follows("UPDATE") && self.out.len() == 1 {
            return self.say(lexed, 1, &["OR", "IGNORE"]);
        }
        if lexed.is_word("BINARY") {
            return self.binary(lexed);
        }
        // `INSERT INTO t () VALUES ()`
        if self.next_closes(1) && self.next_is(2, "VALUES") && lexed.token.token == Token::LParen {
            return 2;
        }
        let first = self.source.tokens.first();
        if lexed.token.token == Token::Comma
            && first.is_some_and(|first| first.is_word("UPDATE"))
            && self.among_tables()
        {
            return self.say(lexed, 1, &["CROSS", "JOIN"]);
        }
        0
    }

    /// `BINARY x` is `CAST(x AS BINARY)`; of one value or column only, since it binds closer than what follows.
    fn binary(&mut self, lexed: &Lexed) -> usize {
        let mut parts = match self.peek(1).map(|next| &next.token.token) {
            Some(Token::SingleQuotedString(_) | Token::Placeholder(_)) => 1,
            Some(Token::Word(word)) if word.quote_style.is_some() || !self.rules.is_reserved(&word.value) => {
                1
            }
            _ => return 0,
        };
        while self.peek(parts + 1).is_some_and(|dot| dot.token.token == Token::Period)
            && self.next_is_name(parts + 2)
        {
            parts += 2;
        }
        let calls = self.next_opens(parts + 1) || self.next_is(parts + 1, "COLLATE");
        if calls || self.follows("AS") || self.follows("CHARACTER") {
            return 0;
        }
        self.out.extend([Token::make_keyword("CAST"), Token::LParen].map(placeless));
        for at in 1..=parts {
            let part = self.peek(at).map(|part| part.token.clone());
            self.out.extend(part);
        }
        self.say(lexed, 0, &["AS", "BINARY"]);
        self.out.push(placeless(Token::RParen));
        parts + 1
    }

    /// Whether a comma stands between the tables of `UPDATE a, b SET`, where a cross join means the same.
    fn among_tables(&mut self) -> bool {
        let source = self.source;
        let commas = self.commas.get_or_insert_with(|| commas_of_tables(source));
        commas.binary_search(&self.at).is_ok()
    }

    fn text(&self, lexed: &Lexed) -> &str {
        self.source.text(lexed, lexed)
    }

    fn peek(&self, ahead: usize) -> Option<&Lexed> {
        self.source.tokens.get(self.at + ahead)
    }

    fn next_is(&self, ahead: usize, word: &str) -> bool {
        self.peek(ahead).is_some_and(|next| next.is_word(word))
    }

    fn next_opens(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|next| next.token.token == Token::LParen)
    }

    fn next_closes(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|next| next.token.token == Token::RParen)
    }

    fn next_is_name(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|next| match &next.token.token {
            Token::Word(word) => word.quote_style.is_some() || !self.rules.is_reserved(&word.value),
            _ => false,
        })
    }

    fn follows(&self, word: &str) -> bool {
        self.out.last().is_some_and(|last| is_word(&last.token, word))
    }

    fn is_at_query(&self) -> bool {
        const BEFORE: [&str; 5] = ["UNION", "EXCEPT", "INTERSECT", "ALL", "DISTINCT"];
        self.out.last().is_none_or(|last| {
            last.token == Token::LParen || BEFORE.iter().any(|word| is_word(&last.token, word))
        })
    }

    fn is_behind_operand(&self) -> bool {
        self.out.last().is_some_and(|last| match &last.token {
            Token::Word(word) => word.quote_style.is_some() || !self.rules.is_reserved(&word.value),
            Token::RParen | Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => true,
            _ => false,
        })
    }

    fn put(&mut self, instead_of: &Lexed, token: Token) -> usize {
        self.out.push(TokenWithSpan { token, span: instead_of.token.span });
        1
    }

    fn say(&mut self, instead_of: &Lexed, consumed: usize, words: &[&str]) -> usize {
        let span = instead_of.token.span;
        self.out.extend(words.iter().map(|word| TokenWithSpan { token: Token::make_keyword(word), span }));
        consumed
    }
}

/// In one pass: there may be as many commas as tokens.
fn commas_of_tables(source: &Source<'_>) -> Vec<usize> {
    let (mut commas, mut depth) = (Vec::new(), 0_usize);
    for (at, lexed) in source.tokens.iter().enumerate() {
        match lexed.token.token {
            // With nothing between them the joins would nest, unseen by those who measure.
            Token::Comma if commas.last() == Some(&at.wrapping_sub(1)) => return Vec::new(),
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => commas.push(at),
            _ if lexed.is_word("RIGHT") || lexed.is_word("NATURAL") => return Vec::new(),
            _ if lexed.is_word("SET") && depth == 0 => break,
            _ => {}
        }
    }
    commas
}

/// A token that stands nowhere in the caller's text.
fn placeless(token: Token) -> TokenWithSpan {
    TokenWithSpan { token, span: Span::empty() }
}
