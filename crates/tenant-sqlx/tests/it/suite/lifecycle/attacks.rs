//! Archives that somebody made to get at what is not theirs.

use tenant_core::ConfigStore;

use super::{
    House, LifecycleErrorKind, id, kind,
    tar::{END, archive, entries, entry, resealed},
};

type Entries = Vec<(String, Vec<u8>)>;

fn content<'e>(entries: &'e mut Entries, name: &str) -> &'e mut Vec<u8> {
    &mut entries.iter_mut().find(|(entry, _)| entry == name).unwrap().1
}

/// The same text in place of another one, in a file.
fn replaced(entries: &Entries, name: &str, from: &str, to: &str) -> Vec<u8> {
    let mut entries = entries.clone();
    let text = String::from_utf8(content(&mut entries, name).clone()).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    *content(&mut entries, name) = text.replacen(from, to, 1).into_bytes();
    resealed(entries)
}

fn with(entries: &Entries, name: &str, text: &str) -> Vec<u8> {
    let mut entries = entries.clone();
    entries.insert(0, (name.into(), text.as_bytes().to_vec()));
    resealed(entries)
}

/// Entries in front of those of an archive.
fn before(first: Vec<u8>, entries: &Entries) -> Vec<u8> {
    [first, archive(entries)].concat()
}

