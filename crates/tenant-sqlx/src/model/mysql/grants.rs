//! What `SHOW GRANTS` says (<https://dev.mysql.com/doc/refman/8.4/en/show-grants.html>,
//! <https://mariadb.com/kb/en/show-grants/>): rights to everything, to a database, a table, a column or a routine, and
//! roles. No table of the server's holds all of them and is shown to everybody.

use std::ops::Range;

use tenant_sql::Dialect;

use crate::model::{Right, quoted};

/// One line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) rights: Vec<Right>,
    /// The roles that are granted, as statements name them.
    pub(super) roles: Vec<String>,
}

/// A name in quotes, a word or a sign, and where it stands.
type Token<'a> = (&'a str, Range<usize>);

/// What a line grants in a database; nothing where it grants nothing, as those that set a default role.
pub(super) fn granted(line: &str, database: &str) -> Granted {
    read(line, database).unwrap_or_default()
}

fn read(line: &str, database: &str) -> Option<Granted> {
    let tokens = tokens(line);
    let rest = tokens.split_first().filter(|(first, _)| first.0 == "GRANT")?.1;
    let to = position(rest, "TO")?;
    let (given, behind) = (rest.get(..to)?, rest.get(to + 1..)?);
    let end = ["WITH", "IDENTIFIED", "REQUIRE"].iter().filter_map(|word| position(behind, word)).min();
    let (grantee, options) = behind.split_at(end.unwrap_or(behind.len()));
    let is_option = |word: &str| {
        options.windows(2).any(|pair| matches!(pair, [(first, _), ("OPTION", _)] if *first == word))
    };
    let (to, on) = (text(line, grantee)?, position(given, "ON"));
    let right = |privilege: &str, on: &str| Right {
        to: to.to_owned(),
        privilege: privilege.to_owned(),
        on: on.to_owned(),
    };
    let Some(on) = on else {
        let roles: Vec<String> = items(line, given).into_iter().map(str::to_owned).collect();
        let admin = roles.iter().filter(|_| is_option("ADMIN")).map(|role| right("ADMIN OPTION", role));
        return Some(Granted { rights: admin.collect(), roles });
    };
    let scope = given.get(on + 1..)?;
    let (named, scope_text) = (items(line, given.get(..on)?), text(line, scope)?);
    let is_proxy = named.as_slice() == ["PROXY"];
    if !is_proxy && !is_within(scope, database) {
        return None;
    }
    let option = is_option("GRANT").then_some("GRANT OPTION");
    let rights = named.into_iter().chain(option).map(|privilege| right(privilege, scope_text)).collect();
    Some(Granted { rights, roles: Vec::new() })
}

/// Whether rights to this are rights in the database. The name is a pattern where all of a database is meant.
fn is_within(scope: &[Token<'_>], database: &str) -> bool {
    let names: Vec<&str> = scope.iter().map(|(text, _)| *text).collect();
    match names.as_slice() {
        ["*", ".", "*"] | ["*"] => true,
        [.., name, ".", "*"] => is_like(&plain(name), database),
        [.., name, ".", _] => plain(name).eq_ignore_ascii_case(database),
        _ => false,
    }
}

fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.to_lowercase().chars().collect(), name.to_lowercase().chars().collect());
    // For each length of the name, whether what was read of the pattern takes that much of it.
    let mut taken: Vec<bool> = (0..=name.len()).map(|length| length == 0).collect();
    let mut letters = pattern.into_iter();
    while let Some(letter) = letters.next() {
        if letter == '%' {
            let first = taken.iter().position(|is_taken| *is_taken).unwrap_or(taken.len());
            taken.iter_mut().skip(first).for_each(|is_taken| *is_taken = true);
            continue;
        }
        let (is_any, letter) = match letter {
            '\\' => (false, letters.next().unwrap_or('\\')),
            letter => (letter == '_', letter),
        };
        let next = name.iter().zip(&taken).map(|(own, is_taken)| *is_taken && (is_any || *own == letter));
        taken = std::iter::once(false).chain(next).collect();
    }
    taken.last() == Some(&true)
}

/// An account or a role as statements name it: `'user'@'host'` or a name alone.
pub(super) fn account(name: &str) -> Option<String> {
    let tokens = tokens(name);
    let quote = |name: &str| quoted(Dialect::MySql, &plain(name));
    match tokens.as_slice() {
        [(user, _)] => Some(quote(user)),
        [(user, _), ("@", _), (host, _)] => Some(format!("{}@{}", quote(user), quote(host))),
        // A host that is not quoted.
        [(user, _), ("@", at), .., _] if !name.get(at.end..)?.contains(['\'', '"', '`', ' ', ';']) => {
            Some(format!("{}@{}", quote(user), quoted(Dialect::MySql, name.get(at.end..)?)))
        }
        _ => None,
    }
}

