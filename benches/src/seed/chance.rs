use uuid::Builder;

/// Numbers that look random and are the same for the same seed: SplitMix64 (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

/// What a number is drawn for: what is drawn for one thing does not change with how much is drawn for another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Ranks = 1,
    Person,
    Project,
    Membership,
    Invitation,
    Usage,
    Event,
}

impl Chance {
    /// That of one thing.
    pub(super) const fn of(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut own = Self(seed ^ (purpose as u64).wrapping_mul(0xA076_1D64_78BD_642F));
        own.0 = own.next() ^ number.wrapping_mul(0xE703_7ED1_A0B4_28DB);
        own
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..bound`; 0 where that is empty.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// Whether something happens that does in so many of a hundred cases.
    pub(super) fn percent(&mut self, cases: u64) -> bool {
        self.below(100) < cases
    }

    /// One of `0..bound`, the first ones more often: a tenth of them comes up in a third of the cases.
    pub(super) fn early(&mut self, bound: u64) -> u64 {
        let of = 1 << 20;
        let share = self.below(of);
        bound * (share * share / of) / of
    }

    /// One of a few.
    pub(super) fn of_these<T: Copy>(&mut self, these: &[T]) -> Option<T> {
        let at = self.below(these.len() as u64);
        usize::try_from(at).ok().and_then(|at| these.get(at)).copied()
    }

    /// An id, as a random UUID.
    pub(super) fn id(&mut self) -> String {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.next().to_be_bytes());
        low.copy_from_slice(&self.next().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// 32 bytes in hexadecimal.
    pub(super) fn digest(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.next())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_something_else() {
        let ids = |seed| (0..100).map(move |number| Chance::of(seed, Purpose::Person, number).id());
        assert!(ids(1).eq(ids(1)) && ids(1).zip(ids(2)).all(|(one, other)| one != other));
        let different: std::collections::HashSet<String> = ids(1).chain(ids(2)).collect();
        assert_eq!(different.len(), 200);
    }

    #[test]
    fn what_is_drawn_stays_below_its_bound() {
        let mut chance = Chance::of(1, Purpose::Usage, 1);
        for _ in 0..10_000 {
            assert!(
                chance.below(7) < 7 && chance.early(7) < 7 && chance.below(0) == 0 && chance.early(0) == 0
            );
        }
        let early = (0..10_000).filter(|_| chance.early(1_000) < 100).count();
        assert!((2_800..3_500).contains(&early), "{early}");
    }
}
