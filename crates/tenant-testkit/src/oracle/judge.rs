use std::fmt;

use tenant_sql::{Dialect, Rewriter, TenantBind};

use super::answer::{Answer, Failure};
use super::builder::OracleBuilder;
use super::canary::canary;
use super::compare::{Found, alike, compare_answers, compare_contents, outcome, third_opinion};
use super::contents::Contents;
use super::databases::Databases;
use super::difference::{Difference, DifferenceKind, only};
use super::disturb::BEHIND_VIEWS;
use super::error::OracleError;
use super::link::Link;
use super::schema::Schema;
use super::texts::{ordered, writes};
use super::trial::{Run, Trial, trial};
use super::value::Value;
use super::verdict::Verdict;

/// Databases of one tenant whose rows lie in other orders.
const ORDERS: usize = 3;

/// Judges statements on a real database. See [the module](crate::oracle).
pub struct Oracle {
    rewriter: Rewriter,
    databases: Databases,
    schema: Schema,
    shared: Link,
    single: Link,
    secured: Option<Link>,
    reordered: Vec<Link>,
    shared_reordered: Vec<Link>,
    before: Contents,
}

impl fmt::Debug for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oracle").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Oracle {
    /// Starts an oracle on SQLite, in memory.
    pub fn sqlite() -> OracleBuilder {
        OracleBuilder::new(Dialect::Sqlite, String::new())
    }

    /// Starts an oracle on a PostgreSQL server, whose URL is a superuser's.
    pub fn postgres(url: impl Into<String>) -> OracleBuilder {
        OracleBuilder::new(Dialect::Postgres, url.into())
    }

    /// Starts an oracle on a MySQL or MariaDB server, whose URL is that of a user who may make databases.
    pub fn mysql(url: impl Into<String>) -> OracleBuilder {
        OracleBuilder::new(Dialect::MySql, url.into())
    }

    pub(super) async fn new(
        rewriter: Rewriter,
        databases: Databases,
        schema: Schema,
        mut shared: Link,
        single: Link,
        secured: Option<String>,
    ) -> Result<Self, OracleError> {
        let before =
            databases.contents(&mut shared, &schema).await.map_err(OracleError::setup("the rows"))?;
        let secured = match secured {
            Some(address) => Some(databases.secure(&mut shared, &schema, &address).await?),
            None => None,
        };
        Ok(Self {
            rewriter,
            databases,
            schema,
            shared,
            single,
            secured,
            reordered: Vec::new(),
            shared_reordered: Vec::new(),
            before,
        })
    }

    /// Returns the relations of the database.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns the rewriter that scopes the statements.
    pub fn rewriter(&self) -> &Rewriter {
        &self.rewriter
    }

    /// Shows that a statement stays within its tenant.
    ///
    /// # Errors
    /// Fails if it does not, if it is refused, or if it can't be judged: because it fails anyway, gives too much, or has
    /// a result that is not determined by the rows.
    pub async fn prove(&mut self, sql: &str, arguments: &[Value]) -> Result<(), OracleError> {
        match self.check(sql, arguments).await? {
            Verdict::Same { .. } => Ok(()),
            Verdict::Refused(refusal) => Err(OracleError::Refused(refusal)),
            Verdict::Fails(why) => Err(OracleError::Unproved(why)),
            Verdict::Undetermined => {
                Err(OracleError::Unproved("the rows don't determine its result".to_owned()))
            }
            Verdict::TooLarge => {
                Err(OracleError::Unproved("it takes too long or gives too many rows".to_owned()))
            }
        }
    }

    /// Judges a statement.
    ///
    /// # Errors
    /// Fails if the statement does not do the same on both databases, or if a database is gone.
    pub async fn check(&mut self, sql: &str, arguments: &[Value]) -> Result<Verdict, OracleError> {
        let plan = match self.rewriter.rewrite(sql) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let Some(tenant) = self.databases.tenant().tenant() else {
            return Err(OracleError::Setup("a tenant is text, an integer or a UUID".to_owned()));
        };
        if let Err(refusal) = plan.check_arguments(arguments.len()).and_then(|()| plan.check_tenant(&tenant))
        {
            return Ok(Verdict::Refused(refusal));
        }
        let scoped = plan.sql_for(&tenant).map_err(OracleError::Refused)?;
        let mut bound = arguments.to_vec();
        if matches!(plan.tenant(), TenantBind::Argument(_)) {
            bound.push(self.databases.tenant().clone());
        }
        let writes = writes(&plan, sql);
        let single = trial(&self.databases, &self.schema, &mut self.single, (sql, arguments), writes).await?;
        if matches!(single.answer, Err(Failure::TooLarge)) {
            return Ok(Verdict::TooLarge);
        }
        let shared =
            trial(&self.databases, &self.schema, &mut self.shared, (&scoped, &bound), writes).await?;
        let mut found = self.compare(&shared, &single, writes, ordered(sql));
        if found.is_none()
            && let Some(link) = &mut self.secured
        {
            // By policies alone, and by policies behind the rewriting.
            for run in [(sql, arguments), (&*scoped, &*bound)] {
                let secured = trial(&self.databases, &self.schema, link, run, writes).await?;
                found = found.or_else(|| third_opinion(&shared, &secured, writes));
            }
        }
        let Some((kind, here, there)) = found else {
            return Ok(self.same(&shared, &single, writes));
        };
        let difference = Difference { kind, statement: sql.to_owned(), scoped, shared: here, single: there };
        let determined = difference.is_leak()
            || (self.is_determined(&single, (sql, arguments), writes, kind).await?
                && !self.agrees_elsewhere(&single, (&difference.scoped, &bound), writes, kind).await?);
        if !determined {
            return Ok(Verdict::Undetermined);
        }
        Err(OracleError::Differs(Box::new(difference)))
    }

    fn same(&self, shared: &Trial, single: &Trial, writes: bool) -> Verdict {
        match (&shared.answer, &single.answer) {
            (Ok(answer), Ok(_)) => {
                let changed = writes && shared.contents.own != self.before.own;
                Verdict::Same { rows: answer.rows.len(), changed }
            }
            (Err(Failure::TooLarge), _) | (_, Err(Failure::TooLarge)) => Verdict::TooLarge,
            (_, Err(Failure::Database(why) | Failure::Lost(why))) => Verdict::Fails(why.clone()),
            (Err(Failure::Database(why) | Failure::Lost(why)), Ok(_)) => Verdict::Fails(why.clone()),
        }
    }

    fn compare(&self, shared: &Trial, single: &Trial, writes: bool, ordered: bool) -> Option<Found> {
        if writes && shared.answer.is_ok() && shared.contents.others != self.before.others {
            let here = only(&shared.contents.others, &self.before.others);
            return Some((
                DifferenceKind::OthersChanged,
                here,
                only(&self.before.others, &shared.contents.others),
            ));
        }
        let (here, there) = match (&shared.answer, &single.answer) {
            (Err(Failure::TooLarge), _) | (_, Err(Failure::TooLarge)) | (Err(_), Err(_)) => return None,
            (Ok(here), Ok(there)) => (here, there),
            // What the database itself rejects is no statement to compare.
            (Ok(_), Err(failure)) if failure.is_rejection() => return None,
            (Err(failure), Ok(_)) if failure.depends_on_the_plan() => return None,
            (here, there) => return Some((DifferenceKind::Failure, outcome(here), outcome(there))),
        };
        if let Some(seen) = self.foreign_canary(here, there) {
            return Some((DifferenceKind::OthersSeen, seen, only(&there.rows, &here.rows)));
        }
        compare_answers(here, there, writes, ordered).or_else(|| compare_contents(shared, single, writes))
    }

    /// The first row with another tenant's values in it. Whatever the single database shows too, the statement made up.
    fn foreign_canary(&self, shared: &Answer, single: &Answer) -> Option<String> {
        let others = [canary(0), canary(2)];
        let seen = shared.rows.iter().find(|row| others.iter().any(|other| row.contains(other)))?;
        (!single.rows.contains(seen)
            && !single.rows.iter().any(|row| others.iter().any(|other| row.contains(other))))
        .then(|| seen.clone())
    }

    async fn is_determined(
        &mut self,
        single: &Trial,
        run: Run<'_>,
        writes: bool,
        kind: DifferenceKind,
    ) -> Result<bool, OracleError> {
        while self.reordered.len() < BEHIND_VIEWS {
            let order = self.reordered.len() + 1;
            let link = self.databases.single(&self.schema, order).await?;
            self.reordered.push(link);
        }
        for (at, link) in self.reordered.iter_mut().enumerate() {
            if writes && self.databases.only_reads(at + 1) {
                continue;
            }
            let other = trial(&self.databases, &self.schema, link, run, writes).await?;
            if !alike(single, &other, writes, kind) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs the scoped text on shared databases whose rows lie in other orders, too: if one of them does what the single
    /// one does, then the way the database went made the difference, not the scope.
    async fn agrees_elsewhere(
        &mut self,
        single: &Trial,
        run: Run<'_>,
        writes: bool,
        kind: DifferenceKind,
    ) -> Result<bool, OracleError> {
        while self.shared_reordered.len() < ORDERS {
            let order = self.shared_reordered.len() + 1;
            let link = self.databases.shared_in_order(&self.schema, order).await?;
            self.shared_reordered.push(link);
        }
        for (at, link) in self.shared_reordered.iter_mut().enumerate() {
            if writes && self.databases.only_reads(at + 1) {
                continue;
            }
            let other = trial(&self.databases, &self.schema, link, run, writes).await?;
            if alike(single, &other, writes, kind) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says whether the shared database still holds what it held; each statement is rolled back.
    ///
    /// # Errors
    /// Fails if it does not, or if it can't be read.
    pub async fn check_untouched(&mut self) -> Result<(), OracleError> {
        let now = self.databases.contents(&mut self.shared, &self.schema).await;
        match now.map_err(OracleError::setup("the rows"))? == self.before {
            true => Ok(()),
            false => Err(OracleError::Setup("a change was not rolled back".to_owned())),
        }
    }

    /// Closes the connections and drops the databases.
    ///
    /// # Errors
    /// Fails if a database can't be dropped.
    pub async fn close(mut self) -> Result<(), OracleError> {
        let links = [self.shared, self.single].into_iter().chain(self.secured);
        let links = links.chain(self.reordered).chain(self.shared_reordered);
        for link in links {
            link.close().await;
        }
        self.databases.drop_all().await
    }
}
