use std::sync::Arc;

use futures_util::FutureExt;
use tenant::{
    Clock, ConfigStore, DbAudit, DbConfigManager, DbOrganisations, DbUsage, TenantContext, TenantId,
    Timestamp,
    audit::AuditFilter,
    auth::Role,
    control::{AuditLog, Billing, Counts, Rates, usage_history},
    organisations::{MemberFilter, MemberStatus, MemberStore, ProjectStore},
    usage::BillingCycle,
};

use super::{Page, Scene};
use crate::{BoxError, seed::Bulk};

/// A page as the bundled server has it, and the one more that tells whether it is the last.
const PAGE: u32 = 50;

struct Stores<DB: Bulk> {
    configs: DbConfigManager<DB>,
    organisations: DbOrganisations<DB>,
    usage: Arc<DbUsage<DB>>,
    billing: Billing,
    log: AuditLog,
    now: Timestamp,
}

/// The pages, as handlers read them.
pub fn pages_of_stores<DB: Bulk>(scene: &Scene<DB>) -> Vec<Page<'_>> {
    let clock: Arc<dyn Clock> = scene.clock.clone();
    let usage = Arc::new(DbUsage::new(&scene.db));
    let stores = Arc::new(Stores {
        configs: DbConfigManager::new(&scene.db),
        organisations: DbOrganisations::new(&scene.db),
        billing: Billing::new(Arc::<DbUsage<DB>>::clone(&usage), Rates::standard()).clock(clock),
        usage,
        log: AuditLog::builder(Arc::new(DbAudit::new(&scene.db))).start(),
        now: scene.now(),
    });
    let mut pages = tenants(scene, &stores);
    pages.extend(members(scene, &stores));
    pages.extend(usage_of(scene, &stores));
    pages.extend(events(scene, &stores));
    pages
}

fn tenants<'a, DB: Bulk>(scene: &'a Scene<DB>, stores: &Arc<Stores<DB>>) -> Vec<Page<'a>> {
    let page = |name: &str, offset: u64| {
        let stores = Arc::clone(stores);
        Page::new(name, move |_| {
            let stores = Arc::clone(&stores);
            async move {
                let list = stores.configs.list(tenant::Page { limit: PAGE, offset }).await?;
                Ok(list.tenants.len())
            }
            .boxed()
        })
    };
    let last = scene.tenants.saturating_sub(u64::from(PAGE));
    vec![
        page("tenants, first page", 0),
        page("tenants, a page in the middle", last / 2),
        page("tenants, last page", last),
    ]
}

fn members<'a, DB: Bulk>(scene: &'a Scene<DB>, stores: &Arc<Stores<DB>>) -> Vec<Page<'a>> {
    let page = |name: &str, filter: MemberFilter, after: Option<&'a str>, is_big: bool| {
        let stores = Arc::clone(stores);
        Page::new(name, move |round| {
            let (stores, filter) = (Arc::clone(&stores), filter.clone());
            async move {
                let tenant = if is_big { &scene.big } else { scene.small(round)? };
                let found =
                    stores.organisations.members(tenant, &filter, after, stores.now, PAGE + 1).await?;
                Ok(found.len())
            }
            .boxed()
        })
    };
    let all = MemberFilter::default;
    let role = |role| MemberFilter { role: Some(role), ..all() };
    let status = |status| MemberFilter { status: Some(status), ..all() };
    let project = MemberFilter { project_id: Some(scene.project.clone()), ..all() };
    let owners = MemberFilter { role: Some(Role::Admin), ..project.clone() };
    let middle = Some(scene.middle_member.as_str());
    let projects = |name: &str, is_big: bool| {
        let stores = Arc::clone(stores);
        Page::new(name, move |round| {
            let stores = Arc::clone(&stores);
            async move {
                let tenant = if is_big { &scene.big } else { scene.small(round)? };
                Ok(stores.organisations.projects(tenant, None, PAGE + 1).await?.len())
            }
            .boxed()
        })
    };
    vec![
        page("members of a big one, first page", all(), None, true),
        page("members of a big one, a page in the middle", all(), middle, true),
        page("members of a big one, owners", role(Role::Owner), None, true),
        page("members of a big one, role member, in the middle", role(Role::Member), middle, true),
        page("members of a big one, active", status(MemberStatus::Active), None, true),
        page("members of a big one, invited", status(MemberStatus::Invited), None, true),
        page("members of a big one, of its largest project", project, None, true),
        page("members of a big one, admins of that project", owners, None, true),
        page("members of a small one", all(), None, false),
        page("members of a small one, owners", role(Role::Owner), None, false),
        projects("projects of a big one, with teams", true),
        projects("projects of a small one, with teams", false),
    ]
}

