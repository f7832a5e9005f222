//! Members, invitations and projects. What a tenant could do through them: see or count another's, reach one by its id, bring
//! in another's people or projects, learn what somebody told another, or have more seats or fewer owners than it may.

use futures_util::future::join_all;
use tenant_core::{
    TenantContext, Timestamp,
    auth::{PeopleStore, Person, Role},
    organisations::{
        Actor, Invitation, Member, MemberFilter, MemberStatus, MemberStore, OrganisationError,
        OrganisationErrorKind, Profile, Project, ProjectChange, ProjectStore, TeamMember,
    },
};
use tenant_sql::RefusalKind;
use tenant_sqlx::{DbOrganisations, DbPeople, TenantDb};

use super::support::{Db, House, house, refusal};

const NOW: Timestamp = at(0);
const OPERATOR: Actor = Actor::Operator;

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros((1_700_000_000 + seconds) * 1_000_000)
}

async fn elsewhere(house: &House) -> DbOrganisations<Db> {
    DbOrganisations::new(&TenantDb::<Db>::connect(&house.place.url()).await.unwrap())
}

fn invitation(email: &str, role: Role, number: u8) -> Invitation {
    Invitation::new(format!("i{number:03}"), email, role, [number; 32], NOW, at(60))
}

fn person(id: &str) -> Person {
    Person::new(id, format!("{id}@example.com"), NOW)
}

fn kind<T: std::fmt::Debug>(result: Result<T, OrganisationError>) -> OrganisationErrorKind {
    result.unwrap_err().kind()
}

async fn add(house: &House, tenant: &TenantContext, id: &str, role: Role) {
    assert!(DbPeople::new(&house.db).join(tenant, &person(id), role).await.unwrap());
}

async fn ids(store: &DbOrganisations<Db>, tenant: &TenantContext, filter: &MemberFilter) -> Vec<String> {
    let members = store.members(tenant, filter, None, NOW, 100).await.unwrap();
    members.into_iter().map(|member| member.id.into_string()).collect()
}

async fn all(store: &DbOrganisations<Db>, tenant: &TenantContext) -> Vec<String> {
    ids(store, tenant, &MemberFilter::default()).await
}

async fn role(store: &DbOrganisations<Db>, tenant: &TenantContext, id: &str) -> Option<Role> {
    store.member(tenant, id, NOW).await.unwrap().map(|member| member.role)
}

async fn project(store: &DbOrganisations<Db>, tenant: &TenantContext, id: &str) {
    let project = Project::new(id, "Apollo", format!("slug-{id}"), NOW);
    store.create_project(tenant, &project, None).await.unwrap();
}

/// `ada` owns acme and is invited to globex, `gus` owns globex; each has a project and a pending invitation.
async fn two(house: &House) -> DbOrganisations<Db> {
    let store = DbOrganisations::new(&house.db);
    for (tenant, owner, name, number) in
        [(&house.acme, "ada", "apollo", 1), (&house.globex, "gus", "gemini", 2)]
    {
        add(house, tenant, owner, Role::Owner).await;
        project(&store, tenant, name).await;
        let mut pending = invitation("new@example.com", Role::Member, number);
        pending.projects = vec![name.into()];
        store.invite(tenant, &OPERATOR, &pending, None).await.unwrap();
    }
    store
}

#[tokio::test]
async fn no_statement_of_a_tenants_sees_them() {
    let house = house().await;
    for table in [
        "tenant_invitations",
        "tenant_projects",
        "tenant_project_members",
        "tenant_invitation_projects",
        "tenant_member_profiles",
    ] {
        let text = format!("SELECT * FROM {table}");
        let ran = sqlx::query(sqlx::AssertSqlSafe(text)).execute(&house.db.scoped(&house.acme)).await;
        assert_eq!(refusal(ran), RefusalKind::HiddenRelation, "{table}");
    }
}

