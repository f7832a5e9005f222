//! The steps of a move. Each can be the last one before the process dies: run again, it goes on.

use std::{fs::File, time::Duration};

use sqlx::{Connection, migrate::Migrator};
use tenant_core::{
    ConfigChange, ConfigManager, ConfigStore, Placement, TenantConfig, TenantId, TenantStatus,
};
use tokio::time::{Instant, timeout};

use super::{
    MoveError, MoveErrorKind, MoveOptions, MoveReport, MoveStep, book::Entry, reconcile::Sides, side::Side,
};
use crate::{
    DbConfigManager, TenantDb,
    driver::{Cell, Sql, TenantDatabase},
    statement::trusted,
};

/// How long those who write may keep the tenant where it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a server may take to see that a process is gone, or a connection, and its lock with it.
const GONE: Duration = Duration::from_secs(1);

/// One tenant, whom nobody else moves meanwhile.
struct Mover<'a, DB: TenantDatabase> {
    db: &'a TenantDb<DB>,
    configs: &'a DbConfigManager<DB>,
    id: &'a TenantId,
    options: &'a MoveOptions,
    lock: Lock<DB>,
}

/// Gone with the process, however it ends.
enum Lock<DB: TenantDatabase> {
    Session(DB::Connection),
    File { _file: Option<File> },
}

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Moves one tenant to another place, while it goes on working.
    ///
    /// The place is made where it is a schema or a database; tables of many have to be there. The rows of the tenant are
    /// copied, table by table. Its writes then wait for as long as it takes to compare every row, and to copy what has
    /// changed. From then on it lives in the new place, and its writes go on there. Its reads never wait.
    ///
    /// The rows where it was stay until [`finish_move`](Self::finish_move); until then there is
    /// [`move_back`](Self::move_back). Where it fails, or the process dies, the tenant goes on where it was; the same call
    /// then resumes, and `move_back` clears away what was copied.
    ///
    /// On PostgreSQL and MySQL all processes obey, once they know that the tenant moves: that is what the
    /// [grace](MoveOptions::grace) is for. On SQLite the writes of this process wait, and no others: no other process may
    /// write for the tenant meanwhile.
    ///
    /// # Errors
    /// See [`MoveErrorKind`]. Two tenants' rows with the same key, as numbers that each place counts by itself, can't be in
    /// one table: the database says so.
    pub async fn move_tenant(
        &self,
        configs: &DbConfigManager<DB>,
        id: &TenantId,
        to: &Placement,
        migrator: &Migrator,
        options: &MoveOptions,
    ) -> Result<MoveReport, MoveError> {
        self.places().admit(to)?;
        let mut mover = Mover::start(self, configs, id, options).await?;
        match self.read_move(id).await? {
            Some(entry) if entry.target != *to => Err(MoveErrorKind::OtherMove.into()),
            Some(entry) if entry.is_switched => Err(MoveErrorKind::SamePlace.into()),
            Some(entry) => mover.run(&entry, migrator, true).await,
            None => {
                let source = mover.config().await?.placement;
                if source == *to {
                    return Err(MoveErrorKind::SamePlace.into());
                }
                let entry = mover.begin(&source, to, true).await?;
                mover.run(&entry, migrator, true).await
            }
        }
    }

    /// Moves a tenant back to where it was before a move that is not finished. One that has not arrived stays where it is,
    /// and what was copied is cleared away; the answer is then nothing.
    ///
    /// # Errors
    /// See [`MoveErrorKind`].
    pub async fn move_back(
        &self,
        configs: &DbConfigManager<DB>,
        id: &TenantId,
        migrator: &Migrator,
        options: &MoveOptions,
    ) -> Result<Option<MoveReport>, MoveError> {
        let mut mover = Mover::start(self, configs, id, options).await?;
        let entry = self.read_move(id).await?.ok_or(MoveErrorKind::NotMoving)?;
        if !entry.is_switched {
            mover.cancel(&entry).await?;
            return Ok(None);
        }
        // What was copied there then is still there: what has changed since is enough.
        let entry = mover.begin(&entry.target, &entry.source, false).await?;
        mover.run(&entry, migrator, false).await.map(Some)
    }

    /// Deletes the tenant's rows where it was. From here there is no way back. A schema or a database that is empty now is
    /// [torn down](Self::tear_down) by its own call.
    ///
    /// # Errors
    /// See [`MoveErrorKind`]. It is refused until the [grace](MoveOptions::grace) is over since the tenant has arrived.
    pub async fn finish_move(
        &self,
        configs: &DbConfigManager<DB>,
        id: &TenantId,
        options: &MoveOptions,
    ) -> Result<(), MoveError> {
        let mover = Mover::start(self, configs, id, options).await?;
        let entry = self.read_move(id).await?.filter(|entry| entry.is_switched);
        let entry = entry.ok_or(MoveErrorKind::NotMoving)?;
        mover.finish(&entry).await
    }
}

