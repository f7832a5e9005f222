use std::collections::BTreeMap;
use std::fmt;

use tenant_sql::RefusalKind;

use crate::oracle::Verdict;

/// What became of the statements of a campaign.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Statements that did the same on both databases.
    pub same: u64,
    /// Rows they gave.
    pub rows: u64,
    /// Those of them that changed rows of the tenant.
    pub changed: u64,
    /// Statements that fail on the database of one tenant, too; they don't count.
    pub fails: u64,
    /// Statements whose result is not determined by the rows.
    pub undetermined: u64,
    /// Statements that take too long or give too much.
    pub too_large: u64,
    /// Statements under which the server ended.
    pub lost: u64,
    /// Statements that differ.
    pub differences: u64,
    /// Refused statements, by kind.
    pub refused: BTreeMap<&'static str, u64>,
    /// Refused statements, by kind and construct, each with the shortest statement.
    pub constructs: BTreeMap<String, (u64, String)>,
    /// What fails, by its message without the quoted parts, each with the shortest statement.
    pub failures: BTreeMap<String, (u64, String)>,
}

impl Tally {
    pub(super) fn count(&mut self, verdict: &Verdict, sql: &str) {
        match verdict {
            Verdict::Same { rows, changed } => {
                self.same += 1;
                self.rows += *rows as u64;
                self.changed += u64::from(*changed);
            }
            Verdict::Fails(why) => {
                self.fails += 1;
                note(&mut self.failures, without_quoted(why), sql);
            }
            Verdict::Undetermined => self.undetermined += 1,
            Verdict::TooLarge => self.too_large += 1,
            Verdict::Refused(refusal) => {
                *self.refused.entry(refusal.kind().as_str()).or_default() += 1;
                let near = refusal.location().map(|place| word_at(sql, place.column)).unwrap_or_default();
                let construct =
                    if refusal.kind() == RefusalKind::Syntax { near } else { refusal.construct() };
                let what = format!("{}: {construct} ({})", refusal.kind(), refusal.hint());
                note(&mut self.constructs, what, sql);
            }
        }
    }

    /// Returns the number of statements.
    pub fn generated(&self) -> u64 {
        let Self { same, fails, undetermined, too_large, lost, differences, .. } = self;
        same + fails + undetermined + too_large + lost + differences + self.refusals()
    }

    /// Returns the number of refused statements.
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Returns the share of refused statements among those that are sound: failing ones don't count.
    pub fn share_refused(&self) -> f64 {
        self.refusals() as f64 / self.generated().saturating_sub(self.fails).max(1) as f64
    }
}

fn note(of: &mut BTreeMap<String, (u64, String)>, what: String, sql: &str) {
    // Messages are few; a bound holds for those that are not.
    if of.len() > 1_000 && !of.contains_key(&what) {
        return;
    }
    let (count, shortest) = of.entry(what).or_insert_with(|| (0, sql.to_owned()));
    *count += 1;
    if sql.len() < shortest.len() {
        sql.clone_into(shortest);
    }
}

/// Generated statements stand on one line.
fn word_at(sql: &str, column: u64) -> &str {
    let at = usize::try_from(column).unwrap_or_default().saturating_sub(1);
    let start = sql.char_indices().nth(at).map_or(sql.len(), |(at, _)| at);
    sql.get(start..).and_then(|rest| rest.split([' ', '(', ')', ',']).next()).unwrap_or_default()
}

/// Names and values differ from statement to statement.
fn without_quoted(why: &str) -> String {
    let parts = why.split(['"', '\'', '`']).step_by(2);
    parts.collect::<Vec<_>>().join("…").chars().take(90).collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { same, rows, changed, fails, undetermined, too_large, lost, differences, refused, .. } =
            self;
        write!(
            f,
            "{} statements: {same} the same ({rows} rows, {changed} changed some), {differences} differ, \
             {undetermined} undetermined, {too_large} too large, {lost} ended the server, {fails} fail anyway, {} refused ({:.2} %)",
            self.generated(),
            self.refusals(),
            100.0 * self.share_refused()
        )?;
        refused.iter().try_for_each(|(kind, count)| write!(f, ", {kind} {count}"))
    }
}
