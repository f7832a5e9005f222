//! Headers of tar files (POSIX.1-1988 `ustar`,
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06>).
//!
//! A library reads far more than this: links, sparse files, long names, extensions. Each of those is a way for an archive to mean
//! something else than it says.

/// Everything comes in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;

pub(super) type Block = [u8; BLOCK];

/// A plain file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) size: u64,
}

const NAME: std::ops::Range<usize> = 0..100;
const MODE: std::ops::Range<usize> = 100..108;
const OWNER: std::ops::Range<usize> = 108..124;
const SIZE: std::ops::Range<usize> = 124..136;
const TIME: std::ops::Range<usize> = 136..148;
const SUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const LINK: std::ops::Range<usize> = 157..257;
const MAGIC: std::ops::Range<usize> = 257..263;
const PREFIX: std::ops::Range<usize> = 345..500;

/// The greatest size that eleven octal digits hold: 8 GiB. Greater ones are binary, as GNU has them.
const MOST_OCTAL: u64 = 0o777_7777_7777;

impl Header {
    pub(super) fn write(&self) -> Block {
        let mut block = [0; BLOCK];
        set(&mut block, NAME, self.name.as_bytes());
        set(&mut block, MODE, b"0000600");
        set(&mut block, OWNER, b"0000000\x000000000");
        set(&mut block, TIME, b"00000000000");
        match self.size {
            ..=MOST_OCTAL => set(&mut block, SIZE, format!("{:011o}", self.size).as_bytes()),
            _ => {
                let mut field = [0; 12];
                set(&mut field, 4..12, &self.size.to_be_bytes());
                set(&mut field, 0..1, &[0x80]);
                set(&mut block, SIZE, &field);
            }
        }
        set(&mut block, KIND..KIND + 1, b"0");
        set(&mut block, MAGIC.start..MAGIC.end + 2, b"ustar\x0000");
        let sum = sum(&block);
        set(&mut block, SUM, format!("{sum:06o}\0 ").as_bytes());
        block
    }

    /// What is no plain file of a plain name, is nothing.
    pub(super) fn read(block: &Block) -> Result<Self, &'static str> {
        let field = |range: std::ops::Range<usize>| block.get(range).unwrap_or_default();
        if octal(field(SUM)) != Some(sum(block)) {
            return Err("a header is damaged");
        }
        if field(MAGIC) != b"ustar\0" && field(MAGIC) != b"ustar " {
            return Err("a header is of no format that is read");
        }
        if !matches!(block.get(KIND), Some(b'0' | 0)) || field(LINK).iter().any(|byte| *byte != 0) {
            return Err("an entry is no plain file");
        }
        if field(MAGIC) == b"ustar\0" && field(PREFIX).iter().any(|byte| *byte != 0) {
            return Err("an entry has a path");
        }
        let name = field(NAME).split(|byte| *byte == 0).next().unwrap_or_default();
        let name = str::from_utf8(name).map_err(|_| "an entry has no readable name")?;
        let size = size(field(SIZE)).ok_or("an entry has no readable size")?;
        Ok(Self { name: name.to_owned(), size })
    }
}

/// How many bytes come behind an entry until the next block begins.
pub(super) const fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

fn set(target: &mut [u8], range: std::ops::Range<usize>, bytes: &[u8]) {
    if let Some(field) = target.get_mut(range) {
        for (to, from) in field.iter_mut().zip(bytes) {
            *to = *from;
        }
    }
}

/// Of all bytes, with blanks in place of the sum itself.
fn sum(block: &Block) -> u64 {
    let bytes = block.iter().enumerate();
    bytes.map(|(at, byte)| u64::from(if SUM.contains(&at) { b' ' } else { *byte })).sum()
}

fn size(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, 0, 0, 0, rest @ ..] => Some(u64::from_be_bytes(rest.try_into().ok()?)),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    let is_octal = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    is_octal.then(|| u64::from_str_radix(text, 8).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u64) -> Header {
        Header { name: "users.jsonl".to_owned(), size }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for size in [0, 1, 511, 512, MOST_OCTAL, MOST_OCTAL + 1, u64::MAX >> 1] {
            assert_eq!(Header::read(&header(size).write()).unwrap(), header(size));
        }
    }

    #[test]
    fn nothing_but_a_plain_file_is_read() {
        for kind in [b'1', b'2', b'3', b'5', b'6', b'x', b'g', b'L', b'K', b'S', b'7', b'V'] {
            let mut block = header(3).write();
            block[KIND] = kind;
            let sum = sum(&block);
            set(&mut block, SUM, format!("{sum:06o}\0 ").as_bytes());
            assert!(Header::read(&block).is_err(), "{}", char::from(kind));
        }
    }

    #[test]
    fn a_changed_byte_shows() {
        for at in 0..500 {
            let mut block = header(3).write();
            block[at] ^= 1;
            assert!(Header::read(&block).is_err(), "{at}");
        }
    }

    #[test]
    fn entries_begin_with_a_block() {
        assert_eq!([padding(0), padding(1), padding(511), padding(512)], [0, 511, 1, 0]);
    }
}
