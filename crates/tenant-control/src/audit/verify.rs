use std::fmt;

use tenant_core::{
    StoreError,
    audit::{AuditStore, ChainLink, Seal},
};

/// What a look at the whole chain has found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditReport {
    /// How many entries were looked at.
    pub entries: u64,
    /// The last entry that was forgotten when its time had come: the chain begins behind it.
    pub forgotten: ChainLink,
    /// The last entry: what is noted elsewhere shows that the end was cut off.
    pub last: ChainLink,
    /// Where the chain is damaged; the first hundred places.
    pub damage: Vec<AuditDamage>,
}

/// A place where the chain is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditDamage {
    /// Entries are gone.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// An entry is not the one that was sealed, or was sealed with another key.
    Changed {
        /// Which.
        number: u64,
    },
}

const MOST_DAMAGE: usize = 100;
const STEP: u32 = 1_000;

impl AuditReport {
    /// Whether nothing is damaged.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }

    fn found(&mut self, damage: AuditDamage) {
        if self.damage.len() < MOST_DAMAGE {
            self.damage.push(damage);
        }
    }
}

/// Looks whether an entry was removed or changed, up to the last that there is now.
///
/// # Errors
/// The store failed, or an entry can't be read.
pub async fn verify(store: &dyn AuditStore, seal: &Seal<'_>) -> Result<AuditReport, StoreError> {
    let ends = store.ends().await?;
    let mut report =
        AuditReport { entries: 0, forgotten: ends.forgotten, last: ends.last, damage: Vec::new() };
    let mut before = ends.forgotten;
    while before.number < ends.last.number {
        let page = store.after(before.number, STEP).await?;
        let Some(last_of_page) = page.last() else { break };
        let is_enough = last_of_page.link.number >= ends.last.number;
        for entry in page.into_iter().take_while(|entry| entry.link.number <= ends.last.number) {
            let expected = before.number + 1;
            if entry.link.number != expected {
                missing(store, &mut report, expected, entry.link.number - 1).await?;
            } else if seal(&before.digest, expected, &entry.event) != entry.link.digest {
                report.found(AuditDamage::Changed { number: expected });
            }
            report.entries += 1;
            before = entry.link;
        }
        if is_enough {
            break;
        }
    }
    if before.number < ends.last.number {
        missing(store, &mut report, before.number + 1, ends.last.number).await?;
    } else if before.digest != ends.last.digest {
        report.found(AuditDamage::Changed { number: before.number });
    }
    Ok(report)
}

/// Unless their time came while this looked.
async fn missing(
    store: &dyn AuditStore,
    report: &mut AuditReport,
    first: u64,
    last: u64,
) -> Result<(), StoreError> {
    report.forgotten = store.ends().await?.forgotten;
    if last > report.forgotten.number {
        report.found(AuditDamage::Missing { first: first.max(report.forgotten.number + 1), last });
    }
    Ok(())
}

impl fmt::Display for AuditDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { first, last } if first == last => write!(f, "entry {first} is missing"),
            Self::Missing { first, last } => write!(f, "entries {first} to {last} are missing"),
            Self::Changed { number } => write!(f, "entry {number} is not the one that was sealed"),
        }
    }
}
