use std::fmt::{self, Write as _};

use data_encoding::BASE32_NOPAD;

use super::totp::{DIGITS, SECRET, STEP_SECONDS};

/// A second factor that is to be proved. What is in it is here and nowhere else: show it once.
#[must_use = "what is in it is here and nowhere else"]
pub struct Enrolment {
    otpauth_url: String,
    recovery_codes: Vec<String>,
}

impl Enrolment {
    pub(super) fn new(
        issuer: &str,
        account: &str,
        secret: &[u8; SECRET],
        recovery_codes: Vec<String>,
    ) -> Self {
        let (issuer, account) = (encoded(issuer), encoded(account));
        let secret = BASE32_NOPAD.encode(secret);
        let otpauth_url = format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}\
             &period={STEP_SECONDS}"
        );
        Self { otpauth_url, recovery_codes }
    }

    /// What an authenticator app takes, mostly as a QR code
    /// (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    #[must_use]
    pub fn otpauth_url(&self) -> &str {
        &self.otpauth_url
    }

    /// Ten codes, each of which stands in for the app once.
    #[must_use]
    pub fn recovery_codes(&self) -> &[String] {
        &self.recovery_codes
    }
}

/// All but what is unreserved (RFC 3986, section 2.3). A colon stands between the names, and in none.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b':' => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_takes_it_whatever_the_names_are() {
        let enrolment = Enrolment::new("A & B: c", "ada+x@\u{fc}.example", b"12345678901234567890", vec![]);
        assert_eq!(
            enrolment.otpauth_url(),
            "otpauth://totp/A%20%26%20B%20c:ada%2Bx%40%C3%BC.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=A%20%26%20B%20c&algorithm=SHA1&digits=6&period=30"
        );
        assert!(!format!("{enrolment:?}").contains("GEZDG"));
    }
}
