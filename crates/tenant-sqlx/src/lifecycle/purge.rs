//! All that is left of a deleted tenant, removed, and a look at what is left after that.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    ConfigStore, Placement, TenantConfig, TenantId, TenantStatus, UnixTime,
    auth::{RevocationStore, Revoked},
    jobs::{Progress, Residue},
};

use super::{
    LifecycleError, LifecycleErrorKind, Meter,
    desk::{Desk, Which},
};
use crate::{
    DbConfigManager, DbRevocations, TenantDb,
    danger::Bypass,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, fetch, row::Row, run},
};

/// How a tenant is purged.
#[derive(Clone)]
#[must_use]
pub struct PurgeOptions {
    batch: u32,
    residues: Vec<Arc<dyn Residue>>,
    hearing: Duration,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurgeReport {
    /// The rows of each table that this call has removed, where there were any.
    pub removed: Vec<(String, u64)>,
    /// The tables and parts of the house that were looked at afterwards, where nothing is left.
    pub clean: Vec<String>,
}

impl PurgeOptions {
    /// 1 000 rows at a time, and a second to hear of it.
    pub const fn new() -> Self {
        Self { batch: 1_000, residues: Vec::new(), hearing: HEARING }
    }

    /// So many rows at a time: who writes meanwhile waits for that long.
    pub fn batch(mut self, rows: u32) -> Self {
        self.batch = rows.max(1);
        self
    }

    /// A part of the house that keeps something of tenants, beside the database.
    pub fn residue(mut self, residue: Arc<dyn Residue>) -> Self {
        self.residues.push(residue);
        self
    }

    /// Within which all instances hear of tokens that are revoked: as long the id is not free. A second unless given, twice what
    /// lies between two readings; see `Revocations` of `tenant-auth`.
    pub const fn hearing(mut self, time: Duration) -> Self {
        self.hearing = time;
        self
    }
}

impl Default for PurgeOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for PurgeOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { batch, residues, hearing } = self;
        let residues: Vec<&str> = residues.iter().map(|residue| residue.name()).collect();
        let mut shown = f.debug_struct("PurgeOptions");
        shown.field("batch", batch).field("residues", &residues).field("hearing", hearing).finish()
    }
}

/// What stays of a tenant: who did what, and that it was purged.
const KEPT: [&str; 2] = ["tenant_audit", "tenant_jobs"];
const HEARING: Duration = Duration::from_secs(1);
/// Nobody knows when the last token that others have issued ends.
const NEVER: UnixTime = UnixTime::from_nanos(u64::MAX);

const PEOPLE: Sql =
    sql!("SELECT person_id FROM tenant_memberships WHERE tenant_id = ? ORDER BY person_id LIMIT ?");
