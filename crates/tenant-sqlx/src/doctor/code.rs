use std::fmt;

use super::Severity;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $severity:ident, $sentence:literal;)+) => {
        /// What can be wrong. Names and meanings stay; new ones are added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`: ", $sentence, ".")] $code,)+
        }

        impl Code {
            /// All of them, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Returns its name: `TD001`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            /// Returns how bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity),+ }
            }

            /// Returns what it means, in one sentence without a full stop.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$code => $sentence),+ }
            }
        }
    };
}

codes! {
    Superuser = "TD001", Error, "the role is a superuser, for whom no policy holds";
    BypassRls = "TD002", Error, "the role has BYPASSRLS, so that no policy holds for it";
    BecomesSuperuser = "TD003", Error, "the role can become one for whom no policy holds";
    OwnsTable = "TD004", Warning, "the role owns the table and can switch its policies off";
    CreatesRoles = "TD005", Error, "the role has CREATEROLE and can make itself a member of others";
    Replicates = "TD006", Error, "the role has REPLICATION and can copy the whole cluster";
    ReadsAllData = "TD007", Error, "the role reads or writes all tables, or the server's files, by membership";
    ReadsStatistics = "TD008", Warning, "the role reads statistics and statements of others by membership";
    CreatesDatabases = "TD009", Warning, "the role has CREATEDB";
    PoliciesOff = "TD010", Error, "row-level security is off for the table";
    NotForced = "TD011", Error, "row-level security is not forced, so that it does not hold for the owner";
    NoPolicy = "TD012", Error, "no policy of the table holds for the role, which sees nothing";
    CommandWithoutPolicy = "TD013", Warning, "the policies of the table leave out a command";
    WideningPolicy = "TD014", Error, "a permissive policy shows rows of other tenants";
    WideningCheck = "TD015", Error, "a policy lets rows be written for other tenants";
    NoCheck = "TD016", Note, "a policy does not say itself which rows may be written";
    OtherSetting = "TD017", Error, "a policy reads another setting than the one that holds the tenant";
    MissingIsError = "TD018", Warning, "a policy fails where the setting was never made";
    EmptyIsTenant = "TD019", Warning, "a policy takes a setting that is empty for a tenant";
    ConvertsColumn = "TD020", Warning, "a policy converts the tenant column, so that an index on the column does not serve it";
    DerivedWithoutPolicy = "TD021", Warning, "the table hangs on one of tenants and has no policy";
    ViewAsOwner = "TD030", Error, "a view of tenants' tables reads with the rights of its owner";
    MaterializedView = "TD031", Error, "a materialised view holds rows of all tenants, and no policy holds for it";
    DefinerRoutine = "TD032", Error, "a routine runs with the rights of its owner, past the policies";
    DefinerSearchPath = "TD033", Warning, "a routine with the rights of its owner finds names by the caller's search path";
    ForeignTable = "TD034", Error, "a foreign or virtual table is within reach, and no policy holds for its rows";
    PartitionInReach = "TD035", Error, "a partition is within reach past the policies of its table";
    DefaultPartition = "TD036", Warning, "a default partition takes the rows of tenants that have none of their own";
    Rule = "TD037", Error, "a rule rewrites statements on the table";
    Trigger = "TD038", Warning, "the table has a trigger nobody vouched for";
    Leakproof = "TD039", Warning, "a function of the application is called leakproof, and may see rows before a policy does";
    KeyWithoutTenant = "TD040", Warning, "a unique key without the tenant tells that another tenant has a value";
    LinkWithoutTenant = "TD041", Error, "a foreign key without the tenant lets a row hang on another tenant's";
    CascadePastTenant = "TD042", Error, "a foreign key without the tenant changes or deletes other tenants' rows along";
    CascadeEffect = "TD043", Error, "a change of the table's rows reaches past the tenant through what hangs on them";
    NoTenantIndex = "TD044", Warning, "no index of the table leads with the tenant";
    LinkWithoutIndex = "TD045", Warning, "no index serves a foreign key together with the tenant";
    IndexWithoutTenant = "TD046", Note, "an index does not lead with the tenant, and none beside it does";
    NullableTenant = "TD047", Error, "a row may have no tenant";
    TenantType = "TD048", Error, "the tenant column is of another type than the tenants, or converts them";
    TenantCollation = "TD049", Error, "the tenant column does not compare byte by byte";
    TenantDefault = "TD050", Warning, "a row that names no tenant gets one by default";
    NotValidated = "TD051", Warning, "a constraint holds for new rows alone";
    InvalidIndex = "TD052", Warning, "an index is not valid, and serves nothing";
    UnknownTable = "TD060", Warning, "the catalog does not know the table";
    MissingTable = "TD061", Error, "the catalog has a table that is not there";
    MissingTenantColumn = "TD062", Error, "the table is owned by tenants and lacks the tenant column";
    MissingColumn = "TD063", Warning, "the catalog has a column that the table lacks";
    OddName = "TD064", Warning, "the table has a name that can't be told apart by all spellings";
    MissingKey = "TD065", Error, "the catalog has a unique key that the table lacks";
    FamilyNotShared = "TD066", Error, "the table is shared, and rows of tables that are not are rows of it as well";
    MayTruncate = "TD070", Error, "the role may TRUNCATE the table, for all tenants at once";
    MayReference = "TD071", Warning, "the role may make foreign keys to the table, which see all rows";
    MayTrigger = "TD072", Error, "the role may make triggers on the table, which see what others write";
    MayCreate = "TD073", Error, "the role may create objects in the schema or the database";
    PublicRights = "TD074", Error, "everybody has rights on the table";
    WritesShared = "TD075", Error, "the role may write a table that all tenants read";
    MaySetSequence = "TD076", Warning, "the role may set a sequence, for all tenants at once";
    SharedSequence = "TD077", Note, "one sequence fills the keys of several tables";
    SettingAtLogin = "TD080", Error, "a setting gives every session a tenant";
    RowSecurityOff = "TD081", Warning, "the setting `row_security` is off, so that statements fail instead of being narrowed";
    OldVersion = "TD082", Error, "the database is older than what is supported";
    SessionWithTenant = "TD083", Error, "a connection came with a tenant that nobody had set, as a pooler hands it on";
    Published = "TD084", Warning, "a publication sends the rows of all tenants";
    GlobalRights = "TD090", Error, "the account has rights on all databases";
    SchemaRights = "TD091", Warning, "the account may change the schema";
    MayGrant = "TD092", Error, "the account may hand on its rights";
    Event = "TD093", Warning, "the database runs statements by itself";
    Engine = "TD094", Error, "the table is kept by an engine without transactions or foreign keys";
    HiddenTriggers = "TD095", Warning, "the account is not shown which triggers there are";
    HiddenRights = "TD096", Warning, "the account is not shown what a role of it may do";
    ForeignKeysOff = "TD100", Error, "the connection does not enforce foreign keys";
    BrokenLinks = "TD101", Error, "rows of the table refer to rows that are not there";
    ConflictClause = "TD102", Warning, "the table resolves conflicts by itself, on a key without the tenant";
    UndeclaredView = "TD103", Note, "a view of tenants' tables is not in the catalog, and so refused";
    UntrustedFunction = "TD104", Warning, "a default, a constraint or an index calls a function nobody vouched for";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../../docs/src/doctor.md");

    #[test]
    fn the_page_tells_of_every_code_as_it_is() {
        let lines: Vec<&str> = PAGE.lines().filter(|line| line.starts_with("| TD")).collect();
        let row = |code: &Code| format!("| {code} | {} | {} |", code.severity(), code.sentence());
        assert_eq!(lines, Code::ALL.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn names_are_in_order_and_stand_once() {
        assert!(Code::ALL.is_sorted_by(|left, right| left.name() < right.name()));
        assert!(Code::ALL.iter().all(|code| code.name().len() == 5 && !code.sentence().ends_with('.')));
    }
}
