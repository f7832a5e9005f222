//! The counters of one tenant.

use super::super::counter::Counter;

/// A counter per limit, position by position. One stands inside: most tenants have one limit, and there are many tenants.
#[derive(Debug)]
pub(super) enum Counters {
    One(Counter),
    Some(Box<[Counter]>),
}

impl Counters {
    #[inline]
    pub(super) fn as_slice(&self) -> &[Counter] {
        match self {
            Self::One(counter) => std::slice::from_ref(counter),
            Self::Some(counters) => counters,
        }
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [Counter] {
        match self {
            Self::One(counter) => std::slice::from_mut(counter),
            Self::Some(counters) => counters,
        }
    }

    pub(super) fn into_vec(self) -> Vec<Counter> {
        match self {
            Self::One(counter) => vec![counter],
            Self::Some(counters) => counters.into_vec(),
        }
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self::Some(Box::default())
    }
}

impl FromIterator<Counter> for Counters {
    fn from_iter<I: IntoIterator<Item = Counter>>(counters: I) -> Self {
        let counters: Vec<_> = counters.into_iter().collect();
        match <[Counter; 1]>::try_from(counters) {
            Ok([counter]) => Self::One(counter),
            Err(counters) => Self::Some(counters.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_counter_takes_four_words() {
        assert_eq!(size_of::<Counters>(), 32);
    }
}
