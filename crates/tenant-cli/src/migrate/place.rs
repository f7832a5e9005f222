//! The place that a word means.

use tenant_core::{PlaceName, Placement};

use crate::Error;

/// `shared`, the name of a place, or its kind and name as reports have it.
pub(super) fn named(word: &str, places: &[Placement]) -> Result<Placement, Error> {
    let is_meant = |place: &&Placement| {
        place.to_string() == word || place.name().is_some_and(|name| PlaceName::as_str(name) == word)
    };
    let mut meant = places.iter().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some(place), None) => Ok(place.clone()),
        (Some(place), Some(other)) => Err(Error::new(format!("`{word}` may be {place} or {other}"))),
        (None, _) => Err(Error::new(format!("`{word}` is none of the places"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_place_or_none() {
        let name = |text| PlaceName::parse(text).unwrap();
        let places = [
            Placement::Schema(name("a")),
            Placement::Schema(name("b")),
            Placement::Database(name("b")),
            Placement::Shared,
        ];
        assert_eq!(named("shared", &places).unwrap(), Placement::Shared);
        assert_eq!(named("a", &places).unwrap(), places[0]);
        assert_eq!(named("database b", &places).unwrap(), places[2]);
        assert!(named("b", &places).is_err() && named("c", &places).is_err());
    }
}
