//! What a policy's condition amounts to, as far as it can be told from its text.

use std::ops::Range;

/// A comparison of the tenant column with a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) setting: String,
    /// Whether a setting that nobody made is no error.
    pub(super) may_be_missing: bool,
    /// Whether a setting that is empty stands for nobody.
    pub(super) empty_is_nobody: bool,
    /// The types that the column is converted to, one after the other.
    pub(super) converts_column: Vec<String>,
}

/// The comparison that narrows a condition to one tenant, if there is one: all of it, or one of the things that must
/// hold together. What can't be read narrows nothing.
pub(super) fn comparison(condition: &str, column: &str) -> Option<Comparison> {
    let tokens = tokens(condition)?;
    conjuncts(bare(&tokens)).into_iter().find_map(|part| equality(bare(part), column))
}

/// Whether something that must hold asks for a row of one of these tables.
pub(super) fn asks(condition: &str, tables: &[&str]) -> bool {
    let Some(tokens) = tokens(condition) else { return false };
    conjuncts(bare(&tokens)).into_iter().map(bare).any(|part| {
        let is_table = |token: &Token| matches!(token, Token::Word(word) if tables.contains(&word.as_str()));
        !part.first().is_some_and(|first| first.is_word("not"))
            && conjuncts(part).len() == 1
            && part.iter().any(|token| token.is_word("select"))
            && part.iter().any(is_table)
    })
}

/// The same condition for the rows of one tenant: what it asks for besides stays, what it says of the tenant makes way.
pub(super) fn narrowed(condition: &str, column: &str, wanted: &str) -> String {
    let beside = beside(condition, column).unwrap_or_else(|| vec![condition]);
    let beside: String = beside.into_iter().map(|part| format!("({part}) AND ")).collect();
    beside + wanted
}

/// The parts of a condition that don't compare the tenant; nothing where it can't be taken apart.
fn beside<'a>(condition: &'a str, column: &str) -> Option<Vec<&'a str>> {
    let (tokens, spans): (Vec<Token>, Vec<Range<usize>>) = spanned(condition)?.into_iter().unzip();
    let inner = bare(&tokens);
    let (mut start, mut beside) = ((tokens.len() - inner.len()) / 2, Vec::new());
    let parts = conjuncts(inner);
    for part in &parts {
        let end = start + part.len();
        if !matches!(part, [word] if word.is_word("true")) && equality(bare(part), column).is_none() {
            beside.push(condition.get(spans.get(start)?.start..spans.get(end.checked_sub(1)?)?.end)?);
        }
        start = end + 1;
    }
    (!parts.is_empty()).then_some(beside)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A word, folded as PostgreSQL does.
    Word(String),
    Text(String),
    Sign(String),
}

impl Token {
    fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(own) if own == sign)
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    Some(spanned(text)?.into_iter().map(|(token, _)| token).collect())
}

/// The tokens, and where they stand.
fn spanned(text: &str) -> Option<Vec<(Token, Range<usize>)>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' => within(rest, '\'').map(|(text, length)| (Token::Text(text), length))?,
            '"' => within(rest, '"').map(|(text, length)| (Token::Word(text), length))?,
            c if is_letter(c) => {
                let word: String = rest.chars().take_while(|c| is_letter(*c)).collect();
                let length = word.len();
                (Token::Word(word.to_ascii_lowercase()), length)
            }
            _ if rest.starts_with("::") => (Token::Sign("::".to_owned()), 2),
            c => (Token::Sign(c.to_string()), c.len_utf8()),
        };
        let start = text.len() - rest.len();
        tokens.push((token, start..start + length));
        rest = rest.get(length..)?.trim_start();
    }
    Some(tokens)
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// What stands between two quotes, a doubled one being one, and how long it is with them.
fn within(text: &str, quote: char) -> Option<(String, usize)> {
    let mut found = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            found.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            found.push(quote);
        } else {
            return Some((found, at + 1));
        }
    }
    None
}

/// Without the parentheses around all of it.
fn bare(tokens: &[Token]) -> &[Token] {
    let mut tokens = tokens;
    while let [first, inner @ .., _] = tokens
        && first.is_sign("(")
        && closing(tokens) == Some(tokens.len() - 1)
    {
        tokens = inner;
    }
    tokens
}