fn attacks(good: &Entries) -> Vec<(&'static str, Vec<u8>)> {
    let plain = archive(good);
    let link = |kind| before(entry("people.jsonl", kind, 0, "/etc/passwd", b""), good);
    let manifest = |from: &str, to: &str| {
        let mut entries = good.clone();
        let text = String::from_utf8(content(&mut entries, "manifest.json").clone()).unwrap();
        assert!(text.contains(from), "{from}");
        *content(&mut entries, "manifest.json") = text.replacen(from, to, 1).into_bytes();
        archive(&entries)
    };
    let mut twice = good.clone();
    twice.insert(0, good[0].clone());
    let mut missing = good.clone();
    missing.remove(1);
    let mut unlisted = good.clone();
    unlisted.insert(0, ("extra.jsonl".into(), b"{}\n".to_vec()));
    let mut changed = good.clone();
    let notes = content(&mut changed, "notes.jsonl");
    let at = notes.len() - 4;
    notes[at] ^= 1;
    let mut endless = good.clone();
    content(&mut endless, "notes.jsonl").pop();
    let mut headless = good.clone();
    headless.pop();
    let mut trailing = plain.clone();
    trailing.extend(entry("late.jsonl", b'0', 3, "", b"{}\n"));
    let mut behind = plain[..plain.len() - END.len()].to_vec();
    behind.extend(entry("late.jsonl", b'0', 3, "", b"{}\n"));
    behind.extend(END);
    let mut long = good.clone();
    *content(&mut long, "notes.jsonl") =
        [b"{\"text\":\"".as_slice(), &vec![b'x'; 65 << 20], b"\"}\n"].concat();
    let mut people = good.clone();
    let row = b"{\"person_id\":\"p\",\"email\":\"p@x.example\",\"role\":\"king\"}\n";
    *content(&mut people, "tenant_people.jsonl") = row.to_vec();
    let own = "\"tenant_id\":\"acme\"";
    vec![
        ("nothing", Vec::new()),
        ("no archive", b"PK\x03\x04".repeat(400)),
        ("only an end", END.to_vec()),
        ("a path upwards", with(good, "../people.jsonl", "{}\n")),
        ("an absolute path", with(good, "/tmp/people.jsonl", "{}\n")),
        ("a folder", before(entry("people/", b'5', 0, "", b""), good)),
        ("a symbolic link", link(b'2')),
        ("a hard link", link(b'1')),
        ("a device", link(b'3')),
        ("a sparse file", link(b'S')),
        (
            "a long name of another format",
            before(entry("././@LongLink", b'L', 13, "", b"people.jsonl\0"), good),
        ),
        ("an extended header", before(entry("p", b'x', 20, "", b"20 path=notes.jsonl\n"), good)),
        ("an entry twice", resealed(twice.clone())),
        ("an entry twice, of which the manifest has one", archive(&twice)),
        ("an entry less", archive(&missing)),
        ("an entry that is not listed", archive(&unlisted)),
        ("a changed byte", archive(&changed)),
        ("a line without an end", resealed(endless)),
        ("a line that is too long", archive(&long)),
        ("no manifest", archive(&headless)),
        ("something behind the end", trailing),
        ("something behind the manifest", behind),
        ("cut off in the middle", plain[..plain.len() / 2].to_vec()),
        ("cut off at a block", plain[..plain.len() / 2 / 512 * 512].to_vec()),
        ("cut off at the end", plain[..plain.len() - 512].to_vec()),
        ("an entry longer than the file", before(entry("people.jsonl", b'0', 1 << 32, "", b"{}\n"), good)),
        ("another version", manifest("\"format\": 1", "\"format\": 2")),
        ("another database", manifest("\"database\": \"", "\"database\": \"x")),
        ("another hash", manifest("\"sha256\": \"", "\"sha256\": \"0")),
        ("more rows", manifest("\"rows\": 30", "\"rows\": 31")),
        ("more in the manifest", manifest("\"format\": 1", "\"format\": 1, \"hosts\": []")),
        ("another tenant in the manifest", manifest("\"tenant_id\": \"acme\"", "\"tenant_id\": \"globex\"")),
        ("another key in the manifest", manifest("\"tenant_key\": \"acme\"", "\"tenant_key\": \"globex\"")),
        ("no tenant at all", manifest("\"tenant_id\": \"acme\"", "\"tenant_id\": \"' OR 1=1\"")),
        ("a table that is not there", with(good, "nothing.jsonl", "{\"tenant_id\":\"acme\"}\n")),
        ("keys", with(good, "tenant_api_keys.jsonl", "{\"tenant_id\":\"acme\",\"key_id\":\"k\"}\n")),
        ("sessions", with(good, "tenant_sessions.jsonl", "{\"tenant_id\":\"acme\",\"digest\":\"d\"}\n")),
        (
            "members",
            with(good, "tenant_memberships.jsonl", "{\"tenant_id\":\"globex\",\"person_id\":\"p\"}\n"),
        ),
        ("the audit log", with(good, "tenant_audit.jsonl", "{\"tenant_id\":\"acme\",\"number\":1}\n")),
        ("a table of no tenant", with(good, "_sqlx_migrations.jsonl", "{\"version\":9}\n")),
        ("another tenant's row", replaced(good, "notes.jsonl", own, "\"tenant_id\":\"globex\"")),
        ("nobody's row", replaced(good, "notes.jsonl", own, "\"tenant_id\":null")),
        ("the tenant twice", replaced(good, "notes.jsonl", own, &format!("{own},{own}"))),
        ("a row without a tenant", replaced(good, "notes.jsonl", &format!("{own},"), "")),
        ("a column that is not there", replaced(good, "notes.jsonl", own, &format!("{own},\"x\":1"))),
        (
            "a column that is SQL",
            replaced(good, "notes.jsonl", "\"text\":", "\"text) VALUES ('globex', 'x') --\":"),
        ),
        ("a computed column", replaced(good, "people.jsonl", "\"id\":1,", "\"id\":1,\"twice\":null,")),
        ("a value of another type", replaced(good, "people.jsonl", "\"id\":1,", "\"id\":[1],")),
        (
            "a value that is too much",
            replaced(good, "people.jsonl", "\"id\":1,", "\"id\":{\"integer\":\"99999999999999999999\"},"),
        ),
        ("a reference to nobody", replaced(good, "people.jsonl", "\"boss\":2", "\"boss\":999")),
        (
            "a reference to nobody from elsewhere",
            replaced(good, "assignments.jsonl", "\"person\":3", "\"person\":999"),
        ),
        ("no JSON", replaced(good, "notes.jsonl", "{", "[")),
        ("another tenant's config", replaced(good, "tenants.jsonl", own, "\"tenant_id\":\"globex\"")),
        ("two configs", replaced(good, "tenants.jsonl", "}\n", "}\n{}\n")),
        ("a config that can't be", replaced(good, "tenants.jsonl", "\"name\":\"acme\"", "\"name\":\"\"")),
        ("a person of no role", resealed(people)),
    ]
}