const LEAVE: Sql = sql!("DELETE FROM tenant_memberships WHERE tenant_id = ? AND person_id = ?");
const FORGET: Sql = sql!(
    "DELETE FROM tenant_people WHERE person_id = ? AND NOT EXISTS (SELECT 1 FROM tenant_memberships m \
     WHERE m.person_id = tenant_people.person_id)"
);
const NEIGHBOURS: Sql = sql!("SELECT placement FROM tenants WHERE id <> ? AND placement IS NOT NULL");
const MOVES: Sql = sql!("SELECT source, target FROM tenant_moves WHERE tenant_id <> ?");
const GONE: Sql = sql!("DELETE FROM tenants WHERE id = ? AND status = 'deleted'");

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Removes all that is left of a deleted tenant: its rows, batch by batch, the ones that refer to others first; what the
    /// framework keeps of it, among it the people who belong to no other tenant; what other
    /// [parts of the house](PurgeOptions::residue) keep; and a schema or a database where nobody else lives. The audit log and jobs
    /// stay.
    ///
    /// Tokens that name the tenant and were issued until then are [revoked](Revoked::Tenant) for good, whoever has issued them: the
    /// id may be another's one day, and they must not open that one.
    ///
    /// Then it looks at every table that has a tenant column, and asks every part. Only where nothing is left is the tenant itself
    /// removed, and its id can be used again. Where it fails, or the process dies, the same call goes on.
    ///
    /// Whoever still holds a context of before the tenant was deleted, in a process that has not heard of that, may write meanwhile:
    /// it is found by the look, or comes after it. Let configs be cached for a shorter time than that between the two.
    ///
    /// # Errors
    /// See [`LifecycleErrorKind`].
    pub async fn purge_tenant(
        &self,
        configs: &DbConfigManager<DB>,
        id: &TenantId,
        options: &PurgeOptions,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<PurgeReport, LifecycleError> {
        let config = configs.fetch(id).await?.ok_or(LifecycleErrorKind::NotFound)?;
        if config.status != TenantStatus::Deleted {
            return Err(LifecycleErrorKind::NotDeleted.into());
        }
        let (places, own) = self.places_to_purge(&config).await?;
        let mut total = 0;
        for place in &places {
            total += self.counts(place, &config).await?.iter().map(|(_, rows)| rows).sum::<u64>();
        }
        let mut purge =
            Purge { db: self, config: &config, options, meter: Meter::new(tell, total), removed: Vec::new() };
        for residue in &options.residues {
            residue.erase(id).await?;
        }
        for place in &own {
            let bypass = Bypass::new("purge", "tear down the place of a tenant that is purged");
            self.tear_down(place, bypass).await?;
        }
        purge.people().await?;
        for place in &places {
            purge.place(place).await?;
        }
        let clean = purge.look(&places).await?;
        let removed = std::mem::take(&mut purge.removed);
        purge.meter.end();
        self.revoke_tokens(id, options.hearing).await?;
        Own::of(self).write(GONE, vec![id.as_str().into()]).await?;
        Ok(PurgeReport { removed, clean })
    }

    /// What was issued for the tenant, by whomever, must not open whoever has its id next. Until all have heard of that nobody has it.
    async fn revoke_tokens(&self, tenant: &TenantId, hearing: Duration) -> Result<(), LifecycleError> {
        let hearing_nanos = u64::try_from(hearing.as_nanos()).unwrap_or(u64::MAX);
        let until = UnixTime::from_nanos(self.clock().unix().as_nanos().saturating_add(hearing_nanos));
        DbRevocations::new(self).revoke(&Revoked::Tenant { tenant: *tenant, until }, NEVER).await?;
        tokio::time::sleep(hearing).await;
        Ok(())
    }

    /// Where rows of the tenant may be that are deleted one by one, and the places that are its alone.
    async fn places_to_purge(
        &self,
        config: &TenantConfig,
    ) -> Result<(Vec<Placement>, Vec<Placement>), LifecycleError> {
        let shards = self.places().shards.keys().cloned().map(Placement::Shard);
        let mut places: Vec<Placement> = [Placement::Shared].into_iter().chain(shards).collect();
        let mut lived = vec![config.placement.clone()];
        if let Some(entry) = self.read_move(&config.tenant_id).await? {
            lived.extend([entry.source, entry.target]);
        }
        let others = self.others(&config.tenant_id).await?;
        let mut own = Vec::new();
        for place in lived {
            if places.contains(&place) || own.contains(&place) {
                continue;
            }
            match (&place, others.contains(&place)) {
                (Placement::Schema(_) | Placement::Database(_), false) => own.push(place),
                (Placement::Schema(_) | Placement::Database(_), true)
                | (Placement::Shared | Placement::Shard(_), _) => places.push(place),
            }
        }
        Ok((places, own))
    }

    /// Where other tenants live, or are on their way to.
    async fn others(&self, id: &TenantId) -> Result<Vec<Placement>, LifecycleError> {
        let own = Own::of(self);
        let mut rows = own.read(NEIGHBOURS, vec![id.as_str().into()]).await?;
        rows.extend(own.read(MOVES, vec![id.as_str().into()]).await?);
        let read = |cell: Cell| cell.into_text().and_then(|text| serde_json::from_str(&text).ok());
        let places: Option<Vec<Placement>> = rows.into_iter().flatten().map(read).collect();
        // Whose place can't be read may live anywhere: nothing is torn down.
        Ok(places.ok_or(LifecycleErrorKind::Config)?)
    }

    async fn counts(
        &self,
        place: &Placement,
        config: &TenantConfig,
    ) -> Result<Vec<(String, u64)>, LifecycleError> {
        let mut desk = Desk::open(self, place, config, ALL).await?;
        let counts = desk.counts().await?;
        desk.close().await?;
        Ok(counts)
    }
}