/// Where the parenthesis that opens here is closed.
fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_sign("(") || token.is_sign("[") {
            depth += 1;
        } else if token.is_sign(")") || token.is_sign("]") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The parts that must all hold: none where one of several is enough. PostgreSQL prints `BETWEEN` as two comparisons.
fn conjuncts(tokens: &[Token]) -> Vec<&[Token]> {
    let is_choice = |token: &Token| token.is_word("or") || token.is_word("case");
    match split(tokens, is_choice).len() {
        1 => split(tokens, |token| token.is_word("and")),
        _ => Vec::new(),
    }
}

/// Cut where a token stands outside of all parentheses.
fn split(tokens: &[Token], is_cut: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, token) in tokens.iter().enumerate() {
        if token.is_sign("(") || token.is_sign("[") {
            depth += 1;
        } else if token.is_sign(")") || token.is_sign("]") {
            depth -= 1;
        } else if depth == 0 && is_cut(token) {
            parts.extend(tokens.get(start..at));
            start = at + 1;
        }
    }
    parts.extend(tokens.get(start..));
    parts
}

fn equality(tokens: &[Token], column: &str) -> Option<Comparison> {
    let signs = |token: &Token| ["<", ">", "!", "~", "+", "-", "|"].iter().any(|sign| token.is_sign(sign));
    if split(tokens, signs).len() > 1 {
        return None;
    }
    let [left, right] = split(tokens, |token| token.is_sign("=")).try_into().ok()?;
    of_sides(left, right, column).or_else(|| of_sides(right, left, column))
}

fn of_sides(left: &[Token], right: &[Token], column: &str) -> Option<Comparison> {
    let (own, converts_column) = converted(left);
    let name = match own {
        [Token::Word(name)] => name,
        [Token::Word(_), dot, Token::Word(name)] if dot.is_sign(".") => name,
        _ => return None,
    };
    let value = value(right)?;
    (name == column).then_some(Comparison { converts_column, ..value })
}

/// Without casts and parentheses around it.
fn plain(tokens: &[Token]) -> &[Token] {
    converted(tokens).0
}

/// Without casts and parentheses around it, and what it is cast to.
fn converted(tokens: &[Token]) -> (&[Token], Vec<String>) {
    let (mut tokens, mut types) = (bare(tokens), Vec::new());
    while let Some((own, of_type)) = before_cast(tokens) {
        types.insert(0, of_type);
        tokens = bare(own);
    }
    (tokens, types)
}

/// What stands before the last cast, and the type that stands behind it.
fn before_cast(tokens: &[Token]) -> Option<(&[Token], String)> {
    let parts = split(tokens, |token| token.is_sign("::"));
    let last = parts.get(1..)?.last()?;
    let words = last.iter().map(|token| match token {
        Token::Word(text) | Token::Text(text) | Token::Sign(text) => text.as_str(),
    });
    let of_type = words.collect::<Vec<_>>().join(" ");
    Some((tokens.get(..tokens.len().checked_sub(last.len() + 1)?)?, of_type))
}

/// `(SELECT value AS name)`, `nullif(value, '')`, `current_setting('name', true)`, and casts around any of them.
fn value(tokens: &[Token]) -> Option<Comparison> {
    let tokens = plain(tokens);
    match tokens {
        [select, inner @ .., named, Token::Word(_)] if select.is_word("select") && named.is_word("as") => {
            value(inner)
        }
        [select, inner @ ..] if select.is_word("select") => value(inner),
        [name, arguments @ ..] if name.is_word("nullif") => {
            let [inner, empty] = split(bare(arguments), |token| token.is_sign(",")).try_into().ok()?;
            let is_empty = matches!(plain(empty), [Token::Text(text)] if text.is_empty());
            is_empty
                .then(|| value(inner))
                .flatten()
                .map(|found| Comparison { empty_is_nobody: true, ..found })
        }
        [name, arguments @ ..] if name.is_word("current_setting") => setting(bare(arguments)),
        _ => None,
    }
}