impl<'a, DB: TenantDatabase> Mover<'a, DB> {
    async fn start(
        db: &'a TenantDb<DB>,
        configs: &'a DbConfigManager<DB>,
        id: &'a TenantId,
        options: &'a MoveOptions,
    ) -> Result<Self, MoveError> {
        let lock = match &DB::MOVING.holds {
            Some(holds) => {
                let mut session = DB::Connection::connect_with(&db.own_pool().connect_options()).await?;
                let until = Instant::now() + GONE;
                while !is_locked::<DB>(&mut session, holds.mover, id).await? {
                    if Instant::now() > until {
                        return Err(MoveErrorKind::Busy.into());
                    }
                    tokio::time::sleep(GONE / 20).await;
                }
                DB::ask(&mut session, trusted(holds.patience.to_owned())).await?;
                Lock::Session(session)
            }
            None => Lock::File { _file: lock_file(db)? },
        };
        Ok(Self { db, configs, id, options, lock })
    }

    async fn config(&self) -> Result<TenantConfig, MoveError> {
        let config = self.configs.fetch(self.id).await?;
        let config = config.filter(|config| config.status != TenantStatus::Deleted);
        Ok(config.ok_or(MoveErrorKind::NotFound)?)
    }

    async fn begin(&self, source: &Placement, target: &Placement, is_anew: bool) -> Result<Entry, MoveError> {
        loop {
            let config = self.config().await?;
            if config.placement != *source {
                return Err(MoveErrorKind::OtherMove.into());
            }
            if self.db.begin_move(&config, source, target, is_anew).await? {
                break;
            }
        }
        Ok(self.db.read_move(self.id).await?.ok_or(MoveErrorKind::NotMoving)?)
    }

    /// The contexts of this process hear of it at once, the others when they are told, or ask.
    async fn spread(&self) -> Result<(), MoveError> {
        self.configs.load(self.id).await?;
        if let Some(announcer) = &self.options.announcer {
            announcer.announce(ConfigChange::of(*self.id));
        }
        Ok(())
    }

    async fn run(
        &mut self,
        entry: &Entry,
        migrator: &Migrator,
        is_fresh: bool,
    ) -> Result<MoveReport, MoveError> {
        let known_at = Instant::now() + self.options.grace;
        self.spread().await?;
        self.options.tell(MoveStep::Begun);
        if let Placement::Schema(_) | Placement::Database(_) = entry.target {
            self.db.provision(&entry.target, migrator).await?;
        }
        self.options.tell(MoveStep::Provisioned);
        let config = self.config().await?;
        let source = Side::open(self.db, &entry.source, &config).await?;
        let target = Side::open(self.db, &entry.target, &config).await?;
        let mut sides = Sides::new(source, target, self.options.batch)?;
        if sides.are_one().await? {
            return Err(MoveErrorKind::SamePlace.into());
        }
        if is_fresh {
            sides.copy(self.db).await?;
        }
        self.options.tell(MoveStep::Copied);
        sides.catch_up(self.db).await?;
        tokio::time::sleep_until(known_at).await;
        self.options.tell(MoveStep::Known);
        sides.catch_up(self.db).await?;
        let (tables, pause) = self.pause(entry, &mut sides).await?;
        // The copies may not know yet what has come.
        self.db.note_write(self.id);
        sides.close().await?;
        self.spread().await?;
        self.options.tell(MoveStep::Switched);
        Ok(MoveReport { from: entry.source.clone(), to: entry.target.clone(), tables, pause })
    }