/// Every table that has a tenant column.
const ALL: Which = Which { application: true, own: |table| !KEPT.contains(&table) };

struct Purge<'a, DB: TenantDatabase> {
    db: &'a TenantDb<DB>,
    config: &'a TenantConfig,
    options: &'a PurgeOptions,
    meter: Meter<'a>,
    removed: Vec<(String, u64)>,
}

impl<DB: TenantDatabase> Purge<'_, DB> {
    /// Members leave, and who belongs to nobody else is forgotten: their password with them.
    async fn people(&mut self) -> Result<(), LifecycleError> {
        let own = Own::of(self.db);
        let id = self.config.tenant_id.as_str();
        loop {
            let (mut tx, _turn) = own.begin().await?;
            let people =
                fetch::<DB>(&mut tx, PEOPLE, vec![id.into(), i64::from(self.options.batch).into()]).await?;
            let count = people.len() as u64;
            for cells in people {
                let person = Row::new(cells).text()?;
                run::<DB>(&mut tx, LEAVE, vec![id.into(), person.as_str().into()]).await?;
                run::<DB>(&mut tx, FORGET, vec![person.into()]).await?;
            }
            tx.commit().await?;
            self.note("tenant_memberships", count);
            if count < u64::from(self.options.batch) {
                return Ok(());
            }
        }
    }

    /// Rows that refer to others come before those.
    async fn place(&mut self, place: &Placement) -> Result<(), LifecycleError> {
        let mut desk = Desk::open(self.db, place, self.config, ALL).await?;
        for table in desk.tables.clone().iter().rev() {
            loop {
                let turn = self.db.turn().await;
                let gone = desk.delete_some(table, self.options.batch).await?;
                drop(turn);
                self.note(&table.name, gone);
                if gone < u64::from(self.options.batch) {
                    break;
                }
            }
            // What no batch has found, as rows with a null in their key.
            let turn = self.db.turn().await;
            let gone = desk.delete_all(table).await?;
            drop(turn);
            self.note(&table.name, gone);
        }
        desk.close().await
    }

    /// What is there after all that, in every table and part.
    async fn look(&self, places: &[Placement]) -> Result<Vec<String>, LifecycleError> {
        let (mut left, mut clean) = (Vec::new(), Vec::new());
        let mut note = |name: String, count: u64| match count {
            0 => clean.push(name),
            _ => left.push((name, count)),
        };
        for place in places {
            for (table, count) in self.db.counts(place, self.config).await? {
                let name = if place.is_shared() { table } else { format!("{place}: {table}") };
                note(name, count);
            }
        }
        for residue in &self.options.residues {
            note(residue.name().to_owned(), residue.left(&self.config.tenant_id).await?);
        }
        match left.is_empty() {
            true => Ok(clean),
            false => Err(LifecycleErrorKind::Residue { left }.into()),
        }
    }

    fn note(&mut self, table: &str, gone: u64) {
        self.meter.add(gone);
        match self.removed.iter_mut().find(|(name, _)| name == table) {
            Some((_, count)) => *count += gone,
            None if gone > 0 => self.removed.push((table.to_owned(), gone)),
            None => {}
        }
    }
}