#[tokio::test]
async fn what_nobody_exported_is_refused_and_nothing_of_it_stays() {
    let house = House::new().await;
    let file = house.export("acme").await.unwrap();
    let good = entries(&std::fs::read(&file).unwrap());
    let (acme, globex) = (house.all_of("acme").await, house.all_of("globex").await);
    let attack = house.file("attack");
    for (name, bytes) in attacks(&good) {
        std::fs::write(&attack, bytes).unwrap();
        let refused = house.import(&attack, "initech").await;
        let refused = refused.expect_err(name).kind().clone();
        let is_expected = matches!(
            refused,
            LifecycleErrorKind::Archive { .. }
                | LifecycleErrorKind::Misfit { .. }
                | LifecycleErrorKind::Rejected { .. }
                | LifecycleErrorKind::Config
        );
        assert!(is_expected, "{name}: {refused:?}");
        assert!(house.configs().fetch(&id("initech")).await.unwrap().is_none(), "{name}");
        for table in ["people", "notes", "assignments", "tenant_projects", "tenant_memberships"] {
            let left = format!("SELECT count(*) FROM {table} WHERE tenant_id NOT IN ('acme', 'globex')");
            assert_eq!(house.number(&left).await, 0, "{name}: {table}");
        }
    }
    assert_eq!(house.all_of("acme").await, acme);
    assert_eq!(house.all_of("globex").await, globex);
    // It was none of these that kept them out.
    std::fs::write(&attack, archive(&good)).unwrap();
    house.import(&attack, "initech").await.unwrap();
}

#[tokio::test]
async fn an_archive_leaves_numbers_for_others_to_count() {
    let house = House::new().await;
    house.run(super::SHARED_COUNT).await;
    house.db().refresh_catalog().await.unwrap();
    let file = house.export("acme").await.unwrap();
    let mut entries = entries(&std::fs::read(&file).unwrap());
    let row = "{\"tenant_id\":\"acme\",\"id\":{\"integer\":\"9223372036854775807\"},\"email\":\"x\",\"active\":1}\n";
    *content(&mut entries, "users.jsonl") = row.as_bytes().to_vec();
    let attack = house.file("attack");
    std::fs::write(&attack, resealed(entries)).unwrap();
    let refused = house.import(&attack, "initech").await;
    assert_eq!(kind(refused), LifecycleErrorKind::Misfit { table: "users".into() });
}

/// It refers to a row by its number alone: to the database, anybody's will do.
const VISITS: &str = "CREATE TABLE visits (tenant_id VARCHAR(63) NOT NULL, id BIGINT NOT NULL, guest BIGINT, host BIGINT, \
    PRIMARY KEY (tenant_id, id), FOREIGN KEY (guest) REFERENCES users (id), FOREIGN KEY (host) REFERENCES users (id))";

#[tokio::test]
async fn no_row_of_an_archive_refers_to_a_row_that_is_another_tenants() {
    let house = House::new().await;
    house.run(super::SHARED_COUNT).await;
    house.run(VISITS).await;
    house.run("INSERT INTO users (id, tenant_id, email) VALUES (7, 'acme', 'a'), (8, 'globex', 'g')").await;
    house.run("INSERT INTO visits (tenant_id, id, guest) VALUES ('acme', 1, 7), ('acme', 2, NULL)").await;
    house.db().refresh_catalog().await.unwrap();
    let file = house.export("acme").await.unwrap();
    let good = entries(&std::fs::read(&file).unwrap());
    let globex = house.all_of("globex").await;
    house.configs().delete(&id("acme")).await.unwrap();
    house.purge("acme").await.unwrap();
    let attack = house.file("attack");
    for (name, from, to) in [
        ("of globex, which has it", "\"guest\":7", "\"guest\":8"),
        ("by another column", "\"host\":null", "\"host\":8"),
    ] {
        std::fs::write(&attack, replaced(&good, "visits.jsonl", from, to)).unwrap();
        let refused = kind(house.import(&attack, "acme").await);
        assert_eq!(refused, LifecycleErrorKind::Rejected { table: "visits".into() }, "{name}");
        assert!(house.configs().fetch(&id("acme")).await.unwrap().is_none(), "{name}");
    }
    assert!(house.all_of("globex").await == globex);
    std::fs::write(&attack, archive(&good)).unwrap();
    house.import(&attack, "acme").await.unwrap();
}
