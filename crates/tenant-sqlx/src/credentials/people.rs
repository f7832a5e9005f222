use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, TenantContext, TenantId, Timestamp,
    auth::{PeopleStore, Person, Role},
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, again, failed, fetch, is_exact, row::Row, taken},
};

/// Keeps people in the table `tenant_people` of [`TenantDb::migrate_tenants`], and what they are where in
/// `tenant_memberships`.
#[derive(Debug)]
pub struct DbPeople<DB: TenantDatabase>(Own<DB>);

macro_rules! columns {
    () => {
        "person_id, email, password_hash, created_at"
    };
}

const FIND: Sql = sql!("SELECT ", columns!(), " FROM tenant_people WHERE email = ?");
/// One statement, whether there is somebody or not: how long it takes does not tell.
const FIND_WITH_MEMBERSHIPS: Sql = sql!(
    "SELECT p.person_id, p.email, p.password_hash, p.created_at, m.tenant_id, m.role FROM tenant_people p \
     LEFT JOIN tenant_memberships m ON m.person_id = p.person_id WHERE p.email = ? ORDER BY m.tenant_id"
);
const CREATE: Sql = sql!("INSERT INTO tenant_people (", columns!(), ") VALUES (?, ?, ?, ?)");
const MEMBERSHIPS: Sql =
    sql!("SELECT tenant_id, role FROM tenant_memberships WHERE person_id = ? ORDER BY tenant_id");
const JOIN: Sql = sql!("INSERT INTO tenant_memberships (tenant_id, person_id, role) VALUES (?, ?, ?)");
const LEAVE: Sql = sql!("DELETE FROM tenant_memberships WHERE tenant_id = ? AND person_id = ?");
/// Compared and set in one statement, whatever was read before it.
const SET_PASSWORD: Sql =
    sql!("UPDATE tenant_people SET password_hash = ? WHERE person_id = ? AND password_hash = ?");
pub(crate) const SET_FIRST_PASSWORD: Sql =
    sql!("UPDATE tenant_people SET password_hash = ? WHERE person_id = ? AND password_hash IS NULL");

const PERSON_COLUMNS: usize = 4;
const LONGEST_EMAIL: usize = 254;
const LONGEST_ID: usize = 64;

impl<DB: TenantDatabase> DbPeople<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    /// `None` where somebody else came with the same address or id at the same moment: they are found the next time.
    async fn try_join(
        &self,
        tenant: &TenantContext,
        person: &Person,
        role: Role,
    ) -> Result<Option<bool>, StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        match enter::<DB>(&mut tx, person).await? {
            Entry::There { .. } => {}
            Entry::SomebodyElse => return Ok(Some(false)),
            Entry::Raced => return Ok(None),
        }
        add_membership::<DB>(&mut tx, tenant, person, role).await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(Some(true))
    }
}

/// Who has somebody's address, in a transaction.
pub(crate) enum Entry {
    /// They have it themselves, from now on at the latest.
    There {
        has_password: bool,
    },
    SomebodyElse,
    /// Somebody came with the same address or id at the same moment: they are found the next time.
    Raced,
}

pub(crate) async fn enter<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    person: &Person,
) -> Result<Entry, StoreError> {
    let found = fetch::<DB>(tx, FIND, vec![person.email.as_str().into()]).await?;
    match found.into_iter().next().map(read).transpose()? {
        Some(known) if known.person_id != person.person_id => return Ok(Entry::SomebodyElse),
        Some(known) => return Ok(Entry::There { has_password: known.password_hash.is_some() }),
        None => {}
    }
    match DB::execute(tx, CREATE, write(person)).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Entry::Raced),
        created => {
            created.map_err(failed)?;
            Ok(Entry::There { has_password: person.password_hash.is_some() })
        }
    }
}

pub(crate) async fn add_membership<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    person: &Person,
    role: Role,
) -> Result<(), StoreError> {
    let cells = vec![tenant.id().as_str().into(), (*person.person_id).into(), role.as_str().into()];
    let joined = DB::execute(tx, JOIN, cells).await.map(drop);
    joined.map_err(|error| taken(error, StoreErrorKind::AlreadyExists, "they are a member already"))
}

