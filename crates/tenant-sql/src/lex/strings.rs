//! Texts of MySQL in the spelling that no setting of the server reads otherwise: `"..."` may be a name (`ANSI_QUOTES`), and
//! `\'` may end a text (`NO_BACKSLASH_ESCAPES`); `'...'` is a text, and `''` never ends one.

use sqlparser::tokenizer::Token;

use super::Source;
use crate::catalog::Dialect;

/// Writes every text in single quotes, without a backslash before a quote.
pub(crate) fn single(source: &mut Source<'_>, dialect: Dialect) {
    if dialect != Dialect::MySql {
        return;
    }
    for lexed in &mut source.tokens {
        let text = match &lexed.token.token {
            Token::SingleQuotedString(text) if text.contains('\\') => respelled(text, '\''),
            Token::DoubleQuotedString(text) => respelled(text, '"'),
            _ => continue,
        };
        lexed.token.token = Token::SingleQuotedString(text);
    }
}

/// What stands between quotes, as it stands between single ones. Other escapes are left as they are.
fn respelled(raw: &str, quote: char) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('\'')) => chars.next().into_iter().for_each(|_| text.push_str("''")),
            ('\\', Some('"')) => text.extend(chars.next()),
            ('\\', _) => {
                text.push(c);
                text.extend(chars.next());
            }
            ('\'', _) => {
                text.push_str("''");
                chars.next_if(|next| quote == '\'' && *next == '\'');
            }
            ('"', _) => {
                text.push(c);
                chars.next_if(|next| quote == '"' && *next == '"');
            }
            _ => text.push(c),
        }
    }
    text
}
