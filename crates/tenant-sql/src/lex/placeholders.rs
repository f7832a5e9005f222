//! The caller's placeholders: counted, and numbered where the tenant's is to come behind them.

use sqlparser::tokenizer::Token;

use super::Source;
use crate::catalog::Dialect;
use crate::dialect::Rules;
use crate::refusal::{Refusal, RefusalKind};

/// Numbers all placeholders and returns how many arguments they take.
///
/// On SQLite a `?` takes the number after the highest before it; one `?2` of ours between them would take the caller's.
pub(crate) fn number(source: &mut Source<'_>, dialect: Dialect, rules: &Rules) -> Result<usize, Refusal> {
    let mut seen = Seen::default();
    for lexed in &mut source.tokens {
        let start = lexed.token.span.start;
        let numbered = match &lexed.token.token {
            Token::Placeholder(text) => seen.placeholder(text, dialect),
            Token::Colon | Token::AtSign if dialect != Dialect::Postgres => Err(named()),
            Token::Word(word)
                if word.quote_style.is_none()
                    && word.value.contains('@')
                    && !rules.is_variable(&word.value) =>
            {
                Err(named())
            }
            _ => continue,
        };
        let number = numbered.map_err(|refusal| refusal.at(start.line, start.column))?;
        lexed.token.token = Token::Placeholder((rules.placeholder)(number));
    }
    match seen.highest >= rules.max_arguments {
        true => Err(Refusal::new(RefusalKind::Arguments, "placeholders", "bind fewer values per statement")),
        false => Ok(seen.highest),
    }
}

#[derive(Default)]
struct Seen {
    highest: usize,
    style: Option<char>,
}

impl Seen {
    fn placeholder(&mut self, text: &str, dialect: Dialect) -> Result<usize, Refusal> {
        let mut rest = text.chars();
        let mark = rest.next().unwrap_or_default();
        let digits = rest.as_str();
        let style = match (dialect, mark, digits.is_empty()) {
            (Dialect::Sqlite | Dialect::MySql, '?', true) => '?',
            (Dialect::Sqlite, '?' | '$', false) | (Dialect::Postgres, '$', false) => '1',
            _ => return Err(named()),
        };
        if self.style.is_some_and(|before| before != style) {
            return Err(Refusal::new(
                RefusalKind::Arguments,
                "mixed placeholders",
                "use either ? or ?N throughout",
            ));
        }
        self.style = Some(style);
        let number = if style == '?' { self.highest + 1 } else { numbered(digits)? };
        self.highest = self.highest.max(number);
        Ok(number)
    }
}

fn numbered(digits: &str) -> Result<usize, Refusal> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    match digits.parse::<usize>() {
        Ok(number) if plain && number <= 65_535 => Ok(number),
        Ok(_) | Err(_) => Err(named()),
    }
}

fn named() -> Refusal {
    Refusal::new(
        RefusalKind::Arguments,
        "named placeholder",
        "use ? or a number: the driver binds by position",
    )
}