fn setting(arguments: &[Token]) -> Option<Comparison> {
    let arguments = split(arguments, |token| token.is_sign(","));
    let (name, rest) = arguments.split_first()?;
    let [Token::Text(setting)] = plain(name) else { return None };
    let may_be_missing = matches!(rest, [[word]] if word.is_word("true"));
    Some(Comparison { setting: setting.clone(), may_be_missing, ..Comparison::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(condition: &str) -> Option<Comparison> {
        comparison(condition, "tenant_id")
    }

    #[test]
    fn reads_what_postgres_prints() {
        let sound = Comparison {
            setting: "app.current_tenant_id".to_owned(),
            may_be_missing: true,
            empty_is_nobody: true,
            converts_column: Vec::new(),
        };
        for condition in [
            "(tenant_id = NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))",
            "(tenant_id = (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::uuid)",
            "(tenant_id = ( SELECT NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text) AS \"nullif\"))",
            "(tenant_id = ( SELECT (NULLIF(current_setting('app.current_tenant_id'::text, true), ''::text))::bigint AS \"nullif\"))",
            "((NOT deleted) AND (users.tenant_id = NULLIF(current_setting('app.current_tenant_id', true), '')))",
            "(NULLIF(current_setting('app.current_tenant_id', true), '') = tenant_id)",
        ] {
            assert_eq!(of(condition), Some(sound.clone()), "{condition}");
        }
    }

    #[test]
    fn tells_what_is_missing() {
        let found = of("((tenant_id)::text = current_setting('app.other'::text))").unwrap();
        assert_eq!(found.converts_column, ["text"]);
        assert!(!found.may_be_missing && !found.empty_is_nobody);
        assert_eq!(found.setting, "app.other");
    }

    #[test]
    fn what_does_not_narrow_is_nothing() {
        let tenant = "(tenant_id = current_setting('app.current_tenant_id'::text, true))";
        for condition in [
            "true",
            "(tenant_id IS NOT NULL)",
            "(other_id = current_setting('app.current_tenant_id'::text, true))",
            "(tenant_id <> current_setting('app.current_tenant_id'::text, true))",
            "(tenant_id = 'acme'::text)",
            "(tenant_id = app.tenant())",
            "(tenant_id = COALESCE(current_setting('app.current_tenant_id'::text, true), tenant_id))",
            &format!("({tenant} OR true)"),
            &format!("a OR b AND {tenant}"),
            &format!("(NOT {tenant})"),
            &format!("({tenant} IS FALSE)"),
            &format!("({tenant} IS NULL)"),
            &format!("CASE WHEN a THEN {tenant} ELSE true END"),
            &format!("((a AND {tenant}) OR b)"),
            &format!("({tenant} = false)"),
            "'open",
            "((tenant_id",
            "",
        ] {
            assert_eq!(of(condition), None, "{condition}");
        }
        assert!(of(&format!("({tenant} AND (a OR b))")).is_some());
    }

    #[test]
    fn a_parent_is_asked_for_where_it_must_be_there() {
        for (condition, expected) in [
            ("(EXISTS ( SELECT FROM orders parent WHERE (parent.id = receipts.order_id)))", true),
            ("((text <> ''::text) AND (order_id IN ( SELECT orders.id FROM orders)))", true),
            ("(NOT (EXISTS ( SELECT FROM orders)))", false),
            ("((EXISTS ( SELECT FROM orders)) OR (text = ''::text))", false),
            ("((text = 'a'::text) AND ((EXISTS ( SELECT FROM orders)) OR (text = ''::text)))", false),
            ("(EXISTS ( SELECT FROM countries))", false),
            ("(text = 'select orders'::text)", false),
            ("true", false),
        ] {
            assert_eq!(asks(condition, &["orders"]), expected, "{condition}");
        }
    }

    #[test]
    fn what_is_asked_for_besides_stays() {
        let tenant = "(tenant_id = current_setting('app.other'::text))";
        for (condition, expected) in [
            ("true", "W"),
            ("((true))", "W"),
            (tenant, "W"),
            (
                &format!("((NOT deleted) AND {tenant} AND (a = ANY (ARRAY[1, 2])))"),
                "((NOT deleted)) AND ((a = ANY (ARRAY[1, 2]))) AND W",
            ),
            (
                &format!("({tenant} OR (state = 'AND'::text))"),
                &format!("(({tenant} OR (state = 'AND'::text))) AND W"),
            ),
            ("(tenant_id = app.tenant())", "(tenant_id = app.tenant()) AND W"),
        ] {
            assert_eq!(narrowed(condition, "tenant_id", "W"), expected);
        }
    }
}
