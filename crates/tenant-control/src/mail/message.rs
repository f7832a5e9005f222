use std::fmt;

use data_encoding::BASE64;

/// A mail to one address: plain text in UTF-8.
///
/// No part of it can become another header, another recipient or another part, whatever it holds.
///
/// # Example
/// ```
/// use tenant_control::Message;
///
/// let message = Message::new("ada@example.com", "Hello\r\nBcc: eve@example.com", "How are you?")?;
/// let text = message.to_rfc5322("no-reply@example.com", "Tue, 14 Nov 2023 22:13:20 +0000", "1");
/// assert!(text.contains("\r\nSubject: Hello  Bcc: eve@example.com\r\n"));
/// assert!(Message::new("ada@example.com>, <eve", "Hello", "").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    to: String,
    subject: String,
    body: String,
}

/// The address is none that a header can hold, or a line is longer than 998 bytes (RFC 5322, section 2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMessage;

/// A line without its end (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 998;
/// So many bytes of text in an encoded word, which is 75 characters at most (RFC 2047, section 2).
const WORD: usize = 42;

impl Message {
    /// A mail. Control characters in the subject become blanks, those in the body but for ends of lines and tabs too.
    ///
    /// # Errors
    /// The address is none that a header can hold, or a line is too long.
    pub fn new(to: &str, subject: &str, body: &str) -> Result<Self, InvalidMessage> {
        let body = body.replace("\r\n", "\n").replace(|letter| is_control(letter, "\n\t"), " ");
        let is_long = body.lines().any(|line| line.len() > LONGEST_LINE);
        if !Self::admits(to) || subject.len() > LONGEST_LINE || is_long {
            return Err(InvalidMessage);
        }
        Ok(Self { to: to.to_owned(), subject: subject.replace(char::is_control, " "), body })
    }

    /// Whether mail can be sent to an address: dots and what an atom is made of, an `@`, and a domain (RFC 5322, section 3.4.1,
    /// without quotes and comments; RFC 6532 for letters beyond ASCII).
    #[must_use]
    pub fn admits(address: &str) -> bool {
        let Some((local, domain)) = address.split_once('@') else { return false };
        let is_atom = |letter: char| letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter);
        let is_domain = |letter: char| letter.is_alphanumeric() || ".-".contains(letter);
        let are_all = |text: &str, is: &dyn Fn(char) -> bool| !text.is_empty() && text.chars().all(is);
        address.len() <= 254 && are_all(local, &is_atom) && are_all(domain, &is_domain)
    }

    /// To whom.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// As it is sent (RFC 5322), from a sender, with the moment and an id of its own.
    #[must_use]
    pub fn to_rfc5322(&self, from: &str, date: &str, id: &str) -> String {
        let (to, subject) = (&self.to, encoded(&self.subject));
        let body = self.body.replace('\n', "\r\n");
        format!(
            "Date: {date}\r\nFrom: <{from}>\r\nTo: <{to}>\r\nMessage-ID: <{id}@tenant.invalid>\r\nSubject: {subject}\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\
             Auto-Submitted: auto-generated\r\n\r\n{body}\r\n"
        )
    }
}

fn is_control(letter: char, but: &str) -> bool {
    letter.is_control() && !but.contains(letter)
}

/// As it is where it is ASCII, else in encoded words (RFC 2047).
fn encoded(text: &str) -> String {
    // What looks like an encoded word is encoded too: it would be read as what it decodes to.
    if text.is_ascii() && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + letter.len_utf8() <= WORD => word.push(letter),
            _ => words.push(letter.into()),
        }
    }
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes())));
    words.collect::<Vec<_>>().join("\r\n ")
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address can't be written to, or a line is too long")
    }
}

impl std::error::Error for InvalidMessage {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(message: &Message) -> (String, String) {
        let text = message.to_rfc5322("no-reply@example.com", "now", "1");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn no_text_becomes_a_header_or_a_recipient() {
        for odd in
            ["\r\nBcc: <eve@x>", "\nBcc: <eve@x>", "\rBcc: <eve@x>", "\r\n\r\nBcc: <eve@x>", "\u{85}\u{fc}"]
        {
            let (head, body) = sent(&Message::new("ada@example.com", odd, &format!("a{odd}")).unwrap());
            assert_eq!(head.split("\r\n").filter(|line| !line.starts_with(' ')).count(), 9, "{head}");
            assert!(!head.replace("\r\n", "").contains(char::is_control), "{head:?}");
            assert!(body.starts_with('a') && !body.replace("\r\n", "").contains('\r'));
        }
        for wrong in [
            "eve>,<ada@x",
            "a,b@x",
            "a b@x",
            "a\r\n@x",
            "a@x\n",
            "a@x>",
            "\"a\"@x",
            "a(b)@x",
            "a@[::1]",
            "a@b@c",
            "a;b@x",
            "a:b@x",
            "@x",
            "a@",
            "a",
            "",
            "a@b,c",
        ] {
            assert_eq!(Message::new(wrong, "", ""), Err(InvalidMessage), "{wrong:?}");
        }
        assert!(Message::admits("o'hara+tag@m\u{fc}nchen.example"));
    }

    #[test]
    fn no_line_is_longer_than_mail_allows() {
        let long = "x".repeat(998);
        assert!(Message::new("a@b", &long, &format!("{long}\r\n{long}")).is_ok());
        for (subject, body) in [(format!("{long}x"), String::new()), (String::new(), format!("a\n{long}x"))] {
            assert_eq!(Message::new("a@b", &subject, &body), Err(InvalidMessage));
        }
        let (head, _) = sent(&Message::new("a@b", &"\u{fc}\u{1f600}".repeat(80), "").unwrap());
        assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
        let words: Vec<u8> = head
            .split("=?utf-8?B?")
            .skip(1)
            .flat_map(|word| BASE64.decode(word.split("?=").next().unwrap().as_bytes()).unwrap())
            .collect();
        assert_eq!(String::from_utf8(words).unwrap(), "\u{fc}\u{1f600}".repeat(80));
    }
}
