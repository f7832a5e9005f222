//! Who belongs to organisations, and what they work on.

use sqlx::Pool;

use super::{
    bulk::{Bulk, Cell, Table},
    chance::{Chance, Purpose},
    plan::{DAY, Plan, Share},
    progress::Progress,
    writer::Writer,
};
use crate::BoxError;

pub(super) static PEOPLE: Table =
    Table { name: "tenant_people", columns: &["person_id", "email", "password_hash", "created_at"] };
static MEMBERSHIPS: Table =
    Table { name: "tenant_memberships", columns: &["tenant_id", "person_id", "role"] };
static PROFILES: Table = Table {
    name: "tenant_member_profiles",
    columns: &["tenant_id", "person_id", "first_name", "last_name", "username"],
};
static PROJECTS: Table = Table {
    name: "tenant_projects",
    columns: &["tenant_id", "project_id", "name", "slug", "kind", "environment", "created_at"],
};
static TEAMS: Table =
    Table { name: "tenant_project_members", columns: &["tenant_id", "project_id", "person_id", "role"] };
static INVITATIONS: Table = Table {
    name: "tenant_invitations",
    columns: &[
        "tenant_id",
        "invitation_id",
        "email",
        "role",
        "digest",
        "created_at",
        "expires_at",
        "accepted_at",
    ],
};
static INVITED_TO: Table =
    Table { name: "tenant_invitation_projects", columns: &["tenant_id", "invitation_id", "project_id"] };

const FIRST_NAMES: [&str; 12] = [
    "Ada",
    "Alan",
    "Barbara",
    "Dennis",
    "Donald",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "John",
    "Katherine",
    "Radia",
];
const LAST_NAMES: [&str; 12] = [
    "Allen", "Dijkstra", "Hopper", "Johnson", "Knuth", "Lamarr", "Liskov", "Lovelace", "McCarthy", "Perlman",
    "Ritchie", "Turing",
];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "development"];
const TYPES: [&str; 3] = ["web", "api", "batch"];

/// Fills in people and where they belong. One password opens them all, where there is one.
pub(super) async fn fill<DB: Bulk>(
    pool: &Pool<DB>,
    plan: &Plan,
    shares: &[Share],
    password_hash: Option<&str>,
) -> Result<(), BoxError> {
    let tables = [&PEOPLE, &MEMBERSHIPS, &PROFILES, &PROJECTS, &TEAMS, &INVITATIONS, &INVITED_TO];
    let mut writer = Writer::new(pool, &tables);
    let mut progress = Progress::of("users", plan.size.users);
    for share in shares {
        let projects = add_projects(&mut writer, plan, share).await?;
        for user in share.users.clone() {
            add_person(&mut writer, plan, user, password_hash).await?;
            add_member(&mut writer, plan, share, user, &projects).await?;
        }
        add_guests(&mut writer, plan, share, &projects).await?;
        add_invitations(&mut writer, plan, share, &projects).await?;
        progress.done(share.users.end - share.users.start);
    }
    writer.end(None).await?;
    progress.end();
    Ok(())
}

/// The id of a user of this number.
pub(super) fn person(plan: &Plan, user: u64) -> String {
    plan.chance(Purpose::Person, user).id()
}

/// The ids of a tenant's projects: they are drawn again wherever they are needed.
pub(super) fn projects(plan: &Plan, share: &Share) -> Vec<String> {
    let users = share.users.end - share.users.start;
    let mut chance = plan.chance(Purpose::Project, share.number);
    (0..(1 + users / 15).min(200)).map(|_| chance.id()).collect()
}

async fn add_projects<DB: Bulk>(
    writer: &mut Writer<DB>,
    plan: &Plan,
    share: &Share,
) -> Result<Vec<String>, BoxError> {
    let ids = projects(plan, share);
    let mut chance = plan.chance(Purpose::Project, share.number + (1 << 40));
    for (number, id) in (1_u64..).zip(&ids) {
        let row = [
            share.tenant.as_str().into(),
            id.as_str().into(),
            format!("Project {number}").into(),
            format!("project-{number}").into(),
            chance.of_these(&TYPES).into(),
            chance.of_these(&ENVIRONMENTS).into(),
            plan.begins().saturating_add_unsigned(number).into(),
        ];
        writer.add(&PROJECTS, row).await?;
    }
    Ok(ids)
}

