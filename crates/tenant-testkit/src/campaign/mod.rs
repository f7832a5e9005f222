//! Many generated statements before the oracle: what became of them, and the smallest of those that differ.

mod shrink;
mod tally;

use crate::generate::Generator;
use crate::oracle::{Difference, Oracle, OracleError};

pub use shrink::shrink;
pub use tally::Tally;

/// A statement that differs, and how to make it again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Finding {
    /// The seed that made it.
    pub seed: u64,
    /// The difference.
    pub difference: Difference,
    /// The statement as it was made.
    pub statement: String,
}

/// Differences are kept up to this number; the rest is counted.
const KEPT: usize = 50;

/// Statements of consecutive seeds before an oracle.
#[derive(Debug)]
pub struct Campaign {
    oracle: Oracle,
    generator: Generator,
    tally: Tally,
    findings: Vec<Finding>,
}

impl Campaign {
    /// Starts a campaign.
    pub fn new(oracle: Oracle, generator: Generator) -> Self {
        Self { oracle, generator, tally: Tally::default(), findings: Vec::new() }
    }

    /// Judges the statement of one seed.
    ///
    /// # Errors
    /// Fails if a database is gone ([`OracleError::Lost`]); a difference is a [`Finding`].
    pub async fn judge(&mut self, seed: u64) -> Result<(), OracleError> {
        let statement = self.generator.statement(seed);
        match self.oracle.check(&statement.sql, &statement.arguments).await {
            Ok(verdict) => self.tally.count(&verdict, &statement.sql),
            Err(OracleError::Differs(difference)) => {
                self.tally.differences += 1;
                if self.findings.len() < KEPT {
                    let statement = difference.statement.clone();
                    self.findings.push(Finding { seed, difference: *difference, statement });
                }
            }
            Err(other) => return Err(other),
        }
        if self.tally.generated().is_multiple_of(1_000) {
            self.oracle.check_untouched().await?;
        }
        Ok(())
    }

    /// Goes on with other databases, after a statement has ended the server.
    pub fn reopen(&mut self, oracle: Oracle) {
        self.tally.lost += 1;
        self.oracle = oracle;
    }

    /// Returns what became of the statements.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Returns the statements that differ as they were made, the shortest first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings.sort_by_key(|finding| finding.difference.statement.len());
        findings
    }

    /// Returns the statements that differ, the shortest first, the first ten cut down to what still differs.
    ///
    /// # Errors
    /// Fails if a database is gone.
    pub async fn smallest_findings(&mut self) -> Result<Vec<Finding>, OracleError> {
        let mut findings = self.findings();
        for finding in findings.iter_mut().take(10) {
            let statement = self.generator.statement(finding.seed);
            let dialect = self.oracle.rewriter().catalog().dialect();
            let whole = shrink::without_arguments(&statement, dialect);
            if let Some(smaller) = shrink(&mut self.oracle, &whole).await? {
                finding.difference = smaller;
            }
        }
        Ok(findings)
    }

    /// Ends the campaign and drops the databases.
    ///
    /// # Errors
    /// Fails if a database can't be dropped.
    pub async fn close(self) -> Result<(), OracleError> {
        self.oracle.close().await
    }
}
