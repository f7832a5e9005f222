//! A tenant made of an archive that nobody vouches for: all of it, or nothing.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use tenant_core::{
    ConfigStore, DatabaseKey, Placement, TenantConfig, TenantId, TenantStatus,
    jobs::{JobClaim, Progress},
    usage::CUSTOMER,
};
use tenant_sql::TenantValue;

use super::{
    ArchiveSummary, Invitee, LifecycleError, LifecycleErrorKind, Meter,
    desk::{Desk, Which, count, form, name},
    people::{self, misfit},
};
use crate::{
    DbConfigManager, TenantDb,
    archive::{Archive, Scalar, parse_line},
    driver::{
        Cell, TenantDatabase,
        archiving::{Family, STAGE, stage},
    },
    jobs::hold,
    moving::{Table, advance},
    statement::trusted,
};

/// How an archive is imported.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ImportOptions {
    id: Option<TenantId>,
    key: Option<DatabaseKey>,
    claim: Option<(JobClaim, String)>,
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// The tenant that there is now.
    pub tenant: TenantId,
    /// What is in the archive.
    pub archive: ArchiveSummary,
    /// Who is to be invited.
    pub people: Vec<Invitee>,
}

impl ImportOptions {
    /// Under the id that the archive has.
    pub fn new() -> Self {
        Self::default()
    }

    /// Under another id.
    pub const fn tenant(mut self, id: TenantId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the key that its rows are to carry, where tables are keyed by a uuid or an integer. The archive's is refused where
    /// another tenant has it: both would see the rows of both.
    pub const fn database_key(mut self, key: DatabaseKey) -> Self {
        self.key = Some(key);
        self
    }

    pub(super) const fn id(&self) -> Option<TenantId> {
        self.id
    }

    /// For a job: the transaction is committed where the claim still holds, and notes this checkpoint with it. So it is imported
    /// once, whoever dies when.
    pub fn claim(mut self, claim: JobClaim, checkpoint: impl Into<String>) -> Self {
        self.claim = Some((claim, checkpoint.into()));
        self
    }
}

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Makes a tenant of an archive, in the tables of all, where [`move_tenant`](Self::move_tenant) can take it from.
    ///
    /// Nothing in the archive is believed. It is looked at from its beginning to its end before anything is written. Every row
    /// becomes the new tenant's, whatever its tenant column says, and one that says something else than the archive's own tenant is
    /// refused; so is a table or a column that is not there. No text of it becomes a part of a statement. All is one transaction,
    /// which on SQLite nobody else writes beside.
    ///
    /// The tenant has the archive's config, without its hosts; one that was not active is suspended. Its members are not members
    /// here: they are [told](ImportReport::people), and are to be invited. Numbers that a table counts over all tenants stay as
    /// they are, as others may refer to them; where another row has one already, the archive is refused
    /// ([`Collision`](LifecycleErrorKind::Collision)). So is one that would use up more than half of what can be counted.
    ///
    /// # Errors
    /// See [`LifecycleErrorKind`]. Then nothing was written.
    pub async fn import_tenant(
        &self,
        configs: &DbConfigManager<DB>,
        file: &Path,
        options: &ImportOptions,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<ImportReport, LifecycleError> {
        let mut archive = Archive::open(file).await?;
        if archive.manifest.database != DB::ARCHIVING.name {
            return Err(LifecycleErrorKind::Archive { problem: "another database's values are in it" }.into());
        }
        let summary = ArchiveSummary::of(&archive.manifest)?;
        let config = config(&mut archive, &summary.tenant, options).await?;
        if configs.fetch(&config.tenant_id).await?.is_some() {
            return Err(LifecycleErrorKind::Exists.into());
        }
        // Seen early, so that nobody's rows are in the way of any. It is held to at the end.
        if configs.has_key_of_another(&config).await? {
            return Err(LifecycleErrorKind::KeyTaken.into());
        }
        let people = people::invitees(&mut archive).await?;
        let own = Which { application: true, own: people::is_kept };
        let desk = Desk::open(self, &Placement::Shared, &config, own).await?;
        check_tables(&summary, &desk)?;
        let mut import = Import { desk, archive, meter: Meter::new(tell, summary.rows()) };
        let turn = self.turn().await;
        let config = import.run(configs, config, options).await?;
        import.meter.end();
        import.desk.close().await?;
        drop(turn);
        let tenant = config.tenant_id;
        configs.note_created(config);
        self.note_write(&tenant);
        Ok(ImportReport { tenant, archive: summary, people })
    }
}

/// The tenant as rows name it, in a manifest.
pub(super) fn key(value: &TenantValue<'_>) -> Value {
    match value {
        TenantValue::Text(text) => (*text).into(),
        TenantValue::Integer(number) => (*number).into(),
        TenantValue::Uuid(bits) => crate::driver::moving::hyphenated(*bits).into(),
    }
}

/// The archive's, for the new tenant. What leads elsewhere, or is the deployment's, is left out.
async fn config(
    archive: &mut Archive,
    source: &TenantId,
    options: &ImportOptions,
) -> Result<TenantConfig, LifecycleError> {
    let odd = |problem| LifecycleError::from(LifecycleErrorKind::Archive { problem });
    let mut lines = archive.lines(people::CONFIG).await?;
    let line = lines.next().await?.ok_or_else(|| odd("it has no config"))?;
    if lines.next().await?.is_some() {
        return Err(odd("it has several configs"));
    }
    let config = serde_json::from_slice::<TenantConfig>(&line);
    let mut config = config.map_err(|_| odd("its config is unreadable"))?;
    if config.tenant_id != *source {
        return Err(odd("its config is another tenant's"));
    }
    if config.status != TenantStatus::Active {
        config.status = TenantStatus::Suspended;
    }
    config.tenant_id = options.id.unwrap_or(*source);
    if config.tenant_id != *source {
        // What it uses is not the source's to pay.
        config.metadata.remove(CUSTOMER);
    }
    if let Some(key) = options.key {
        config.database_key = Some(key);
    }
    config.hosts.clear();
    config.placement = Placement::Shared;
    config.is_moving = false;
    Ok(config)
}

/// A table that is not there has nowhere to go; rows of the framework's are those that an export writes.
fn check_tables<DB: TenantDatabase>(summary: &ArchiveSummary, desk: &Desk<DB>) -> Result<(), LifecycleError> {
    let is_known = |name: &str| {
        [people::CONFIG, people::PEOPLE, people::TEAMS].contains(&name)
            || desk.tables.iter().any(|table| table.name == name)
    };
    match summary.tables.iter().find(|(name, _)| !is_known(name)) {
        Some((unknown, _)) => Err(misfit(unknown)),
        None => Ok(()),
    }
}

struct Import<'a, DB: TenantDatabase> {
    desk: Desk<DB>,
    archive: Archive,
    meter: Meter<'a>,
}

