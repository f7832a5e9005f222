//! The words of a definition, and where they stand.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// A word in capitals, a sign, or something in quotes as it stands.
    pub(super) text: String,
    pub(super) at: Range<usize>,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

/// The tokens of a text without comments; nothing if a quote or a comment is open at its end.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        let length = match first {
            '\'' | '"' | '`' => quote(rest, first)?,
            '[' => rest.find(']')? + 1,
            _ if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/")? + 2,
            c if is_letter(c) => rest.find(|c| !is_letter(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let own = rest.get(..length)?;
        if !first.is_whitespace() && !own.starts_with("--") && !own.starts_with("/*") {
            let text = if is_letter(first) { own.to_ascii_uppercase() } else { own.to_owned() };
            tokens.push(Token { text, at: at..at + length });
        }
        at += length;
    }
    Some(tokens)
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// How long something in quotes is; a quote that is doubled ends nothing.
fn quote(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// Where the parenthesis that opens at a token is closed.
pub(super) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}
