//! What somebody types.

use super::{recovery, totp::DIGITS};

/// What a text may be; which it is shows.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Code {
    /// Of an authenticator.
    Digits([u8; DIGITS]),
    /// The letters of a recovery code.
    Recovery(String),
}

/// Nothing that is longer is even looked at.
const LONGEST: usize = 64;

impl Code {
    /// Blanks and dashes are for people, and so is case.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let is_meant = |letter: &char| !matches!(letter, ' ' | '-');
        let text: String =
            text.trim().chars().filter(is_meant).map(|letter| letter.to_ascii_uppercase()).collect();
        if text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.into_bytes().try_into().ok().map(Self::Digits);
        }
        recovery::is_one(&text).then_some(Self::Recovery(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_write_it_as_they_like() {
        for text in ["123456", "123 456", " 123-456\n"] {
            assert!(Code::read(text) == Some(Code::Digits(*b"123456")), "{text:?}");
        }
        let code = recovery::make().unwrap();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3));
        let letters = code.replace('-', "");
        for text in [&code, &letters, &code.to_lowercase(), &code.replace('-', " ")] {
            assert!(Code::read(text) == Some(Code::Recovery(letters.clone())), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_code_is_nothing() {
        let long = format!("123456{}", " ".repeat(100));
        let fullwidth: String = "\u{ff11}".repeat(6);
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "+12345",
            &fullwidth,
            "ABCDEFGHIJKLMNO1",
            "ABCDEFGHIJKLMNO",
            &long,
        ] {
            assert!(Code::read(text).is_none(), "{text:?}");
        }
    }
}