/// So many rows, values or bytes are written in one statement.
const ROWS: usize = 500;
const VALUES: usize = 16_000;
const BYTES: usize = 256 << 10;

impl<DB: TenantDatabase> Import<'_, DB> {
    /// One transaction. Where it fails, the connection ends, and with it the transaction.
    async fn run(
        &mut self,
        configs: &DbConfigManager<DB>,
        config: TenantConfig,
        options: &ImportOptions,
    ) -> Result<TenantConfig, LifecycleError> {
        self.desk.run(DB::ARCHIVING.begin_write).await?;
        let config = configs.create_in(&mut self.desk.connection, config).await?;
        let tables = self.desk.tables.clone();
        for table in &tables {
            if self.archive.has(&table.name) {
                self.table(table).await?;
            }
        }
        self.check_links(&tables).await?;
        for table in &tables {
            let own = self.desk.own(table);
            advance::<DB>(&mut self.desk.connection, table, &own).await?;
        }
        // Whoever creates tenants with a key waits for it from here on.
        if !configs.take_key(&mut self.desk.connection, &config).await? {
            return Err(LifecycleErrorKind::KeyTaken.into());
        }
        // As the last thing: whoever renews the claim waits for it.
        if let Some((claim, checkpoint)) = &options.claim
            && !hold::<DB>(&mut self.desk.connection, claim, checkpoint).await?
        {
            return Err(LifecycleErrorKind::TakenOver.into());
        }
        let committed = self.desk.run("COMMIT").await;
        // What rows refer to is looked for at this moment on SQLite, where it is in a table of no tenant.
        committed.map_err(|error| match error.as_database_error() {
            Some(database) if database.is_foreign_key_violation() => {
                let problem = "a row refers to something that is not there";
                LifecycleError::with(LifecycleErrorKind::Archive { problem }, error)
            }
            _ => error.into(),
        })?;
        Ok(config)
    }

    async fn table(&mut self, table: &Table) -> Result<(), LifecycleError> {
        match (table.is_self_linked, DB::ARCHIVING.family) {
            (true, Family::Staged) => self.stage(table).await,
            (true, Family::Unchecked { off, on }) => {
                self.desk.run(off).await?;
                let done = self.rows(table, &name::<DB>(&table.name)).await;
                self.desk.run(on).await?;
                done.map(drop)
            }
            (true, Family::Deferred) | (false, _) => {
                self.rows(table, &name::<DB>(&table.name)).await.map(drop)
            }
        }
    }

    /// Into a table that nothing is checked in, and from there by one statement.
    async fn stage(&mut self, table: &Table) -> Result<(), LifecycleError> {
        let (target, stage) = (name::<DB>(&table.name), stage());
        let all: Vec<String> = table.columns.iter().map(|column| name::<DB>(&column.name)).collect();
        let all = all.join(", ");
        self.desk
            .run(format!(
                "CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {all} FROM {target} WITH NO DATA"
            ))
            .await?;
        if let Some(columns) = self.rows(table, &stage).await? {
            let overriding = DB::MOVING.overriding;
            let sql = format!("INSERT INTO {target} ({columns}) {overriding}SELECT {columns} FROM {stage}");
            let put = self.desk.put(sql).await;
            put.map_err(|error| LifecycleError::of_rows(&table.name, error))?;
        }
        self.desk.run(format!("DROP TABLE {stage}")).await?;
        Ok(())
    }

    /// Writes all rows of a table into it, or into another one. Answers which columns they have.
    async fn rows(&mut self, table: &Table, target: &str) -> Result<Option<String>, LifecycleError> {
        let overriding = if target == name::<DB>(STAGE) { "" } else { DB::MOVING.overriding };
        let (tenant, key) = (self.desk.tenant_in(table).to_owned(), self.archive_key(table)?);
        let mut shape: Option<Shape> = None;
        let mut batch = Batch::default();
        let mut lines = self.archive.lines(&table.name).await?;
        while let Some(line) = lines.next().await? {
            let row = parse_line(&line).map_err(|_| misfit(&table.name))?;
            let shape = match &mut shape {
                Some(shape) => shape,
                None => shape.insert(Shape::of::<DB>(table, &row, target, overriding, &tenant)?),
            };
            batch.add(shape.values::<DB>(table, row, &key)?);
            if batch.rows >= shape.most_rows() || batch.bytes >= BYTES {
                self.meter.add(batch.rows as u64);
                batch.put::<DB>(&mut self.desk.connection, table, shape).await?;
            }
        }
        let Some(shape) = shape else { return Ok(None) };
        if batch.rows > 0 {
            self.meter.add(batch.rows as u64);
            batch.put::<DB>(&mut self.desk.connection, table, &shape).await?;
        }
        Ok(Some(shape.columns()))
    }

    /// What the tenant column of each row says.
    fn archive_key(&self, table: &Table) -> Result<Scalar, LifecycleError> {
        let manifest = &self.archive.manifest;
        if people::is_kept(&table.name) {
            return Ok(Scalar::Text(manifest.tenant_id.clone()));
        }
        let key = match &manifest.tenant_key {
            Value::String(text) => Some(Scalar::Text(text.clone())),
            Value::Number(number) => number.as_i64().map(|number| Scalar::Integer(number.into())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        key.ok_or_else(|| LifecycleErrorKind::Archive { problem: "the manifest names no tenant" }.into())
    }

    /// What a row refers to has to be there, and be the tenant's own: a key without the tenant in it would lead to another one's.
    async fn check_links(&mut self, tables: &[Table]) -> Result<(), LifecycleError> {
        let find = |name: &str| tables.iter().find(|table| DB::TABLE_NAMES.same(&table.name, name));
        for (child, parent, columns) in self.links().await? {
            let (Some(child), Some(parent)) = (find(&child), find(&parent)) else { continue };
            let pairs: Vec<String> = columns
                .iter()
                .map(|(column, to)| format!("p.{} = c.{}", name::<DB>(to), name::<DB>(column)))
                .collect();
            let is_whole: Vec<String> =
                columns.iter().map(|(column, _)| format!("c.{} IS NOT NULL", name::<DB>(column))).collect();
            let sql = format!(
                "SELECT count(*) FROM {} c WHERE c.{} AND {} AND NOT EXISTS (SELECT 1 FROM {} p WHERE {} AND p.{})",
                name::<DB>(&child.name),
                self.desk.own(child),
                is_whole.join(" AND "),
                name::<DB>(&parent.name),
                pairs.join(" AND "),
                self.desk.own(parent),
            );
            if count(&self.desk.run(sql).await?)? > 0 {
                return Err(LifecycleErrorKind::Rejected { table: child.name.clone() }.into());
            }
        }
        Ok(())
    }

    /// Which columns of a child are which of its parent.
    async fn links(&mut self) -> Result<Vec<Link>, LifecycleError> {
        let mut links: BTreeMap<(String, String), Link> = BTreeMap::new();
        for row in self.desk.run(DB::ARCHIVING.links).await? {
            let texts: Option<Vec<String>> = row.into_iter().map(Cell::into_text).collect();
            let Some(Ok([child, key, column, parent, to])) = texts.map(<[String; 5]>::try_from) else {
                continue;
            };
            let link = links.entry((child.clone(), key)).or_insert_with(|| (child, parent, Vec::new()));
            link.2.push((column, to));
        }
        Ok(links.into_values().collect())
    }
}

/// Child, parent, and which column of the one is which of the other.
type Link = (String, String, Vec<(String, String)>);

/// Which columns the rows of a table have, all of them the same.
struct Shape {
    head: String,
    /// Where each column of a row is in the table, in the order of the statement.
    places: Vec<usize>,
    names: Vec<String>,
    tenant_at: usize,
    /// The tenant, as a literal.
    tenant: String,
}

impl Shape {
    /// As the first row has them.
    fn of<DB: TenantDatabase>(
        table: &Table,
        row: &[(String, Scalar)],
        target: &str,
        overriding: &str,
        tenant: &str,
    ) -> Result<Self, LifecycleError> {
        let place = |name: &str| table.columns.iter().position(|column| column.name == name);
        let places: Option<Vec<usize>> = row.iter().map(|(name, _)| place(name)).collect();
        let places = places.ok_or_else(|| misfit(&table.name))?;
        let at = |at: &usize| {
            table.columns.get(*at).map(|column| column.name.as_str()) == Some(&table.tenant_column)
        };
        let tenant_at = places.iter().position(at).ok_or_else(|| misfit(&table.name))?;
        let names: Vec<String> = row.iter().map(|(column, _)| name::<DB>(column)).collect();
        let head = format!("INSERT INTO {target} ({}) {overriding}VALUES ", names.join(", "));
        Ok(Self { head, places, names, tenant_at, tenant: tenant.to_owned() })
    }

    fn columns(&self) -> String {
        self.names.join(", ")
    }

    fn most_rows(&self) -> usize {
        (VALUES / self.places.len().max(1)).clamp(1, ROWS)
    }

    /// The values of a row, in the order of the statement, without the tenant's.
    fn values<DB: TenantDatabase>(
        &self,
        table: &Table,
        row: Vec<(String, Scalar)>,
        key: &Scalar,
    ) -> Result<Vec<Option<String>>, LifecycleError> {
        let misfit = || misfit(&table.name);
        if row.len() != self.places.len() {
            return Err(misfit());
        }
        let mut values: BTreeMap<String, Scalar> = row.into_iter().collect();
        let mut texts = Vec::with_capacity(self.places.len());
        for (at, place) in self.places.iter().enumerate() {
            let column = table.columns.get(*place).ok_or_else(misfit)?;
            let value = values.remove(&column.name).ok_or_else(misfit)?;
            if at == self.tenant_at {
                if value != *key {
                    return Err(misfit());
                }
                continue;
            }
            // Whoever counts up to the end leaves no number for anybody else.
            let most = i128::from((DB::ARCHIVING.most_counted)(&column.kind));
            if column.is_counted && value.as_integer().is_some_and(|number| number > most) {
                return Err(misfit());
            }
            texts.push(value.into_text(form::<DB>(column)).ok_or_else(misfit)?);
        }
        Ok(texts)
    }

    /// The statement for so many rows.
    fn sql<DB: TenantDatabase>(&self, table: &Table, rows: usize) -> String {
        let (mut sql, mut number) = (self.head.clone(), 0);
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for (at, place) in self.places.iter().enumerate() {
                if at > 0 {
                    sql.push_str(", ");
                }
                if at == self.tenant_at {
                    sql.push_str(&self.tenant);
                    continue;
                }
                number += 1;
                let kind = table.columns.get(*place).map_or("", |column| column.kind.as_str());
                sql.push_str(&(DB::ARCHIVING.place)(number, kind));
            }
            sql.push(')');
        }
        sql
    }
}

/// Rows that are written in one statement.
#[derive(Default)]
struct Batch {
    texts: Vec<Option<String>>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, texts: Vec<Option<String>>) {
        self.bytes += texts.iter().flatten().map(String::len).sum::<usize>();
        self.rows += 1;
        self.texts.extend(texts);
    }

    async fn put<DB: TenantDatabase>(
        &mut self,
        connection: &mut DB::Connection,
        table: &Table,
        shape: &Shape,
    ) -> Result<(), LifecycleError> {
        let batch = std::mem::take(self);
        let sql = trusted(shape.sql::<DB>(table, batch.rows));
        let put = DB::put(connection, sql, batch.texts).await;
        put.map(drop).map_err(|error| LifecycleError::of_rows(&table.name, error))
    }
}
