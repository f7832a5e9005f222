use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Why a statement was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The catalog does not know the relation.
    UnknownRelation,
    /// The relation exists for the operator only.
    HiddenRelation,
    /// A shared relation cannot be written by a tenant.
    WriteToShared,
    /// The statement is not one that can be scoped.
    UnsupportedStatement,
    /// The statement contains something that cannot be scoped.
    UnsupportedConstruct,
    /// The function is not known to be pure.
    Function,
    /// The statement sets the tenant column.
    TenantColumnWrite,
    /// The statement names a tenant other than the one it runs for.
    ForeignTenantLiteral,
    /// A name can mean more than one thing.
    Ambiguous,
    /// The statement is nested too deeply.
    TooDeep,
    /// The statement is too long.
    TooLong,
    /// The statement cannot be parsed.
    Syntax,
    /// The statement cannot be printed back without changing it.
    RoundTrip,
    /// The arguments do not fit the placeholders.
    Arguments,
}

impl RefusalKind {
    /// Returns the kind in `snake_case`, as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownRelation => "unknown_relation",
            Self::HiddenRelation => "hidden_relation",
            Self::WriteToShared => "write_to_shared",
            Self::UnsupportedStatement => "unsupported_statement",
            Self::UnsupportedConstruct => "unsupported_construct",
            Self::Function => "function",
            Self::TenantColumnWrite => "tenant_column_write",
            Self::ForeignTenantLiteral => "foreign_tenant_literal",
            Self::Ambiguous => "ambiguous",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
            Self::Syntax => "syntax",
            Self::RoundTrip => "round_trip",
            Self::Arguments => "arguments",
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::UnknownRelation => "the catalog does not know this relation",
            Self::HiddenRelation => "this relation is hidden from tenants",
            Self::WriteToShared => "a shared relation cannot be written",
            Self::UnsupportedStatement => "this statement cannot be scoped to a tenant",
            Self::UnsupportedConstruct => "this construct cannot be scoped to a tenant",
            Self::Function => "this function is not known to be pure",
            Self::TenantColumnWrite => "the tenant column cannot be set",
            Self::ForeignTenantLiteral => "the statement names another tenant",
            Self::Ambiguous => "this name can mean more than one thing",
            Self::TooDeep => "the statement is nested too deeply",
            Self::TooLong => "the statement is too long",
            Self::Syntax => "the statement cannot be parsed",
            Self::RoundTrip => "the statement cannot be printed back unchanged",
            Self::Arguments => "the arguments do not fit the placeholders",
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in the caller's text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

/// A statement that was not accepted: nothing of it reached the database.
///
/// Cloning is cheap. The message names constructs, relations and functions, never a value of the caller.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: RefusalKind,
    construct: Cow<'static, str>,
    hint: Cow<'static, str>,
    location: Option<Location>,
}

impl Refusal {
    pub(crate) fn new(
        kind: RefusalKind,
        construct: impl Into<Cow<'static, str>>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (construct, hint) = (construct.into(), hint.into());
        Self(Arc::new(Inner { kind, construct, hint, location: None }))
    }

    pub(crate) fn construct_of(construct: impl Into<Cow<'static, str>>) -> Self {
        Self::new(RefusalKind::UnsupportedConstruct, construct, HINT_UNSCOPED)
    }

    pub(crate) fn at(self, line: u64, column: u64) -> Self {
        if line == 0 || self.0.location.is_some() {
            return self;
        }
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.location = Some(Location { line, column });
        Self(Arc::new(inner))
    }

    /// Finds the refusal in an error or in what caused it: drivers wrap it in errors of their own.
    pub fn of<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let causes = std::iter::successors(Some(error), |error| error.source());
        causes.into_iter().find_map(|error| error.downcast_ref())
    }

    /// Refuses a way of running statements that cannot be scoped, for those who run them.
    pub fn unsupported(construct: &'static str, hint: &'static str) -> Self {
        Self::new(RefusalKind::UnsupportedStatement, construct, hint)
    }

    /// Returns why the statement was refused.
    pub fn kind(&self) -> RefusalKind {
        self.0.kind
    }

    /// Returns the construct, relation or function that was refused.
    pub fn construct(&self) -> &str {
        &self.0.construct
    }

    /// Returns the way out, or an empty string.
    pub fn hint(&self) -> &str {
        &self.0.hint
    }

    /// Returns where the construct stands, if that is known.
    pub fn location(&self) -> Option<Location> {
        self.0.location
    }
}

pub(crate) const HINT_UNSCOPED: &str = "rewrite the statement without it, or run it unscoped with a reason";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.phrase())?;
        if !self.0.construct.is_empty() {
            write!(f, ": {}", self.0.construct)?;
        }
        if let Some(Location { line, column }) = self.0.location {
            write!(f, " (line {line}, column {column})")?;
        }
        if !self.0.hint.is_empty() {
            write!(f, "; {}", self.0.hint)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("kind", &self.0.kind)
            .field("construct", &self.0.construct)
            .field("hint", &self.0.hint)
            .field("location", &self.0.location)
            .finish()
    }
}

impl std::error::Error for Refusal {}
