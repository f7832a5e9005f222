/// To whom a relation belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// Each row belongs to one tenant, named by the tenant column.
    Owned,
    /// All tenants read it, none writes it.
    Shared,
    /// No tenant sees it.
    Hidden,
}

/// A relation of the catalog.
///
/// ```
/// use tenant_sql::Table;
///
/// let users = Table::owned("users")
///     .columns(["id", "email", "tenant_id"])
///     .unique(["id"])
///     .unique(["tenant_id", "email"]);
/// assert_eq!(users.name(), "users");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) kind: TableKind,
    pub(crate) tenant_column: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) unique: Vec<Vec<String>>,
    pub(crate) generated: Vec<String>,
    pub(crate) view: bool,
}

impl Table {
    fn new(name: impl Into<String>, kind: TableKind) -> Self {
        Self {
            name: name.into(),
            kind,
            tenant_column: None,
            columns: Vec::new(),
            unique: Vec::new(),
            generated: Vec::new(),
            view: false,
        }
    }

    /// Describes a relation whose rows belong to tenants. The name is spelled as the database stores it.
    pub fn owned(name: impl Into<String>) -> Self {
        Self::new(name, TableKind::Owned)
    }

    /// Describes a relation that all tenants read and none writes.
    pub fn shared(name: impl Into<String>) -> Self {
        Self::new(name, TableKind::Shared)
    }

    /// Describes a relation that no tenant sees.
    pub fn hidden(name: impl Into<String>) -> Self {
        Self::new(name, TableKind::Hidden)
    }

    /// Lists all columns in their order in the table, the tenant column included.
    ///
    /// On PostgreSQL `users.name` is refused unless `name` is listed here: it would call a function of that name.
    #[must_use]
    pub fn columns<I>(mut self, columns: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a unique key (the primary key is one). List all of them: upserts depend on it.
    #[must_use]
    pub fn unique<I>(mut self, columns: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.unique.push(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Lists columns the database fills with a fresh value when they are left out of an `INSERT`, so that a unique
    /// key on them cannot conflict then.
    #[must_use]
    pub fn generated<I>(mut self, columns: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.generated = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the tenant column of this relation, where it is not the catalog's.
    #[must_use]
    pub fn tenant_column(mut self, name: impl Into<String>) -> Self {
        self.tenant_column = Some(name.into());
        self
    }

    /// Says that the relation is a view: it can be read, not written.
    ///
    /// The view is trusted to show each row with the tenant it comes from, and to have no column that can fail on the
    /// values of a row (`json_extract`): the database may compute it for rows of another tenant first.
    #[must_use]
    pub fn view(mut self) -> Self {
        self.view = true;
        self
    }

    /// Returns the relation's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns to whom the relation belongs.
    pub fn kind(&self) -> TableKind {
        self.kind
    }

    /// Returns whether the relation is a view.
    pub fn is_view(&self) -> bool {
        self.view
    }

    /// Returns the columns, empty if they are not known.
    pub fn column_names(&self) -> &[String] {
        &self.columns
    }

    /// Returns the unique keys.
    pub fn unique_keys(&self) -> &[Vec<String>] {
        &self.unique
    }

    /// Returns this relation's own tenant column, if it differs from the catalog's.
    pub fn own_tenant_column(&self) -> Option<&str> {
        self.tenant_column.as_deref()
    }
}