    /// Whoever writes for the tenant waits. Where this fails, or ends with the process, they go on where they were.
    async fn pause(
        &mut self,
        entry: &Entry,
        sides: &mut Sides<DB>,
    ) -> Result<(Vec<(String, u64, String)>, Duration), MoveError> {
        let (db, id, options) = (self.db, self.id, self.options);
        match (&mut self.lock, &DB::MOVING.holds) {
            (Lock::Session(session), Some(holds)) => {
                let mut transaction = session.begin().await?;
                let held = DB::fetch(&mut transaction, holds.alone, vec![id.as_str().into()]).await;
                held.map_err(MoveError::in_use)?;
                let begin = Instant::now();
                let tables = in_pause(db, options, sides).await?;
                db.switch(&mut transaction, id, &entry.target).await?;
                transaction.commit().await?;
                Ok((tables, begin.elapsed()))
            }
            (Lock::Session(_) | Lock::File { .. }, _) => {
                let gate = timeout(PATIENCE, db.gates().alone(id)).await;
                let _gate = gate.map_err(|_| MoveError::in_use(sqlx::Error::PoolTimedOut))?;
                let begin = Instant::now();
                let tables = in_pause(db, options, sides).await?;
                let (mut transaction, _turn) = db.begin_write().await?;
                db.switch(&mut transaction, id, &entry.target).await?;
                transaction.commit().await?;
                Ok((tables, begin.elapsed()))
            }
        }
    }

    async fn cancel(&mut self, entry: &Entry) -> Result<(), MoveError> {
        let config = self.config().await?;
        let source = Side::open(self.db, &entry.source, &config).await?;
        // It may not have come so far that the place is there.
        if let Ok(target) = Side::open(self.db, &entry.target, &config).await {
            let mut sides = Sides { source, target, batch: self.options.batch };
            match sides.are_one().await {
                Ok(true) => {}
                Ok(false) => erase(self.db, &mut sides.target).await?,
                // Its tables were never made: nothing was copied.
                Err(error) if error.absence::<DB>().is_some() => {}
                Err(error) => return Err(error),
            }
            sides.close().await?;
        }
        while !self.db.cancel_move(&self.config().await?).await? {}
        self.spread().await
    }

    async fn finish(self, entry: &Entry) -> Result<(), MoveError> {
        let over = entry.changed_at.as_unix_micros()
            + i64::try_from(self.options.grace.as_micros()).unwrap_or(i64::MAX / 2);
        if tenant_core::Timestamp::from(self.db.clock().unix()).as_unix_micros() < over {
            return Err(MoveErrorKind::TooEarly.into());
        }
        let config = self.config().await?;
        // Never where it lives.
        if config.placement != entry.target || config.is_moving || entry.source == entry.target {
            return Err(MoveErrorKind::OtherMove.into());
        }
        let source = Side::open(self.db, &entry.source, &config).await?;
        let target = Side::open(self.db, &entry.target, &config).await?;
        let mut sides = Sides { source, target, batch: self.options.batch };
        if sides.are_one().await? {
            return Err(MoveErrorKind::SamePlace.into());
        }
        erase(self.db, &mut sides.source).await?;
        sides.close().await?;
        self.options.tell(MoveStep::Erased);
        self.db.end_move(self.id).await
    }
}

async fn is_locked<DB: TenantDatabase>(
    session: &mut DB::Connection,
    lock: Sql,
    id: &TenantId,
) -> Result<bool, MoveError> {
    let rows = DB::fetch(session, lock, vec![id.as_str().into()]).await?;
    Ok(rows.iter().flatten().any(Cell::is_true))
}

async fn in_pause<DB: TenantDatabase>(
    db: &TenantDb<DB>,
    options: &MoveOptions,
    sides: &mut Sides<DB>,
) -> Result<Vec<(String, u64, String)>, MoveError> {
    options.tell(MoveStep::Paused);
    sides.catch_up(db).await?;
    for table in sides.tables() {
        sides.target.advance(&table).await?;
    }
    let tables = sides.verify().await?;
    options.tell(MoveStep::Verified);
    Ok(tables)
}

async fn erase<DB: TenantDatabase>(db: &TenantDb<DB>, side: &mut Side<DB>) -> Result<(), MoveError> {
    for table in side.tables.clone().iter().rev() {
        let _turn = db.turn().await;
        side.erase(table).await?;
    }
    Ok(())
}

/// The system gives it free when the process ends.
fn lock_file<DB: TenantDatabase>(db: &TenantDb<DB>) -> Result<Option<File>, MoveError> {
    let Some(path) = DB::mover_file(db.own_pool()) else { return Ok(None) };
    let file = File::options().create(true).append(true).open(path).map_err(sqlx::Error::Io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(_) => Err(MoveErrorKind::Busy.into()),
    }
}
