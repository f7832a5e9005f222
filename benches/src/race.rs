use std::{fmt, time::Duration};

use crate::Contestant;

/// Short rounds in which all contestants take part, one after the other, in every second round backwards.
///
/// Figures are compared within a round and their median is taken over the rounds: a machine that is busy with something
/// else for a while is so for all contestants of a round.
#[derive(Clone, Debug)]
pub struct Race {
    names: Vec<&'static str>,
    /// Nanoseconds per turn: per round, per contestant.
    rounds: Vec<Vec<f64>>,
}

/// A figure over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half of the rounds are below.
    pub median: f64,
    /// A quarter of the rounds are below.
    pub low: f64,
    /// A quarter of the rounds are above.
    pub high: f64,
}

impl Race {
    /// Lets the contestants take so many rounds of about `length` each.
    pub fn run(contestants: &mut [Contestant], rounds: usize, length: Duration) -> Self {
        let turns: Vec<u64> = contestants.iter_mut().map(|contestant| turns(contestant, length)).collect();
        let rounds = (0..rounds).map(|number| round(contestants, &turns, number % 2 == 1)).collect();
        Self { names: contestants.iter().map(Contestant::name).collect(), rounds }
    }

    /// Who took part.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Nanoseconds per turn.
    #[must_use]
    pub fn nanos(&self, name: &str) -> Spread {
        self.spread(|round| round.of(name))
    }

    /// Nanoseconds that `name` takes beyond `base`.
    #[must_use]
    pub fn added(&self, name: &str, base: &str) -> Spread {
        self.spread(|round| round.of(name) - round.of(base))
    }

    /// What `name` takes, as a share of what `peer` takes.
    #[must_use]
    pub fn ratio(&self, name: &str, peer: &str) -> Spread {
        self.spread(|round| round.of(name) / round.of(peer))
    }

    /// What `name` adds to `base`, as a share of what `peer` adds to it.
    #[must_use]
    pub fn added_ratio(&self, name: &str, peer: &str, base: &str) -> Spread {
        self.spread(|round| (round.of(name) - round.of(base)) / (round.of(peer) - round.of(base)))
    }

    /// What `name` takes beyond `base`, as a share of what `peer` takes.
    #[must_use]
    pub fn share_added(&self, name: &str, base: &str, peer: &str) -> Spread {
        self.spread(|round| (round.of(name) - round.of(base)) / round.of(peer))
    }

    fn spread(&self, figure: impl Fn(Round<'_>) -> f64) -> Spread {
        let figures = self.rounds.iter().map(|nanos| figure(Round { names: &self.names, nanos }));
        Spread::of(figures.collect())
    }
}

struct Round<'a> {
    names: &'a [&'static str],
    nanos: &'a [f64],
}

impl Round<'_> {
    fn of(&self, name: &str) -> f64 {
        let position = self.names.iter().position(|own| *own == name);
        position.and_then(|position| self.nanos.get(position)).copied().unwrap_or(f64::NAN)
    }
}

impl Spread {
    /// The spread of figures in any order.
    #[must_use]
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |share: usize| figures.get(figures.len() * share / 4).copied().unwrap_or(f64::NAN);
        Self { median: at(2), low: at(1), high: at(3) }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median < 10.0 { 3 } else { 1 };
        write!(f, "{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.low, self.high)
    }
}

/// How many turns take about `length`.
fn turns(contestant: &mut Contestant, length: Duration) -> u64 {
    let mut turns = 16;
    loop {
        let took = contestant.run(turns);
        if took * 4 >= length {
            let wanted = length.as_secs_f64() / per_turn(took, turns) * 1e9;
            return (wanted as u64).max(1);
        }
        turns *= 2;
    }
}

/// Nanoseconds per turn of each.
fn round(contestants: &mut [Contestant], turns: &[u64], backwards: bool) -> Vec<f64> {
    let mut nanos = vec![f64::NAN; contestants.len()];
    let mut order: Vec<_> = contestants.iter_mut().zip(turns).zip(&mut nanos).collect();
    if backwards {
        order.reverse();
    }
    for ((contestant, &turns), nanos) in order {
        *nanos = per_turn(contestant.run(turns), turns);
    }
    nanos
}

fn per_turn(took: Duration, turns: u64) -> f64 {
    took.as_secs_f64() * 1e9 / turns as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_within_a_round() {
        let race = Race {
            names: vec!["bare", "ours", "theirs"],
            rounds: vec![vec![10.0, 20.0, 30.0], vec![100.0, 200.0, 300.0], vec![1.0, 2.0, 3.0]],
        };
        assert_eq!(race.ratio("ours", "bare").median, 2.0);
        assert_eq!(race.added("ours", "bare").median, 10.0);
        assert_eq!(race.added_ratio("ours", "theirs", "bare").median, 0.5);
        assert!(race.nanos("nobody").median.is_nan());
    }
}
