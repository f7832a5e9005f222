use std::fmt;

use tenant_sql::Dialect;

/// A migration: read it, then run it.
#[derive(Clone, Debug)]
pub struct Migration {
    dialect: Dialect,
    steps: Vec<Step>,
}

/// Statements that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    phase: Phase,
    note: String,
    statements: Vec<String>,
    repeats: bool,
    is_remark: bool,
}

/// When a step can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// While the application of before still runs.
    Expand,
    /// Once every instance says which tenant it works for.
    Contract,
}

impl Step {
    pub(super) fn new(phase: Phase, note: impl Into<String>, statements: Vec<String>) -> Self {
        // A note is a comment of one line: the name of a table must not end it.
        let note = note.into().replace(char::is_control, " ");
        Self { phase, note, statements, repeats: false, is_remark: false }
    }

    /// Something that is left to people.
    pub(super) fn remark(phase: Phase, note: impl Into<String>) -> Self {
        Self { is_remark: true, ..Self::new(phase, note, Vec::new()) }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.statements.is_empty() && !self.is_remark
    }

    pub(super) fn repeated(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Returns when it can be taken.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns what it is for.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Returns its statements, in the order in which they run, each by itself and all on one connection; none where the
    /// note tells what people have to do.
    #[must_use]
    pub fn statements(&self) -> &[String] {
        &self.statements
    }

    /// Returns whether each statement is to be repeated until it changes no row.
    #[must_use]
    pub const fn repeats(&self) -> bool {
        self.repeats
    }
}

impl Migration {
    pub(super) fn new(dialect: Dialect, mut steps: Vec<Step>) -> Self {
        steps.retain(|step| !step.is_empty());
        Self { dialect, steps }
    }

    /// Returns the steps in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns whether nothing is left to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Keeps the steps of one phase.
    #[must_use]
    pub fn only(mut self, phase: Phase) -> Self {
        self.steps.retain(|step| step.phase == phase);
        self
    }

    const fn header(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => {
                "Run it with psql (ON_ERROR_STOP=1), outside of a transaction, as the owner of the tables. Where it\n\
                 -- stops, print it again: what is done is left out. An index that was interrupted is INVALID, and\n\
                 -- has to be dropped before that.\n--\n\
                 -- Review: whose rows are whose; the keys that change, and what upserts on them; the rights of the\n\
                 -- roles; that jobs and migrations which work for all tenants use the system role."
            }
            Dialect::MySql => {
                "Run it statement by statement. Each change of a table commits by itself; what says LOCK=NONE lets\n\
                 -- the application go on, what can't say so holds up writes while the table is copied.\n--\n\
                 -- Review: whose rows are whose; the keys that change, and what upserts on them."
            }
            Dialect::Sqlite => {
                "Run it while nobody else writes. What makes tables anew is one transaction: where something fails,\n\
                 -- nothing of it is done, even by a shell that goes on after errors.\n--\n\
                 -- Review: whose rows are whose; the new definitions of the tables that are rebuilt."
            }
        }
    }
}

/// In front of each phase, because each may be run by itself.
pub(super) fn with_settings(steps: Vec<Step>, settings: fn(Phase) -> Step) -> Vec<Step> {
    let (mut all, mut phase) = (Vec::with_capacity(steps.len() + 2), None);
    for step in steps {
        if phase != Some(step.phase) && !step.is_remark {
            phase = Some(step.phase);
            all.push(settings(step.phase));
        }
        all.push(step);
    }
    all
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "-- One wall for each tenant: a migration to be reviewed.\n--\n-- {}", self.header())?;
        let mut phase = None;
        for step in &self.steps {
            if phase != Some(step.phase) {
                phase = Some(step.phase);
                writeln!(f, "\n-- ==== {}", step.phase)?;
            }
            write!(f, "\n{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expand => "Expand: while the application of before still runs",
            Self::Contract => "Contract: once every instance says which tenant it works for",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "-- {}", self.note)?;
        if self.repeats {
            writeln!(f, "-- Repeat each until it changes no row.")?;
        }
        self.statements.iter().try_for_each(|statement| writeln!(f, "{statement};"))
    }
}