async fn add_person<DB: Bulk>(
    writer: &mut Writer<DB>,
    plan: &Plan,
    user: u64,
    password_hash: Option<&str>,
) -> Result<(), BoxError> {
    let row = [
        person(plan, user).into(),
        format!("user{user}.{}@example.com", plan.seed).into(),
        password_hash.into(),
        (plan.begins() - DAY).saturating_add_unsigned(user).into(),
    ];
    Ok(writer.add(&PEOPLE, row).await?)
}

async fn add_member<DB: Bulk>(
    writer: &mut Writer<DB>,
    plan: &Plan,
    share: &Share,
    user: u64,
    projects: &[String],
) -> Result<(), BoxError> {
    let (tenant, id) = (share.tenant.as_str(), person(plan, user));
    let mut chance = plan.chance(Purpose::Membership, user);
    let role = role(user - share.users.start, &mut chance);
    writer.add(&MEMBERSHIPS, [tenant.into(), id.as_str().into(), role.into()]).await?;
    if chance.percent(80) {
        let (first, last) = (chance.of_these(&FIRST_NAMES), chance.of_these(&LAST_NAMES));
        let username = format!("user{user}");
        let row = [tenant.into(), id.as_str().into(), first.into(), last.into(), username.into()];
        writer.add(&PROFILES, row).await?;
    }
    if chance.percent(40)
        && let Some(project) = chosen(projects, &mut chance)
    {
        writer.add(&TEAMS, [tenant.into(), project.into(), id.into(), role.into()]).await?;
    }
    Ok(())
}

/// The first is the owner, whatever there is besides.
fn role(place: u64, chance: &mut Chance) -> &'static str {
    match (place, chance.below(1_000)) {
        (0, _) | (_, 0) => "owner",
        (_, 1..20) => "admin",
        (_, 20..150) => "viewer",
        (_, 150..) => "member",
    }
}

fn chosen<'a>(projects: &'a [String], chance: &mut Chance) -> Option<&'a str> {
    let place = usize::try_from(chance.early(projects.len() as u64)).ok()?;
    projects.get(place).map(String::as_str)
}

/// People of organisations before it that belong to this one too, one for fifty of its own.
async fn add_guests<DB: Bulk>(
    writer: &mut Writer<DB>,
    plan: &Plan,
    share: &Share,
    projects: &[String],
) -> Result<(), BoxError> {
    let (first, own) = (share.users.start, share.users.end - share.users.start);
    let guests = (own / 50).min(first);
    let mut chance = plan.chance(Purpose::Membership, share.number + (1 << 40));
    for guest in 0..guests {
        // Each of another part of those before, so that none comes twice.
        let (start, end) = (first * guest / guests, first * (guest + 1) / guests);
        let id = person(plan, start + chance.below(end - start));
        let tenant = share.tenant.as_str();
        writer.add(&MEMBERSHIPS, [tenant.into(), id.as_str().into(), "member".into()]).await?;
        if let Some(project) = chosen(projects, &mut chance) {
            writer.add(&TEAMS, [tenant.into(), project.into(), id.into(), "member".into()]).await?;
        }
    }
    Ok(())
}

/// For twenty members one invitation: open, accepted or expired.
async fn add_invitations<DB: Bulk>(
    writer: &mut Writer<DB>,
    plan: &Plan,
    share: &Share,
    projects: &[String],
) -> Result<(), BoxError> {
    let (tenant, until) = (share.tenant.as_str(), plan.until.as_unix_micros());
    let mut chance = plan.chance(Purpose::Invitation, share.number);
    for number in 0..(share.users.end - share.users.start).div_ceil(20) {
        let id = chance.id();
        let (days, accepted) = match chance.below(10) {
            0..4 => (chance.below(7), false),
            4..7 => (chance.below(30), true),
            _ => (7 + chance.below(23), false),
        };
        let created = until - i64::try_from(days)? * DAY - 1_000_000;
        let row: [Cell; 8] = [
            tenant.into(),
            id.as_str().into(),
            format!("guest{number}.{tenant}@example.com").into(),
            "member".into(),
            chance.digest().into(),
            created.into(),
            (created + 7 * DAY).into(),
            accepted.then_some(created + 500_000).into(),
        ];
        writer.add(&INVITATIONS, row).await?;
        if chance.percent(50)
            && let Some(project) = chosen(projects, &mut chance)
        {
            writer.add(&INVITED_TO, [tenant.into(), id.into(), project.into()]).await?;
        }
    }
    Ok(())
}
