//! Names and passwords.

mod basic;
mod email;
mod passwords;
mod people;

pub use self::{
    basic::BasicCredentials,
    email::normalize_email,
    passwords::{InvalidPassword, PasswordCheck, Passwords},
    people::{People, SignedIn},
};
