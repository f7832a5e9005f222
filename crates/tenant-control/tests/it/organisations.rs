//! Organisations. What a tenant could do through them: use its invitation in another, learn who belongs to another, bring in
//! somebody by an address alone, or put more into a mail than it says.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_auth::{Passwords, People};
use tenant_control::{
    Acceptance, FileMailer, InvitationToken, MailError, Mailer, Message, NewInvitation, NewProject,
    Organisations,
};
use tenant_core::{
    Clock, InMemoryConfigManager, ManualClock, NamedLimit, TenantConfig, TenantContext, async_trait,
    auth::{PeopleStore, Role},
    organisations::{
        Actor, Invitation, MemberFilter, MemberStatus, OrganisationError, OrganisationErrorKind as Kind,
        Profile, ProjectChange, TeamMember,
    },
};
use tenant_sqlx::{DbOrganisations, DbPeople, TenantDb};

use crate::support::{clock, database, id};

const PASSWORD: &str = "correct horse";
const OPERATOR: Actor = Actor::Operator;

struct House {
    db: TenantDb<Sqlite>,
    all: Organisations,
    people: People<DbPeople<Sqlite>>,
    clock: Arc<ManualClock>,
    acme: TenantContext,
    globex: TenantContext,
    folder: TempDir,
}

async fn tenant(name: &str, seats: u64, domains: &[&str]) -> TenantContext {
    let most = |of: &str, most| NamedLimit::stock(of.parse().unwrap(), most);
    let config = TenantConfig::builder(id(name)).limit("users", most("users", seats));
    let config = config.limit("projects", most("projects", 2));
    let config = config.setting("allowed_domains", json!(domains)).build().unwrap();
    TenantContext::of(&InMemoryConfigManager::with([config]).unwrap(), &id(name)).await.unwrap()
}

async fn house() -> House {
    let ((db, folder), clock) = (database().await, clock());
    let mails = folder.path().join("mail");
    let mailer = FileMailer::new(mails, "no-reply@example.com").unwrap().with_clock(clock.clone());
    let store = Arc::new(DbOrganisations::new(&db));
    let all = Organisations::new(store, Arc::new(mailer), "https://app.example/invitations/accept");
    let all = all.with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let people = People::new(DbPeople::new(&db), Passwords::new().unwrap());
    let (acme, globex) = (tenant("acme", 3, &[]).await, tenant("globex", 3, &[]).await);
    House { db, all, people, clock, acme, globex, folder }
}

impl House {
    async fn invite(
        &self,
        tenant: &TenantContext,
        email: &str,
        role: Role,
    ) -> Result<Invitation, OrganisationError> {
        let new = NewInvitation { email: email.into(), role, projects: Vec::new() };
        self.all.invite(tenant, &OPERATOR, new).await
    }

    fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path().join("mail")).unwrap();
        files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    /// As somebody reads it in the mail.
    fn token(&self, email: &str, tenant: &str) -> InvitationToken {
        let to = format!("To: <{email}>\r\n");
        let mails = self.mails();
        let mails = mails.iter().filter(|mail| mail.contains(&to));
        let tokens = mails.map(|mail| {
            let (_, rest) = mail.split_once("https://app.example/invitations/accept?token=").unwrap();
            InvitationToken::parse(rest.split("\r\n").next().unwrap()).unwrap()
        });
        tokens.into_iter().find(|token| token.tenant() == &id(tenant)).unwrap()
    }

    async fn accept(
        &self,
        tenant: &TenantContext,
        token: &InvitationToken,
        password: &str,
    ) -> Result<Box<str>, OrganisationError> {
        let profile = Profile { first_name: Some("Ada".into()), ..Default::default() };
        let acceptance = Acceptance { password: password.into(), profile };
        let (person, _) = self.all.accept(&self.people, tenant, token, &acceptance).await?;
        Ok(person.person_id)
    }

    async fn joined(&self, tenant: &TenantContext, email: &str, role: Role) -> Box<str> {
        self.invite(tenant, email, role).await.unwrap();
        self.accept(tenant, &self.token(email, tenant.id().as_str()), PASSWORD).await.unwrap()
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, OrganisationError>) -> Kind {
    result.unwrap_err().kind()
}