#[tokio::test]
async fn a_tenant_lists_filters_and_pages_its_own_alone() {
    let house = house().await;
    let store = two(&house).await;
    for name in ["bea", "cem", "dan"] {
        add(&house, &house.acme, name, Role::Viewer).await;
        add(&house, &house.globex, &format!("x{name}"), Role::Viewer).await;
    }
    add(&house, &house.globex, "ada", Role::Viewer).await;
    // What she works on there is nothing of it here.
    let gemini = [Box::from("gemini")];
    store.change(&house.globex, &OPERATOR, "ada", None, Some(&gemini)).await.unwrap();
    let apollo = [Box::from("apollo")];
    store.change(&house.acme, &OPERATOR, "bea", None, Some(&apollo)).await.unwrap();
    assert_eq!(all(&store, &house.acme).await, ["ada", "bea", "cem", "dan", "i001"]);
    let of = async |role, status, project: Option<&str>| {
        let filter = MemberFilter { role, status, project_id: project.map(str::to_owned) };
        ids(&store, &house.acme, &filter).await
    };
    assert_eq!(of(Some(Role::Owner), None, None).await, ["ada"]);
    assert_eq!(of(Some(Role::Viewer), Some(MemberStatus::Active), None).await, ["bea", "cem", "dan"]);
    assert_eq!(of(None, Some(MemberStatus::Invited), None).await, ["i001"]);
    assert_eq!(of(None, None, Some("apollo")).await, ["bea", "i001"]);
    assert_eq!(of(Some(Role::Viewer), None, Some("apollo")).await, ["bea"]);
    for foreign in ["gemini", "nothing", "", "apollo ", "%", "APOLLO"] {
        assert_eq!(of(None, None, Some(foreign)).await, [""; 0], "{foreign:?}");
    }
    let mut pages = Vec::new();
    let mut after: Option<Box<str>> = None;
    loop {
        let page =
            store.members(&house.acme, &MemberFilter::default(), after.as_deref(), NOW, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        pages.push(page.into_iter().map(|member| member.id.into_string()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec!["ada", "bea"], vec!["cem", "dan"], vec!["i001"]]);
    assert_eq!(store.member(&house.acme, "ada", NOW).await.unwrap().unwrap().projects, []);
    let bea = store.member(&house.acme, "bea", NOW).await.unwrap().unwrap();
    assert_eq!((bea.email.as_str(), &*bea.projects), ("bea@example.com", &apollo[..]));
    let gone = store.members(&house.acme, &MemberFilter::default(), None, at(60), 100).await.unwrap();
    assert_eq!(gone.len(), 4, "who was invited and never came");
}

/// All pages of so many.
async fn paged(
    store: &DbOrganisations<Db>,
    tenant: &TenantContext,
    filter: &MemberFilter,
    limit: u32,
) -> Vec<Member> {
    let (mut all, mut after) = (Vec::new(), None::<Box<str>>);
    loop {
        let page = store.members(tenant, filter, after.as_deref(), NOW, limit).await.unwrap();
        let Some(last) = page.last() else { return all };
        assert!(page.len() <= limit as usize);
        after = Some(last.id.clone());
        all.extend(page);
    }
}

#[tokio::test]
async fn pages_of_any_length_and_filter_hold_everybody_once_in_their_order() {
    let house = house().await;
    let store = DbOrganisations::new(&house.db);
    for tenant in [&house.acme, &house.globex] {
        for name in ["p1", "p2"] {
            project(&store, tenant, name).await;
        }
    }
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Viewer];
    for (number, role) in (0_u8..12).zip(roles.into_iter().cycle()) {
        // The same people, as something else, and on what the other does not work on.
        for (tenant, role, step) in [(&house.acme, role, 3), (&house.globex, Role::Viewer, 2)] {
            let id = format!("i{:03}", 10 * number + 5);
            add(&house, tenant, &id, role).await;
            let projects: &[Box<str>] = if number % step == 0 { &["p1".into(), "p2".into()] } else { &[] };
            store.change(tenant, &OPERATOR, &id, None, Some(projects)).await.unwrap();
            let mut pending = invitation(&format!("new{number}@example.com"), role, 10 * number + 1);
            pending.projects = if number % step == 1 { vec!["p1".into()] } else { Vec::new() };
            store.invite(tenant, &OPERATOR, &pending, None).await.unwrap();
        }
    }
    let everybody = store.members(&house.acme, &MemberFilter::default(), None, NOW, 100).await.unwrap();
    assert_eq!(everybody.len(), 24);
    assert!(everybody.is_sorted_by(|one, next| one.id < next.id));
    assert_eq!(everybody.iter().filter(|member| member.projects.len() == 2).count(), 4);
    for role in roles.map(Some).into_iter().chain([None]) {
        for status in [Some(MemberStatus::Active), Some(MemberStatus::Invited), None] {
            for project_id in [Some("p1"), Some("p2"), None] {
                let filter = MemberFilter { role, status, project_id: project_id.map(str::to_owned) };
                let is_wanted = |member: &&Member| {
                    role.is_none_or(|role| member.role == role)
                        && status.is_none_or(|status| member.status == status)
                        && project_id
                            .is_none_or(|own| member.projects.iter().any(|project| **project == *own))
                };
                let wanted: Vec<Member> = everybody.iter().filter(is_wanted).cloned().collect();
                for limit in [1, 5, 100] {
                    assert_eq!(
                        paged(&store, &house.acme, &filter, limit).await,
                        wanted,
                        "{filter:?} {limit}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_another_tenants_is_as_unknown_as_nothing() {
    let house = house().await;
    let store = two(&house).await;
    for id in ["gus", "i002", "nobody", "", "ada "] {
        assert_eq!(store.member(&house.acme, id, NOW).await.unwrap(), None, "{id:?}");
        let changed = store.change(&house.acme, &OPERATOR, id, Some(Role::Viewer), None).await;
        assert_eq!(kind(changed), OrganisationErrorKind::NotFound, "{id:?}");
        let removed = store.remove(&house.acme, &OPERATOR, id).await;
        assert_eq!(kind(removed), OrganisationErrorKind::NotFound, "{id:?}");
    }
    for id in ["gemini", "nothing", "", "apollo "] {
        assert_eq!(store.project(&house.acme, id).await.unwrap(), None, "{id:?}");
        assert!(!store.delete_project(&house.acme, id).await.unwrap(), "{id:?}");
        let changed = store.change_project(&house.acme, id, &ProjectChange::default()).await;
        assert_eq!(kind(changed), OrganisationErrorKind::NotFound, "{id:?}");
        let projects = [Box::from(id)];
        let joined = store.change(&house.acme, &OPERATOR, "ada", None, Some(&projects)).await;
        assert_eq!(kind(joined), OrganisationErrorKind::NotFound, "{id:?}");
        let mut to = invitation("z@example.com", Role::Member, 9);
        to.projects = projects.into();
        let invited = store.invite(&house.acme, &OPERATOR, &to, None).await;
        assert_eq!(kind(invited), OrganisationErrorKind::NotFound, "{id:?}");
    }
    for id in ["gus", "nobody", "", "ada "] {
        let team = vec![TeamMember::new(id, Role::Member)];
        let change = ProjectChange { team: Some(team.clone()), ..Default::default() };
        let changed = store.change_project(&house.acme, "apollo", &change).await;
        assert_eq!(kind(changed), OrganisationErrorKind::NotFound, "{id:?}");
        let mut new = Project::new("other", "Other", "other", NOW);
        new.team = team;
        assert_eq!(
            kind(store.create_project(&house.acme, &new, None).await),
            OrganisationErrorKind::NotFound,
            "{id:?}"
        );
    }
    assert_eq!(store.invitation(&house.acme, &[2; 32]).await.unwrap(), None);
    let accepted = store.accept(&house.acme, &[2; 32], &person("new"), &Profile::default(), NOW, None).await;
    assert_eq!(kind(accepted), OrganisationErrorKind::NotFound);
    assert_eq!(all(&store, &house.globex).await, ["gus", "i002"]);
    assert_eq!(store.projects(&house.globex, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.projects(&house.acme, None, 10).await.unwrap().len(), 1, "all or nothing");
}

#[tokio::test]
async fn a_tenant_takes_neither_seats_nor_slugs_nor_projects_from_another() {
    let house = house().await;
    let store = two(&house).await;
    // An owner and one who is invited: the third seat is free, whatever the other has.
    for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
        let to = invitation(&format!("{name}@x.example"), Role::Viewer, 10 + u8::try_from(number).unwrap());
        store.invite(&house.globex, &OPERATOR, &to, None).await.unwrap();
    }
    let third = invitation("third@example.com", Role::Viewer, 3);
    store.invite(&house.acme, &OPERATOR, &third, Some(3)).await.unwrap();
    let fourth = invitation("fourth@example.com", Role::Viewer, 4);
    let full = store.invite(&house.acme, &OPERATOR, &fourth, Some(3)).await;
    assert_eq!(kind(full), OrganisationErrorKind::Full { most: 3 });
    let mut later = invitation("fourth@example.com", Role::Viewer, 5);
    (later.created_at, later.expires_at) = (at(60), at(120));
    store.invite(&house.acme, &OPERATOR, &later, Some(2)).await.unwrap();

    let mut same = Project::new("gemini-2", "Same", "slug-apollo", NOW);
    store.create_project(&house.globex, &same, Some(2)).await.unwrap();
    same.project_id = "gemini-3".into();
    let taken = store.create_project(&house.globex, &same, Some(3)).await;
    assert_eq!(kind(taken), OrganisationErrorKind::Conflict);
    same.slug = "other".into();
    let full = store.create_project(&house.globex, &same, Some(2)).await;
    assert_eq!(kind(full), OrganisationErrorKind::Full { most: 2 });
    same.project_id = "apollo-2".into();
    store.create_project(&house.acme, &same, Some(2)).await.unwrap();
}

#[tokio::test]
async fn who_was_invited_comes_once_and_as_what_they_were_invited_as() {
    let house = house().await;
    let store = two(&house).await;
    let there = elsewhere(&house).await;
    let found = there.invitation(&house.acme, &[1; 32]).await.unwrap().unwrap();
    let mut expected = invitation("new@example.com", Role::Member, 1);
    expected.projects = vec!["apollo".into()];
    assert_eq!(found, expected);
    let mut new = person("new");
    new.password_hash = Some("hash".into());
    let profile = |name: &str| Profile { first_name: Some(name.into()), ..Default::default() };
    let accept = async |tenant, number, person: &Person, name, now| {
        store.accept(tenant, &[number; 32], person, &profile(name), now, None).await
    };
    let late = accept(&house.acme, 1, &new, "Neu", at(60)).await;
    assert_eq!(kind(late), OrganisationErrorKind::Expired);
    let other = accept(&house.acme, 1, &person("eve"), "Eve", NOW).await;
    assert_eq!(kind(other), OrganisationErrorKind::NotFound, "it is for another address");
    assert!(accept(&house.acme, 1, &new, "Neu", at(59)).await.unwrap());
    assert_eq!(kind(accept(&house.acme, 1, &new, "Neu", NOW).await), OrganisationErrorKind::Used);

    let member = there.member(&house.acme, "new", NOW).await.unwrap().unwrap();
    assert_eq!((member.role, member.status), (Role::Member, MemberStatus::Active));
    assert_eq!((&*member.projects, &member.profile), (&[Box::from("apollo")][..], &profile("Neu")));
    assert_eq!(all(&store, &house.globex).await, ["gus", "i002"]);

    let mut impostor = new.clone();
    impostor.person_id = "impostor".into();
    assert!(!accept(&house.globex, 2, &impostor, "Imp", NOW).await.unwrap(), "another has the address");
    new.password_hash = Some("another".into());
    assert!(accept(&house.globex, 2, &new, "Nova", NOW).await.unwrap());
    let known = DbPeople::new(&house.db).find_by_email("new@example.com").await.unwrap().unwrap().0;
    assert_eq!(known.password_hash.as_deref(), Some("hash"), "they keep their own");
    let name = async |tenant| store.member(tenant, "new", NOW).await.unwrap().unwrap().profile;
    assert_eq!((name(&house.acme).await, name(&house.globex).await), (profile("Neu"), profile("Nova")));

    store.remove(&house.acme, &OPERATOR, "new").await.unwrap();
    assert_eq!(role(&store, &house.acme, "new").await, None);
    assert_eq!(role(&store, &house.globex, "new").await, Some(Role::Member));
    let again = invitation("new@example.com", Role::Viewer, 7);
    store.invite(&house.acme, &OPERATOR, &again, None).await.unwrap();
    assert!(accept(&house.acme, 7, &new, "Neo", NOW).await.unwrap());
    let back = store.member(&house.acme, "new", NOW).await.unwrap().unwrap();
    assert_eq!((back.role, back.projects.len(), back.profile), (Role::Viewer, 0, profile("Neo")));
}

#[tokio::test]
async fn who_has_no_password_yet_gets_their_first() {
    let house = house().await;
    let store = DbOrganisations::new(&house.db);
    add(&house, &house.globex, "new", Role::Viewer).await;
    store
        .invite(&house.acme, &OPERATOR, &invitation("new@example.com", Role::Member, 1), None)
        .await
        .unwrap();
    let mut new = person("new");
    new.password_hash = Some("first".into());
    assert!(store.accept(&house.acme, &[1; 32], &new, &Profile::default(), NOW, None).await.unwrap());
    let known = DbPeople::new(&house.db).find_by_email("new@example.com").await.unwrap().unwrap().0;
    assert_eq!(known.password_hash.as_deref(), Some("first"));
}

#[tokio::test]
async fn nobody_gives_or_takes_more_than_they_are_at_this_moment() {
    let house = house().await;
    let store = two(&house).await;
    for (name, role) in [("bea", Role::Admin), ("cem", Role::Member), ("odo", Role::Owner)] {
        add(&house, &house.acme, name, role).await;
    }
    let bea = Actor::person("bea", Role::Admin);
    let cem = Actor::person("cem", Role::Member);
    let demoted = Actor::person("cem", Role::Owner);
    let outside = Actor::person("from-another-issuer", Role::Admin);
    let owner = invitation("o@example.com", Role::Owner, 20);
    for (by, id, role) in [
        (&bea, "ada", Some(Role::Viewer)),
        (&bea, "ada", None),
        (&bea, "bea", Some(Role::Owner)),
        (&bea, "cem", Some(Role::Owner)),
        (&outside, "cem", Some(Role::Owner)),
        (&cem, "cem", Some(Role::Admin)),
        (&cem, "cem", None),
        (&demoted, "cem", Some(Role::Owner)),
        (&demoted, "bea", Some(Role::Viewer)),
    ] {
        let changed = store.change(&house.acme, by, id, role, None).await;
        assert_eq!(kind(changed), OrganisationErrorKind::Forbidden, "{by:?} {id} {role:?}");
    }
    for by in [&bea, &outside, &cem, &demoted] {
        let removed = store.remove(&house.acme, by, "ada").await;
        assert_eq!(kind(removed), OrganisationErrorKind::Forbidden, "{by:?}");
        let invited = store.invite(&house.acme, by, &owner, None).await;
        assert_eq!(kind(invited), OrganisationErrorKind::Forbidden, "{by:?}");
    }
    store.invite(&house.acme, &OPERATOR, &owner, None).await.unwrap();
    let taken_back = store.remove(&house.acme, &bea, "i020").await;
    assert_eq!(kind(taken_back), OrganisationErrorKind::Forbidden);
    store.remove(&house.acme, &Actor::person("ada", Role::Owner), "i020").await.unwrap();
    assert_eq!(store.invitation(&house.acme, &[20; 32]).await.unwrap(), None);
    store.change(&house.acme, &bea, "cem", Some(Role::Admin), None).await.unwrap();
    store.change(&house.acme, &outside, "cem", Some(Role::Viewer), None).await.unwrap();
    assert_eq!(role(&store, &house.acme, "cem").await, Some(Role::Viewer));
}

#[tokio::test]
async fn the_last_owner_stays_one() {
    let house = house().await;
    let store = two(&house).await;
    let last = OrganisationErrorKind::LastOwner;
    for role in [Role::Admin, Role::Viewer] {
        assert_eq!(kind(store.change(&house.acme, &OPERATOR, "ada", Some(role), None).await), last);
    }
    assert_eq!(kind(store.remove(&house.acme, &OPERATOR, "ada").await), last);
    store.change(&house.acme, &OPERATOR, "ada", Some(Role::Owner), None).await.unwrap();
    add(&house, &house.acme, "bea", Role::Owner).await;
    store.change(&house.acme, &OPERATOR, "ada", Some(Role::Member), None).await.unwrap();
    assert_eq!(kind(store.remove(&house.acme, &OPERATOR, "bea").await), last);
    store.remove(&house.acme, &OPERATOR, "ada").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_owners_who_go_at_once_one_stays() {
    let house = house().await;
    let stores = [DbOrganisations::new(&house.db), elsewhere(&house).await];
    for round in 0..5 {
        for name in ["ada", "bea", "cem", "dan"] {
            let _ = DbPeople::new(&house.db).join(&house.acme, &person(name), Role::Owner).await;
            let _ = stores[0].change(&house.acme, &OPERATOR, name, Some(Role::Owner), None).await;
        }
        let going = ["ada", "bea", "cem", "dan"].iter().enumerate().map(|(number, name)| {
            let store = &stores[number % 2];
            let by = Actor::person(*name, Role::Owner);
            let acme = &house.acme;
            async move {
                match (number + round) % 2 {
                    0 => store.change(acme, &by, name, Some(Role::Viewer), None).await,
                    _ => store.remove(acme, &by, name).await,
                }
            }
        });
        let went = join_all(going).await;
        let stayed: Vec<_> = went.into_iter().filter_map(Result::err).map(|error| error.kind()).collect();
        assert_eq!(stayed, [OrganisationErrorKind::LastOwner], "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_take_the_last_seat_at_once_one_does() {
    let house = house().await;
    let stores = [DbOrganisations::new(&house.db), elsewhere(&house).await];
    add(&house, &house.acme, "ada", Role::Owner).await;
    for round in 0..5_u64 {
        let pair = [2 * round, 2 * round + 1].map(|number| u8::try_from(number).unwrap());
        for number in pair {
            let to = invitation(&format!("p{number}@example.com"), Role::Member, number);
            stores[0].invite(&house.acme, &OPERATOR, &to, None).await.unwrap();
        }
        let coming =
            pair.map(|number| {
                let (store, acme) = (&stores[usize::from(number % 2)], &house.acme);
                let new = person(&format!("p{number}"));
                async move {
                    store.accept(acme, &[number; 32], &new, &Profile::default(), NOW, Some(round + 2)).await
                }
            });
        let came = join_all(coming).await;
        let stayed: Vec<_> = came.into_iter().filter_map(Result::err).map(|error| error.kind()).collect();
        assert_eq!(stayed, [OrganisationErrorKind::Full { most: round + 2 }]);
        let active = MemberFilter { status: Some(MemberStatus::Active), ..Default::default() };
        assert_eq!(ids(&stores[0], &house.acme, &active).await.len() as u64, round + 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_who_use_one_invitation_at_once_one_does() {
    let house = house().await;
    let stores = [DbOrganisations::new(&house.db), elsewhere(&house).await];
    for round in 0..5_u8 {
        let email = format!("p{round}@example.com");
        stores[0]
            .invite(&house.acme, &OPERATOR, &invitation(&email, Role::Member, round), None)
            .await
            .unwrap();
        let coming = (0..4_usize).map(|number| {
            let (store, acme) = (&stores[number % 2], &house.acme);
            // As two requests have it that both find nobody: with ids of their own.
            let new = Person::new(format!("p{round}-{}", number % 2), email.clone(), NOW);
            async move { store.accept(acme, &[round; 32], &new, &Profile::default(), NOW, None).await }
        });
        let came = join_all(coming).await;
        assert_eq!(came.iter().filter(|result| matches!(result, Ok(true))).count(), 1, "{came:?}");
        let used = |result: &&Result<bool, OrganisationError>| {
            result.as_ref().is_err_and(|error| error.kind() == OrganisationErrorKind::Used)
        };
        assert_eq!(came.iter().filter(used).count(), 3, "{came:?}");
        assert_eq!(all(&stores[0], &house.acme).await.len(), usize::from(round) + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_invitations_and_projects_at_once_one_is_kept() {
    let house = house().await;
    let stores = [DbOrganisations::new(&house.db), elsewhere(&house).await];
    for round in 0..5_u8 {
        let email = format!("p{round}@example.com");
        let inviting = (0..4_u8).map(|number| {
            let (store, acme) = (&stores[usize::from(number % 2)], &house.acme);
            let to = invitation(&email, Role::Member, 10 * round + number);
            let id = format!("p{round}-{number}");
            let project = Project::new(id, "Same", format!("same{round}"), NOW);
            async move {
                let invited = store.invite(acme, &OPERATOR, &to, None).await;
                (invited, store.create_project(acme, &project, None).await)
            }
        });
        let (invited, created): (Vec<_>, Vec<_>) = join_all(inviting).await.into_iter().unzip();
        for results in [invited, created] {
            let conflicts: Vec<_> =
                results.into_iter().filter_map(Result::err).map(|error| error.kind()).collect();
            assert_eq!(conflicts, [OrganisationErrorKind::Conflict; 3]);
        }
    }
    assert_eq!(all(&stores[0], &house.acme).await.len(), 5);
    assert_eq!(stores[0].projects(&house.acme, None, 100).await.unwrap().len(), 5);
    add(&house, &house.acme, "ada", Role::Owner).await;
    let to = invitation("ada@example.com", Role::Member, 99);
    let member = stores[0].invite(&house.acme, &OPERATOR, &to, None).await;
    assert_eq!(kind(member), OrganisationErrorKind::Conflict);
}

#[tokio::test]
async fn a_project_is_read_as_it_was_written_and_changes_in_part() {
    let house = house().await;
    let store = two(&house).await;
    for name in ["bea", "cem"] {
        add(&house, &house.acme, name, Role::Member).await;
    }
    let mut rich = Project::new("rich", "Ü's \"thing\"", "rich", at(5));
    (rich.kind, rich.environment) = ("web".into(), "production".into());
    rich.team = vec![TeamMember::new("ada", Role::Admin), TeamMember::new("bea", Role::Viewer)];
    store.create_project(&house.acme, &rich, None).await.unwrap();
    let there = elsewhere(&house).await;
    assert_eq!(there.project(&house.acme, "rich").await.unwrap(), Some(rich.clone()));
    let change = ProjectChange { name: Some("New".into()), ..Default::default() };
    store.change_project(&house.acme, "rich", &change).await.unwrap();
    rich.name = "New".into();
    assert_eq!(there.project(&house.acme, "rich").await.unwrap(), Some(rich.clone()));
    let team = vec![TeamMember::new("cem", Role::Owner)];
    let change =
        ProjectChange { team: Some(team.clone()), slug: Some("richer".into()), ..Default::default() };
    store.change_project(&house.acme, "rich", &change).await.unwrap();
    (rich.team, rich.slug) = (team, "richer".into());
    assert_eq!(there.project(&house.acme, "rich").await.unwrap(), Some(rich.clone()));
    let change = ProjectChange { slug: Some("slug-apollo".into()), ..Default::default() };
    let taken = store.change_project(&house.acme, "rich", &change).await;
    assert_eq!(kind(taken), OrganisationErrorKind::Conflict);
    let list = store.projects(&house.acme, None, 10).await.unwrap();
    assert_eq!(list.iter().map(|project| &*project.project_id).collect::<Vec<_>>(), ["apollo", "rich"]);
    assert_eq!(store.projects(&house.acme, Some("apollo"), 10).await.unwrap(), [rich]);
    store.remove(&house.acme, &OPERATOR, "cem").await.unwrap();
    assert_eq!(there.project(&house.acme, "rich").await.unwrap().unwrap().team, []);
    assert!(store.delete_project(&house.acme, "apollo").await.unwrap());
    assert!(!store.delete_project(&house.acme, "apollo").await.unwrap());
    let invited = store.member(&house.acme, "i001", NOW).await.unwrap().unwrap();
    assert_eq!(invited.projects, [], "an invitation stays, without it");
}
