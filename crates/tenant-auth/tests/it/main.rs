//! Who is proved, and who is not.

mod token;