#[tokio::test]
async fn who_is_invited_comes_by_what_the_mail_says() {
    let house = house().await;
    let invitation = house.invite(&house.acme, " Ada@Example.COM ", Role::Admin).await.unwrap();
    assert_eq!((invitation.email.as_str(), invitation.role), ("ada@example.com", Role::Admin));
    let mails = house.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].starts_with("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"), "{}", mails[0]);
    let waiting = house.all.member(&house.acme, &invitation.invitation_id).await.unwrap();
    assert_eq!(waiting.status, MemberStatus::Invited);
    let token = house.token("ada@example.com", "acme");
    assert!(!format!("{invitation:?} {waiting:?}").contains(&token.as_str()[..16]));
    let ada = house.accept(&house.acme, &token, PASSWORD).await.unwrap();
    let member = house.all.member(&house.acme, &ada).await.unwrap();
    assert_eq!((member.role, member.status), (Role::Admin, MemberStatus::Active));
    assert_eq!(member.profile.first_name.as_deref(), Some("Ada"));
    let signed_in = house.people.sign_in("ada@example.com", PASSWORD).await.unwrap();
    assert_eq!(signed_in.memberships, [(id("acme"), Role::Admin)]);
    assert_eq!(kind(house.accept(&house.acme, &token, PASSWORD).await), Kind::Used);
}

#[tokio::test]
async fn a_token_opens_its_own_tenant_alone_and_none_that_was_guessed_does() {
    let house = house().await;
    house.invite(&house.acme, "ada@example.com", Role::Owner).await.unwrap();
    let token = house.token("ada@example.com", "acme");
    let secret = token.as_str().split('.').next().unwrap();
    let renamed = InvitationToken::parse(&format!("{secret}.globex")).unwrap();
    let guessed = InvitationToken::new(&id("acme")).unwrap();
    for (tenant, token) in [(&house.globex, &token), (&house.globex, &renamed), (&house.acme, &guessed)] {
        assert_eq!(kind(house.accept(tenant, token, PASSWORD).await), Kind::NotFound);
    }
    let members = async |tenant| {
        house.all.members(tenant, &MemberFilter::default(), None, 100).await.unwrap().members.len()
    };
    assert_eq!((members(&house.acme).await, members(&house.globex).await), (1, 0));
    house.accept(&house.acme, &token, PASSWORD).await.unwrap();
    assert_eq!(members(&house.globex).await, 0);
}

#[tokio::test]
async fn who_is_known_comes_in_with_their_own_password_alone() {
    let house = house().await;
    let ada = house.joined(&house.globex, "ada@example.com", Role::Owner).await;
    house.invite(&house.acme, "ada@example.com", Role::Member).await.unwrap();
    let token = house.token("ada@example.com", "acme");
    let wrong = house.accept(&house.acme, &token, "somebody elses").await;
    assert_eq!(kind(wrong), Kind::Unauthenticated);
    assert!(house.people.sign_in("ada@example.com", "somebody elses").await.is_err());
    assert_eq!(kind(house.accept(&house.acme, &token, "short").await), Kind::Invalid);
    assert_eq!(house.accept(&house.acme, &token, PASSWORD).await.unwrap(), ada, "it was not used up");
    let member = house.all.member(&house.acme, &ada).await.unwrap();
    assert_eq!((member.role, member.projects.len()), (Role::Member, 0));
    let signed_in = house.people.sign_in("ada@example.com", PASSWORD).await.unwrap();
    assert_eq!(signed_in.memberships, [(id("acme"), Role::Member), (id("globex"), Role::Owner)]);
}

#[tokio::test]
async fn who_has_no_password_chooses_one() {
    let house = house().await;
    let now = house.clock.unix().into();
    let ada = house.people.join(&house.globex, "ada@example.com", None, Role::Viewer, now).await.unwrap();
    house.invite(&house.acme, "ada@example.com", Role::Member).await.unwrap();
    let came = house.accept(&house.acme, &house.token("ada@example.com", "acme"), PASSWORD).await.unwrap();
    assert_eq!(came, ada.person_id);
    assert_eq!(house.people.sign_in("ada@example.com", PASSWORD).await.unwrap().memberships.len(), 2);
}

#[tokio::test]
async fn an_invitation_ends_after_seven_days_and_frees_its_seat() {
    let house = house().await;
    house.joined(&house.acme, "ada@example.com", Role::Owner).await;
    for name in ["bea", "cem"] {
        house.invite(&house.acme, &format!("{name}@example.com"), Role::Member).await.unwrap();
    }
    let full = house.invite(&house.acme, "dan@example.com", Role::Member).await;
    assert_eq!(kind(full), Kind::Full { most: 3 });
    house.invite(&house.globex, "dan@example.com", Role::Member).await.unwrap();
    let again = house.invite(&house.acme, "BEA@example.com", Role::Member).await;
    assert_eq!(kind(again), Kind::Conflict);
    house.clock.advance(Duration::from_secs(7 * 24 * 3_600) - Duration::from_secs(1));
    house.accept(&house.acme, &house.token("bea@example.com", "acme"), PASSWORD).await.unwrap();
    house.clock.advance(Duration::from_secs(1));
    let late = house.accept(&house.acme, &house.token("cem@example.com", "acme"), PASSWORD).await;
    assert_eq!(kind(late), Kind::Expired);
    house.invite(&house.acme, "dan@example.com", Role::Member).await.unwrap();
    let member = house.invite(&house.acme, "bea@example.com", Role::Member).await;
    assert_eq!(kind(member), Kind::Conflict);
}

