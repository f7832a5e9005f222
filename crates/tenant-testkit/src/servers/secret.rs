use std::hash::{BuildHasher, RandomState};

/// A password of 32 hexadecimal digits: keys of the hash function come from the operating system's random numbers.
pub(super) fn secret() -> String {
    let part = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", part(), RandomState::new().hash_one(part()))
}
