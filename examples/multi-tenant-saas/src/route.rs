//! What a route takes of whoever calls it.

use tenant::{RequireLayer, auth::Role};

/// A route behind the tenant layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// What it takes.
    pub needs: Needs,
}

/// What is taken of whoever calls: where they have no role that suffices, or a credential without the scope, the answer is 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// At least this role in the tenant; `None` takes whoever belongs to it.
    pub role: Option<Role>,
    /// This scope, where the credential has scopes.
    pub scope: Option<&'static str>,
}

/// Whoever belongs to the tenant.
pub(crate) const ANYBODY: Needs = Needs { role: None, scope: None };

/// Whoever belongs to the tenant, with a credential for this.
pub(crate) const fn reads(scope: &'static str) -> Needs {
    Needs { role: None, scope: Some(scope) }
}

/// A member, with a credential for this.
pub(crate) const fn writes(scope: &'static str) -> Needs {
    Needs { role: Some(Role::Member), scope: Some(scope) }
}

/// An admin; no API key is one.
pub(crate) const MANAGES: Needs = Needs { role: Some(Role::Admin), scope: None };

/// An owner.
pub(crate) const OWNS: Needs = Needs { role: Some(Role::Owner), scope: None };

impl Needs {
    /// As a layer. Where no tokens are configured, whoever shows no credential is let through.
    pub(crate) fn layer(self, is_open: bool) -> RequireLayer {
        let mut layer = RequireLayer::new();
        if let Some(role) = self.role {
            layer = layer.role(role);
        }
        if let Some(scope) = self.scope {
            layer = layer.scope(scope);
        }
        if is_open { layer.allow_anonymous() } else { layer }
    }
}