async fn report<DB: Bulk>(stores: &Stores<DB>, tenant: &TenantContext) -> Result<usize, BoxError> {
    let cycle = BillingCycle::of(stores.now);
    let counts = Counts {
        users: stores.organisations.seats(tenant.id(), stores.now).await?.members,
        projects: stores.organisations.count_projects(tenant.id()).await?,
    };
    let report = stores.billing.report(tenant.config(), cycle, counts).await?;
    Ok(report.breakdown.len())
}

fn usage_of<'a, DB: Bulk>(scene: &'a Scene<DB>, stores: &Arc<Stores<DB>>) -> Vec<Page<'a>> {
    let reported = |name: &str, is_big: bool| {
        let stores = Arc::clone(stores);
        Page::new(name, move |round| {
            let stores = Arc::clone(&stores);
            async move { report(&stores, if is_big { &scene.big } else { scene.small(round)? }).await }
                .boxed()
        })
    };
    let (stores_of, cycle) = (Arc::clone(stores), BillingCycle::of(scene.now()));
    let utilisation = Page::new("utilisation of the heaviest", move |_| {
        let stores = Arc::clone(&stores_of);
        async move { Ok(stores.billing.utilisation(scene.big.config(), cycle).await?.len().max(1)) }.boxed()
    });
    let stores_of = Arc::clone(stores);
    let history = Page::new("usage of the heaviest, day by day", move |_| {
        let stores = Arc::clone(&stores_of);
        async move {
            let (days, now) = (cycle.first_day()..cycle.end_day(), stores.now);
            Ok(usage_history(&*stores.usage, scene.big.id(), days, now).await?.len())
        }
        .boxed()
    });
    vec![
        reported("usage report of the heaviest, running cycle", true),
        reported("usage report of a small one", false),
        utilisation,
        history,
    ]
}

fn events<'a, DB: Bulk>(scene: &'a Scene<DB>, stores: &Arc<Stores<DB>>) -> Vec<Page<'a>> {
    let page = |name: &str, tenant: Option<&'a TenantId>, filter: AuditFilter| {
        let stores = Arc::clone(stores);
        Page::new(name, move |_| {
            let (stores, filter) = (Arc::clone(&stores), filter.clone());
            async move {
                let page = stores.log.page(tenant, &filter, None, PAGE).await?;
                // That nobody did it is an answer, and takes longest.
                Ok(page.events.len().max(1))
            }
            .boxed()
        })
    };
    let (big, all) = (Some(scene.big.id()), AuditFilter::default);
    let actor = |actor: &str| AuditFilter { actor: Some(actor.to_owned()), ..all() };
    let action = |action: &str| AuditFilter { action: Some(action.to_owned()), ..all() };
    let resource = AuditFilter { resource_type: Some(scene.rare_resource.clone()), ..all() };
    let ago = |days: i64| Timestamp::from_unix_micros(scene.now().as_unix_micros() - days * 86_400_000_000);
    let then = AuditFilter { from: Some(ago(60)), until: Some(ago(59)), ..all() };
    let both = AuditFilter { actor: Some(scene.busy_actor.clone()), ..action(&scene.rare_action) };
    vec![
        page("audit of a big one, first page", big, all()),
        page("audit of a big one, a busy actor", big, actor(&scene.busy_actor)),
        page("audit of a big one, an idle actor", big, actor(&scene.idle_actor)),
        page("audit of a big one, a rare action", big, action(&scene.rare_action)),
        page("audit of a big one, a rare resource", big, resource),
        page("audit of a big one, a day two months ago", big, then.clone()),
        page("audit of a big one, a busy actor's rare action", big, both),
        page("audit of all, first page", None, all()),
        page("audit of all, an idle actor", None, actor(&scene.idle_actor)),
        page("audit of all, a rare action", None, action(&scene.rare_action)),
        page("audit of all, a day two months ago", None, then),
    ]
}
