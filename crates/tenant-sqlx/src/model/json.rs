//! Nouns come out of the database as JSON, one to a row: each of the three can write it.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::driver::Cell;

/// True and false, which MySQL and SQLite write as numbers.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Bool(bool),
        Number(i64),
        Null(()),
    }
    Ok(match Flag::deserialize(deserializer)? {
        Flag::Bool(flag) => flag,
        Flag::Number(number) => number != 0,
        Flag::Null(()) => false,
    })
}

/// The nouns of rows that hold one text each.
pub(super) fn nouns<T: DeserializeOwned>(rows: Vec<Vec<Cell>>) -> sqlx::Result<Vec<T>> {
    rows.into_iter().flatten().filter_map(Cell::into_text).map(|text| noun(&text)).collect()
}

fn noun<T: DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
