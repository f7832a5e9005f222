/// How an e-mail address is kept and looked for: without blanks around it, and in lower case; `None` unless it has exactly one
/// `@` with something on both sides, at most 254 bytes (RFC 5321, section 4.5.3.1.3), and no blanks or control characters.
///
/// Letters beyond ASCII stay as they are: some become an ASCII letter in lower case, as the Kelvin sign does, and who has the
/// one address is not who has the other.
///
/// # Example
/// ```
/// use tenant_auth::normalize_email;
///
/// assert_eq!(normalize_email(" Ada@Example.COM "), Some("ada@example.com".to_owned()));
/// assert_eq!(normalize_email("ada@example@com"), None);
/// ```
#[must_use]
pub fn normalize_email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.split_once('@')?;
    let is_odd = |letter: char| letter.is_control() || letter.is_whitespace();
    let is_one = !local.is_empty() && !domain.is_empty() && !domain.contains('@');
    (is_one && text.len() <= 254 && !text.chars().any(is_odd)).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_nothing() {
        let long = format!("{}@a.example", "x".repeat(245));
        for wrong in ["", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b\nc", "a\0@b", &long] {
            assert_eq!(normalize_email(wrong), None, "{wrong:?}");
        }
        assert!(normalize_email(&long[1..]).is_some());
    }

    #[test]
    fn no_two_addresses_become_one_but_by_the_case_of_ascii() {
        assert_eq!(normalize_email("ADA@B"), normalize_email("\tada@b\n"));
        assert_ne!(normalize_email("mi\u{212a}e@b"), normalize_email("mike@b"));
    }
}