fn write(person: &Person) -> Vec<Cell> {
    vec![
        (*person.person_id).into(),
        person.email.as_str().into(),
        person.password_hash.clone().into(),
        person.created_at.as_unix_micros().into(),
    ]
}

fn read(cells: Vec<Cell>) -> Result<Person, StoreError> {
    let mut row = Row::new(cells);
    let (person_id, email, password_hash) = (row.text()?, row.text()?, row.optional_text()?);
    let created_at: Timestamp = row.moment()?;
    let mut person = Person::new(person_id, email, created_at);
    person.password_hash = password_hash;
    Ok(person)
}

fn membership(cells: Vec<Cell>) -> Result<(TenantId, Role), StoreError> {
    let mut row = Row::new(cells);
    Ok((row.tenant()?, row.parsed(Role::parse)?))
}

pub(crate) fn check(person: &Person) -> Result<(), StoreError> {
    let is_text = |text: &str, longest| !text.is_empty() && text.len() <= longest && is_exact(text);
    if is_text(&person.person_id, LONGEST_ID) && is_text(&person.email, LONGEST_EMAIL) {
        return Ok(());
    }
    Err(StoreError::new(StoreErrorKind::Invalid, "the id or the e-mail address can't be stored"))
}

#[async_trait]
impl<DB: TenantDatabase> PeopleStore for DbPeople<DB> {
    async fn find_by_email(
        &self,
        email: &str,
    ) -> Result<Option<(Person, Vec<(TenantId, Role)>)>, StoreError> {
        if !is_exact(email) {
            return Ok(None);
        }
        let (mut found, mut memberships) = (None, Vec::new());
        for mut cells in self.0.read(FIND_WITH_MEMBERSHIPS, vec![email.into()]).await? {
            let of = cells.split_off(cells.len().min(PERSON_COLUMNS));
            found = Some(read(cells)?);
            if of.first() != Some(&Cell::Null) {
                memberships.push(membership(of)?);
            }
        }
        Ok(found.map(|person| (person, memberships)))
    }

    async fn memberships(&self, person_id: &str) -> Result<Vec<(TenantId, Role)>, StoreError> {
        if !is_exact(person_id) {
            return Ok(Vec::new());
        }
        self.0.read(MEMBERSHIPS, vec![person_id.into()]).await?.into_iter().map(membership).collect()
    }

    async fn join(&self, tenant: &TenantContext, person: &Person, role: Role) -> Result<bool, StoreError> {
        const TRIES: usize = 5;
        check(person)?;
        for _ in 0..TRIES {
            if let Some(joined) = again::<DB, _, _, _>(|| self.try_join(tenant, person, role)).await? {
                return Ok(joined);
            }
        }
        Err(StoreError::new(StoreErrorKind::AlreadyExists, "the person's id is taken"))
    }

    async fn set_password(
        &self,
        person_id: &str,
        former: Option<&str>,
        hash: &str,
    ) -> Result<bool, StoreError> {
        if !is_exact(person_id) {
            return Ok(false);
        }
        let (mut cells, sql) = (vec![hash.into(), person_id.into()], SET_FIRST_PASSWORD);
        let sql = former.map_or(sql, |former| {
            cells.push(former.into());
            SET_PASSWORD
        });
        Ok(self.0.write(sql, cells).await? > 0)
    }

    async fn leave(&self, tenant: &TenantContext, person_id: &str) -> Result<bool, StoreError> {
        if !is_exact(person_id) {
            return Ok(false);
        }
        let cells = vec![tenant.id().as_str().into(), person_id.into()];
        Ok(self.0.write(LEAVE, cells).await? > 0)
    }
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::{assert_in_order, assert_on_an_index};

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[FIND]).await;
        // What somebody belongs to is sorted: it is little.
        assert_on_an_index(&[FIND_WITH_MEMBERSHIPS, MEMBERSHIPS]).await;
    }
}
