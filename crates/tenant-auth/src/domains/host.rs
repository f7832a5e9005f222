//! Which hosts can be claimed.

use super::HostClaimErrorKind;

/// A host in its one form, if it is one that a tenant can hold: a name of the public DNS (RFC 1123, section 2.1) of two labels
/// and more. A wildcard stands for what no token proves, and an address is nobody's name.
pub(super) fn parse(text: &str, bases: &[Box<str>]) -> Result<Box<str>, HostClaimErrorKind> {
    let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if !is_name(&host) {
        return Err(HostClaimErrorKind::Invalid);
    }
    if bases.iter().any(|base| is_within(&host, base)) {
        return Err(HostClaimErrorKind::Reserved);
    }
    Ok(host.into_boxed_str())
}

fn is_name(host: &str) -> bool {
    let is_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(is_byte)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
        && last != "localhost"
}

/// However far below.
fn is_within(host: &str, base: &str) -> bool {
    let above = host.strip_suffix(base);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases() -> [Box<str>; 2] {
        ["app.example".into(), "saas.example".into()]
    }

    #[test]
    fn names_are_taken_in_one_form() {
        for (text, host) in [
            ("Shop.Acme.COM", "shop.acme.com"),
            ("acme.com.", "acme.com"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
            ("1.acme.com", "1.acme.com"),
            // Close to a base domain, and neither it nor below it.
            ("myapp.example", "myapp.example"),
            ("app.example.com", "app.example.com"),
        ] {
            assert_eq!(parse(text, &bases()).as_deref(), Ok(host), "{text}");
        }
    }

    #[test]
    fn wildcards_addresses_and_what_is_no_public_name_are_not() {
        let long =
            format!("{}.com", ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(58)].join("."));
        for text in [
            "",
            ".",
            "..",
            "com",
            "localhost",
            "acme.localhost",
            "*.acme.com",
            "*",
            "a.*.com",
            "127.0.0.1",
            "1.1.1.1.",
            "[::1]",
            "::1",
            "2130706433",
            "0x7f.1",
            "1.0x7f",
            "acme.com:80",
            "http://acme.com",
            "acme.com/x",
            "a@acme.com",
            "acme..com",
            ".acme.com",
            "-a.com",
            "a-.com",
            "a_b.com",
            "a b.com",
            "acme.com\r\nx: y",
            "acme.com\0",
            "m\u{fc}nchen.de",
            "acme.com..",
            "%61cme.com",
            &long,
        ] {
            assert_eq!(parse(text, &bases()), Err(HostClaimErrorKind::Invalid), "{text:?}");
        }
    }

    #[test]
    fn the_deployments_own_domains_are_not() {
        for text in ["app.example", "APP.example.", "acme.app.example", "a.b.saas.example"] {
            assert_eq!(parse(text, &bases()), Err(HostClaimErrorKind::Reserved), "{text}");
        }
    }
}
