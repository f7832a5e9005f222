//! Runs one contestant for a number of turns, so that callgrind can count what one turn takes.
//!
//! `benches/count-instructions` runs it for all. Without arguments it lists them.

use std::env;

use tenant_benches::{BoxError, COMPARISONS, find};

fn main() -> Result<(), BoxError> {
    let mut arguments = env::args().skip(1);
    let (Some(comparison), Some(name)) = (arguments.next(), arguments.next()) else {
        return list();
    };
    let turns = arguments.next().ok_or("how many turns?")?.parse()?;
    let (_, contestants) =
        COMPARISONS.iter().find(|(own, _)| *own == comparison).ok_or("no such comparison")?;
    let mut contestants = contestants()?;
    let contestant = find(&mut contestants, &name).ok_or("no such contestant")?;
    contestant.run(turns);
    Ok(())
}

fn list() -> Result<(), BoxError> {
    for (comparison, contestants) in COMPARISONS {
        for contestant in contestants()? {
            println!("{comparison}\t{}", contestant.name());
        }
    }
    Ok(())
}
