use std::{
    fmt,
    time::{Duration, Instant},
};

/// Something whose turns are timed.
pub struct Contestant {
    name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration>,
}

/// Small enough that what is fed in advance stays in the processor's cache.
const BATCH: u64 = 64;

impl Contestant {
    /// Times `turn`.
    pub fn new(name: &'static str, mut turn: impl FnMut() + 'static) -> Self {
        Self::timed(name, move |turns| measured((0..turns).map(|_| ()), |()| turn()))
    }

    /// Times `turn`, and not what it is fed with.
    pub fn fed<I: 'static>(
        name: &'static str,
        mut feed: impl FnMut() -> I + 'static,
        mut turn: impl FnMut(I) + 'static,
    ) -> Self {
        let mut inputs = Vec::new();
        Self::timed(name, move |turns| {
            let batches = (0..turns).step_by(BATCH as usize).map(|done| BATCH.min(turns - done));
            let run = |size| {
                inputs.extend((0..size).map(|_| feed()));
                measured(inputs.drain(..), &mut turn)
            };
            batches.map(run).sum()
        })
    }

    /// Takes the word of `run` for how long so many turns took.
    pub fn timed(name: &'static str, run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }

    /// The name within its comparison.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Takes so many turns and tells how long they took.
    pub fn run(&mut self, turns: u64) -> Duration {
        (self.run)(turns)
    }
}

/// What `count-instructions` counts in, by this function's name.
#[inline(never)]
fn measured<I>(inputs: impl Iterator<Item = I>, mut turn: impl FnMut(I)) -> Duration {
    let start = Instant::now();
    for input in inputs {
        turn(input);
    }
    start.elapsed()
}

/// The contestant of this name.
pub fn find<'a>(contestants: &'a mut [Contestant], name: &str) -> Option<&'a mut Contestant> {
    contestants.iter_mut().find(|contestant| contestant.name == name)
}

impl fmt::Debug for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contestant").field("name", &self.name).finish_non_exhaustive()
    }
}