#[tokio::test]
async fn addresses_are_of_allowed_domains_when_invited_and_when_accepted() {
    let house = house().await;
    let strict = tenant("acme", 9, &["Example.com", "acme.example"]).await;
    for wrong in ["ada@evil.example", "ada@sub.example.com", "ada@example.com.evil", "ada@notexample.com"] {
        assert_eq!(kind(house.invite(&strict, wrong, Role::Member).await), Kind::PolicyDenied, "{wrong}");
    }
    house.invite(&strict, "ada@EXAMPLE.com", Role::Member).await.unwrap();
    let token = house.token("ada@example.com", "acme");
    let stricter = tenant("acme", 9, &["acme.example"]).await;
    assert_eq!(kind(house.accept(&stricter, &token, PASSWORD).await), Kind::PolicyDenied);
    house.accept(&strict, &token, PASSWORD).await.unwrap();
    let broken = TenantConfig::builder(id("acme")).setting("allowed_domains", "all").build().unwrap();
    let broken = InMemoryConfigManager::with([broken]).unwrap();
    let broken = TenantContext::of(&broken, &id("acme")).await.unwrap();
    assert_eq!(kind(house.invite(&broken, "bea@example.com", Role::Member).await), Kind::PolicyDenied);
}

#[tokio::test]
async fn what_no_mail_can_be_sent_to_is_not_invited() {
    let house = house().await;
    for wrong in ["ada", "eve>,<ada@x", "a,b@x", "ada@x\r\nBcc: eve@x", "../../ada@x/..", "ada@x y"] {
        assert_eq!(kind(house.invite(&house.acme, wrong, Role::Member).await), Kind::Invalid, "{wrong:?}");
    }
    assert_eq!(house.mails(), [""; 0]);
    house.invite(&house.acme, "..%2f../etc@example.com", Role::Member).await.unwrap();
    let files = fs::read_dir(house.folder.path().join("mail")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        names.len() == 1 && names[0].starts_with("1700000000-") && names[0].ends_with(".eml"),
        "{names:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_the_mail() {
    use std::os::unix::fs::PermissionsExt;
    let house = house().await;
    house.invite(&house.acme, "ada@example.com", Role::Member).await.unwrap();
    let folder = house.folder.path().join("mail");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
}

#[derive(Default)]
struct Broken(AtomicBool);

#[async_trait]
impl Mailer for Broken {
    async fn send(&self, _message: &Message) -> Result<(), MailError> {
        if self.0.load(Ordering::Relaxed) { Ok(()) } else { Err(MailError::new("no route to host")) }
    }
}

#[tokio::test]
async fn an_invitation_that_was_not_sent_is_taken_back() {
    let house = house().await;
    let mailer = Arc::new(Broken::default());
    let store = Arc::new(DbOrganisations::new(&house.db));
    let all = Organisations::new(store, Arc::clone(&mailer) as Arc<dyn Mailer>, "https://app.example");
    let new = || NewInvitation { email: "ada@example.com".into(), role: Role::Owner, projects: Vec::new() };
    let failed = all.invite(&house.acme, &OPERATOR, new()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.to_string().contains("ada")), (Kind::Unavailable, false));
    let there = all.members(&house.acme, &MemberFilter::default(), None, 10).await.unwrap();
    assert_eq!(there.members, []);
    mailer.0.store(true, Ordering::Relaxed);
    all.invite(&house.acme, &OPERATOR, new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_accept_for_the_last_seat_one_comes() {
    let house = house().await;
    for name in ["ada", "bea", "cem"] {
        house.invite(&house.acme, &format!("{name}@example.com"), Role::Member).await.unwrap();
    }
    house.accept(&house.acme, &house.token("ada@example.com", "acme"), PASSWORD).await.unwrap();
    // The plan has become smaller since they were invited.
    let smaller = tenant("acme", 2, &[]).await;
    let (bea, cem) = (house.token("bea@example.com", "acme"), house.token("cem@example.com", "acme"));
    let came = tokio::join!(house.accept(&smaller, &bea, PASSWORD), house.accept(&smaller, &cem, PASSWORD));
    let stayed: Vec<_> =
        [came.0, came.1].into_iter().filter_map(Result::err).map(|error| error.kind()).collect();
    assert_eq!(stayed, [Kind::Full { most: 2 }]);
    let people: Vec<_> = ["bea", "cem"].map(|name| format!("{name}@example.com")).into();
    let mut known = 0;
    for email in people {
        known += usize::from(house.people.store().find_by_email(&email).await.unwrap().is_some());
    }
    assert_eq!(known, 1, "who did not come leaves nothing behind");
}

#[tokio::test]
async fn members_are_listed_page_by_page_and_change_by_the_rules() {
    let house = house().await;
    let owner = house.joined(&house.acme, "ada@example.com", Role::Owner).await;
    let bea = house.joined(&house.acme, "bea@example.com", Role::Admin).await;
    house.joined(&house.globex, "gus@example.com", Role::Owner).await;
    let (mut cursor, mut seen, mut pages) = (None::<Box<str>>, Vec::new(), 0);
    loop {
        let page = house.all.members(&house.acme, &MemberFilter::default(), cursor.as_deref(), 1).await;
        let page = page.unwrap();
        seen.extend(page.members.into_iter().map(|member| member.id));
        (cursor, pages) = (page.next_cursor, pages + 1);
        if cursor.is_none() {
            break;
        }
    }
    let mut expected = vec![owner.clone(), bea.clone()];
    expected.sort_unstable();
    assert_eq!((seen, pages), (expected, 2));
    let admin = Actor::person(bea.clone(), Role::Admin);
    let change = async |by: &Actor, id: &str, role| {
        house.all.change_member(&house.acme, by, id, Some(role), None).await.map(|member| member.role)
    };
    assert_eq!(kind(change(&admin, &owner, Role::Viewer).await), Kind::Forbidden);
    assert_eq!(kind(change(&admin, &bea, Role::Owner).await), Kind::Forbidden);
    assert_eq!(kind(change(&OPERATOR, &owner, Role::Admin).await), Kind::LastOwner);
    assert_eq!(change(&OPERATOR, &bea, Role::Owner).await.unwrap(), Role::Owner);
    assert_eq!(kind(change(&OPERATOR, "gus", Role::Owner).await), Kind::NotFound);
    house.all.remove_member(&house.acme, &OPERATOR, &owner).await.unwrap();
    assert_eq!(kind(house.all.remove_member(&house.acme, &OPERATOR, &bea).await), Kind::LastOwner);
    assert_eq!(house.people.sign_in("ada@example.com", PASSWORD).await.unwrap().memberships, []);
}

#[tokio::test]
async fn projects_are_the_tenants_own_as_many_as_it_may_have() {
    let house = house().await;
    let ada = house.joined(&house.acme, "ada@example.com", Role::Owner).await;
    let new = |slug: &str| NewProject {
        name: "Apollo".into(),
        slug: slug.into(),
        kind: "web".into(),
        environment: "production".into(),
        team: vec![TeamMember::new(ada.clone(), Role::Admin)],
    };
    let apollo = house.all.create_project(&house.acme, new("apollo")).await.unwrap();
    assert_eq!(house.all.project(&house.acme, &apollo.project_id).await.unwrap(), apollo);
    for wrong in ["", "A", "a b", "-a", "a-", "\u{fc}", "a/b", &"a".repeat(64)] {
        assert_eq!(kind(house.all.create_project(&house.acme, new(wrong)).await), Kind::Invalid, "{wrong:?}");
    }
    let mut twice = new("twice");
    twice.team = vec![TeamMember::new(ada.clone(), Role::Admin), TeamMember::new(ada.clone(), Role::Viewer)];
    assert_eq!(kind(house.all.create_project(&house.acme, twice).await), Kind::Invalid);
    assert_eq!(kind(house.all.create_project(&house.acme, new("apollo")).await), Kind::Conflict);
    assert_eq!(
        kind(house.all.create_project(&house.globex, new("apollo")).await),
        Kind::NotFound,
        "a member of another"
    );
    house.all.create_project(&house.acme, new("gemini")).await.unwrap();
    assert_eq!(kind(house.all.create_project(&house.acme, new("mercury")).await), Kind::Full { most: 2 });
    let page = house.all.projects(&house.acme, None, 1).await.unwrap();
    assert_eq!((page.projects, page.next_cursor), (vec![apollo.clone()], Some(apollo.project_id.clone())));
    assert_eq!(house.all.projects(&house.globex, None, 10).await.unwrap().projects, []);
    let change = ProjectChange { environment: Some("staging".into()), ..Default::default() };
    let id = &*apollo.project_id;
    assert_eq!(kind(house.all.change_project(&house.globex, id, &change).await), Kind::NotFound);
    let changed = house.all.change_project(&house.acme, id, &change).await.unwrap();
    assert_eq!((changed.environment.as_str(), changed.team), ("staging", apollo.team.clone()));
    assert_eq!(kind(house.all.delete_project(&house.globex, id).await), Kind::NotFound);
    house.all.delete_project(&house.acme, id).await.unwrap();
    assert_eq!(kind(house.all.project(&house.acme, id).await), Kind::NotFound);
}
