use tenant_sql::Dialect;

use crate::{
    ddl::{Ddl, Draft},
    model::{Grant, Model, Owned, Relation, Tenancy},
};

/// What a check looks at.
#[derive(Clone, Copy)]
pub(super) struct Patient<'a> {
    pub(super) model: &'a Model,
    pub(super) tenancy: Tenancy<'a>,
    pub(super) draft: Draft<'a>,
    has_policies: bool,
}

impl<'a> Patient<'a> {
    pub(super) const fn new(tenancy: Tenancy<'a>, ddl: &'a Ddl, has_policies: bool) -> Self {
        Self { model: tenancy.model, tenancy, draft: Draft { tenancy, ddl }, has_policies }
    }

    pub(super) fn is_postgres(self) -> bool {
        self.model.dialect == Dialect::Postgres
    }

    pub(super) fn is_mysql(self) -> bool {
        self.model.dialect == Dialect::MySql
    }

    /// Whether policies are expected.
    pub(super) fn wants_policies(self) -> bool {
        self.is_postgres() && self.has_policies
    }

    /// Whether grants say anything: a superuser needs none.
    pub(super) fn is_bound_by_grants(self) -> bool {
        self.is_postgres() && !self.model.account.is_superuser
    }

    pub(super) fn owned(self) -> impl Iterator<Item = Owned<'a>> {
        self.tenancy.owned()
    }

    /// Whether the account gets at rows of the relation by naming it, as itself or as a role it can become.
    pub(super) fn is_in_reach(self, relation: &Relation) -> bool {
        self.model.account.is_superuser || relation.is_own || !relation.reached.is_empty()
    }

    pub(super) fn role(self) -> String {
        self.model.quoted(&self.model.account.name)
    }

    pub(super) fn quoted(self, name: &str) -> String {
        self.model.quoted(name)
    }
}

/// To whom a grant was made, as SQL writes it.
pub(super) fn grantee(patient: Patient<'_>, grant: &Grant) -> String {
    if grant.to == "PUBLIC" { grant.to.clone() } else { patient.quoted(&grant.to) }
}
