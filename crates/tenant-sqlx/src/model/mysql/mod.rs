//! What MySQL and MariaDB say of themselves. There is no snapshot of it: a change of the schema meanwhile is seen in
//! part.

mod grants;
mod queries;

use futures_util::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use sqlx::{MySql, MySqlConnection, Pool};
use tenant_sql::Dialect;

use super::{
    Account, Inspect, Kind, Look, Model, assemble::Assembly, json::nouns, no_such_role::NoSuchRole, quoted,
};
use crate::{
    driver::{Cell, Sql, TenantDatabase},
    statement::trusted,
};

impl Inspect for MySql {
    fn inspect<'a>(pool: &'a Pool<Self>, look: Look<'a>) -> BoxFuture<'a, sqlx::Result<Model>> {
        inspect(pool, look).boxed()
    }
}

async fn inspect(pool: &Pool<MySql>, look: Look<'_>) -> sqlx::Result<Model> {
    let mut connection = pool.acquire().await?;
    let mut reader = Reader(&mut connection);
    let mut model = reader.all::<Model>(queries::DATABASE).await?.pop().unwrap_or(Model::new(Dialect::MySql));
    let version = reader.fetch(queries::VERSION, vec![]).await?.into_iter().flatten().next();
    let version = version.and_then(Cell::into_text).unwrap_or_default();
    (model.version, model.is_mariadb) = (number(&version), version.contains("MariaDB"));
    let mut relations = Assembly(reader.all(queries::RELATIONS).await?);
    relations.columns(reader.all(queries::COLUMNS).await?);
    if model.is_mariadb {
        relations.checks(reader.all(queries::CHECKS).await?);
    }
    relations.indexes(reader.all(queries::INDEXES).await?);
    relations.links(reader.all(queries::FOREIGN_KEYS).await?);
    relations.triggers(reader.all(queries::TRIGGERS).await?);
    relations.reads();
    for view in relations.0.iter_mut().filter(|view| view.kind == Kind::View && !view.reads_as_invoker) {
        view.statement = reader.statement(&view.name).await?;
    }
    model.relations = relations.0;
    model.routines = reader.all(queries::ROUTINES).await?;
    model.events = reader.all(queries::EVENTS).await?;
    model.account = account(&mut reader, look.role, &model).await?;
    Ok(model)
}

/// The account with its rights, those of its roles and of theirs, and everybody's.
async fn account(reader: &mut Reader<'_>, role: Option<&str>, model: &Model) -> sqlx::Result<Account> {
    let name = match role {
        Some(role) => role.to_owned(),
        None => reader.account().await?,
    };
    let no_such_role = || NoSuchRole(name.clone());
    let grantee = grants::account(&name).ok_or_else(no_such_role)?;
    let own = if role.is_some() { format!(" FOR {grantee}") } else { String::new() };
    let lines = reader.grants(&own).await?.ok_or_else(no_such_role)?;
    let mut account = Account { name, grantee, ..Account::default() };
    let (mut roles, mut at) = (vec!["PUBLIC".to_owned()], 0);
    take(&mut account, &mut roles, &lines, model);
    while let Some(role) = roles.get(at).cloned() {
        match reader.grants(&format!(" FOR {role}")).await? {
            Some(lines) => take(&mut account, &mut roles, &lines, model),
            // Where it was taken already, what it may do is shown along with the account's own.
            None if role == "PUBLIC" || account.rights.iter().any(|right| right.to == role) => {}
            None => account.hidden_roles.push(role),
        }
        at += 1;
    }
    Ok(account)
}

fn take(account: &mut Account, roles: &mut Vec<String>, lines: &[String], model: &Model) {
    for line in lines {
        let found = grants::granted(line, &model.database);
        let rights = found.rights.into_iter();
        for right in rights {
            if !account.rights.contains(&right) {
                account.rights.push(right);
            }
        }
        for role in found.roles {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
    }
}

struct Reader<'a>(&'a mut MySqlConnection);

impl Reader<'_> {
    async fn all<T: DeserializeOwned>(&mut self, sql: Sql) -> sqlx::Result<Vec<T>> {
        nouns(self.fetch(sql, vec![]).await?)
    }

    async fn fetch(&mut self, sql: Sql, cells: Vec<Cell>) -> sqlx::Result<Vec<Vec<Cell>>> {
        MySql::fetch(self.0, sql, cells).await
    }

    /// Who is connected, in quotes.
    async fn account(&mut self) -> sqlx::Result<String> {
        let name = self.fetch(queries::ACCOUNT, vec![]).await?.into_iter().flatten().next();
        let name = name.and_then(Cell::into_text).unwrap_or_default();
        let (user, host) = name.rsplit_once('@').unwrap_or((&name, ""));
        Ok([user, host].map(|part| format!("'{}'", part.replace('\'', "''"))).join("@"))
    }

    /// The statement that makes a view; nothing where it is not shown.
    async fn statement(&mut self, view: &str) -> sqlx::Result<Option<String>> {
        let sql = format!("SHOW CREATE VIEW {}", quoted(Dialect::MySql, view));
        match MySql::ask(self.0, trusted(sql)).await {
            Ok(rows) => Ok(rows.into_iter().next().and_then(|row| row.into_iter().nth(1)?.into_text())),
            Err(sqlx::Error::Database(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The lines of what was granted; nothing where there is no such account, or where it is not shown.
    async fn grants(&mut self, to: &str) -> sqlx::Result<Option<Vec<String>>> {
        match MySql::ask(self.0, trusted(format!("SHOW GRANTS{to}"))).await {
            Ok(rows) => Ok(Some(rows.into_iter().flatten().filter_map(Cell::into_text).collect())),
            Err(sqlx::Error::Database(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// `10.11.6-MariaDB` as 101106.
fn number(version: &str) -> u32 {
    let plain = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (major, minor, patch): (u32, u32, u32) = (next(), next(), next());
    major.saturating_mul(10_000).saturating_add(minor * 100).saturating_add(patch)
}