/// Without its quotes.
fn plain(name: &str) -> String {
    match name.chars().next() {
        Some(quote @ ('\'' | '"' | '`')) => {
            let inner = name.get(1..).and_then(|inner| inner.strip_suffix(quote)).unwrap_or_default();
            inner.replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        _ => name.to_owned(),
    }
}

fn position(tokens: &[Token<'_>], word: &str) -> Option<usize> {
    tokens.iter().position(|(text, _)| *text == word)
}

fn text<'a>(line: &'a str, tokens: &[Token<'_>]) -> Option<&'a str> {
    line.get(tokens.first()?.1.start..tokens.last()?.1.end)
}

/// What stands between the commas that stand outside of parentheses.
fn items<'a>(line: &'a str, tokens: &[Token<'_>]) -> Vec<&'a str> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, (text_of, _)) in tokens.iter().enumerate() {
        match *text_of {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => {
                items.extend(tokens.get(start..at).and_then(|item| text(line, item)));
                start = at + 1;
            }
            _ => {}
        }
    }
    items.extend(tokens.get(start..).and_then(|item| text(line, item)));
    items
}

fn tokens(line: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = match rest.chars().next() {
            Some(quote @ ('\'' | '"' | '`')) => length_of(rest, quote),
            Some(letter) if is_letter(letter) => rest.find(|c| !is_letter(c)).unwrap_or(rest.len()),
            Some(sign) => sign.len_utf8(),
            None => break,
        };
        let token = rest.get(..length).unwrap_or(rest);
        if !token.trim().is_empty() {
            tokens.push((token, at..at + token.len()));
        }
        at += token.len();
    }
    tokens
}

/// How long a name is with its quotes; one that is doubled ends nothing.
fn length_of(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(line: &str) -> Vec<String> {
        let found = granted(line, "shop").rights;
        found.into_iter().map(|Right { to, privilege, on }| format!("{privilege} ON {on} TO {to}")).collect()
    }

    #[test]
    fn lines_are_taken_apart() {
        for (line, expected) in [
            (
                "GRANT SELECT (`a`, `TO`), DELETE ON `shop`.`ON` TO `a@b`@`localhost` WITH GRANT OPTION",
                vec![
                    "SELECT (`a`, `TO`) ON `shop`.`ON` TO `a@b`@`localhost`",
                    "DELETE ON `shop`.`ON` TO `a@b`@`localhost`",
                    "GRANT OPTION ON `shop`.`ON` TO `a@b`@`localhost`",
                ],
            ),
            (
                "GRANT ALL PRIVILEGES ON *.* TO `o'brien`@`%` IDENTIFIED BY PASSWORD '*WITH GRANT OPTION'",
                vec!["ALL PRIVILEGES ON *.* TO `o'brien`@`%`"],
            ),
            (
                "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO PUBLIC",
                vec!["EXECUTE ON PROCEDURE `shop`.`p` TO PUBLIC"],
            ),
            ("GRANT PROXY ON 'root'@'%' TO 'app'@'%'", vec!["PROXY ON 'root'@'%' TO 'app'@'%'"]),
            ("GRANT SELECT ON `other`.* TO `app`@`%`", vec![]),
            ("GRANT SELECT ON `sho_`.`t` TO `app`@`%`", vec![]),
            ("GRANT SELECT ON `s%o_`.* TO `app`@`%`", vec!["SELECT ON `s%o_`.* TO `app`@`%`"]),
            ("SET DEFAULT ROLE `r` FOR `app`@`%`", vec![]),
            ("REVOKE SELECT ON `shop`.* FROM `app`@`%`", vec![]),
        ] {
            assert_eq!(rights(line), expected, "{line}");
        }
    }

    #[test]
    fn roles_are_told_from_rights() {
        let found = granted("GRANT `r``1`@`%`,`r2`@`%` TO `app`@`%` WITH ADMIN OPTION", "shop");
        assert_eq!(found.roles, ["`r``1`@`%`", "`r2`@`%`"]);
        let option =
            |on: &str| Right { to: "`app`@`%`".into(), privilege: "ADMIN OPTION".into(), on: on.into() };
        assert_eq!(found.rights, [option("`r``1`@`%`"), option("`r2`@`%`")]);
        assert_eq!(
            granted("GRANT `writers` TO `app`@`%`", "shop"),
            Granted { rights: vec![], roles: vec!["`writers`".into()] }
        );
    }

    #[test]
    fn patterns_take_what_the_server_takes() {
        for (pattern, name, expected) in [
            ("shop", "SHOP", true),
            ("sh%", "shop", true),
            ("%", "", true),
            ("s_op", "shop", true),
            ("s\\_op", "shop", false),
            ("s\\_op", "s_op", true),
            ("%%o%", "shop", true),
            ("shop_", "shop", false),
        ] {
            assert_eq!(is_like(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn accounts_are_named_as_statements_do() {
        for (name, expected) in [
            ("'app'@'%'", Some("`app`@`%`")),
            ("'a@b'@'localhost'", Some("`a@b`@`localhost`")),
            ("app@10.0.0.%", Some("`app`@`10.0.0.%`")),
            ("'o''brien'@'%'", Some("`o'brien`@`%`")),
            ("writers", Some("`writers`")),
            ("'a'@'b'; DROP USER x", None),
            ("app@x; DROP USER x", None),
            ("", None),
        ] {
            assert_eq!(account(name).as_deref(), expected, "{name}");
        }
    }
}
