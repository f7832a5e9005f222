//! Who listens to what happens: metrics, audit and logs are hooks.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    FailurePolicy, TenantContext, TenantId,
    auth::{CredentialKind, Principal},
    policy::{PolicyDecision, PolicyRequest},
    quota::Decision,
};

/// Hears of each decision about a tenant.
///
/// Every method does nothing unless it is overridden. They are called on the request's path: they must neither block
/// nor wait; what takes time goes into a queue.
pub trait TenantHooks: Send + Sync {
    /// A request was resolved to a tenant, or was not.
    fn on_resolve(&self, event: &ResolveEvent<'_>) {
        let _ = event;
    }

    /// A credential was looked at.
    fn on_credential(&self, event: &CredentialEvent<'_>) {
        let _ = event;
    }

    /// A policy was evaluated.
    fn on_policy(&self, event: &PolicyEvent<'_>) {
        let _ = event;
    }

    /// A quota was checked.
    fn on_quota(&self, event: &QuotaEvent<'_>) {
        let _ = event;
    }

    /// A request spoke for two tenants.
    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        let _ = event;
    }

    /// Somebody went around the scope of a tenant.
    fn on_bypass(&self, event: &BypassEvent<'_>) {
        let _ = event;
    }

    /// A tenant's usage crossed a threshold of one of its limits.
    fn on_limit_warning(&self, event: &LimitWarning<'_>) {
        let _ = event;
    }

    /// A decision was made without the counts that instances share, because they could not be reached.
    fn on_quota_fallback(&self, event: &QuotaFallback<'_>) {
        let _ = event;
    }

    /// Corrections of charges were lost: what was charged stays charged.
    fn on_settlements_lost(&self, event: &SettlementsLost) {
        let _ = event;
    }

    /// A request was answered.
    fn on_request(&self, event: &RequestEvent<'_>) {
        let _ = event;
    }

    /// A config was looked up in a cache.
    fn on_config_lookup(&self, event: &ConfigLookup<'_>) {
        let _ = event;
    }

    /// A statement was scoped.
    fn on_rewrite(&self, event: &RewriteEvent) {
        let _ = event;
    }
}

/// A list of hooks that is cheap to clone; empty by default.
#[derive(Clone, Default)]
pub struct Hooks(Option<Arc<[Arc<dyn TenantHooks>]>>);

macro_rules! forward {
    ($($(#[$doc:meta])* $name:ident($event:ty);)*) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name(&self, event: &$event) {
            for hook in self.iter() {
                hook.$name(event);
            }
        })*
    };
}

impl Hooks {
    /// These hooks, called in order.
    #[must_use]
    pub fn new(hooks: impl IntoIterator<Item = Arc<dyn TenantHooks>>) -> Self {
        let hooks: Arc<[_]> = hooks.into_iter().collect();
        Self((!hooks.is_empty()).then_some(hooks))
    }

    /// These hooks and one more.
    #[must_use]
    pub fn and(&self, hook: Arc<dyn TenantHooks>) -> Self {
        Self::new(self.iter().cloned().chain([hook]))
    }

    /// Whether nobody listens.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = &Arc<dyn TenantHooks>> {
        self.0.as_deref().unwrap_or_default().iter()
    }

    forward! {
        /// Tells every hook.
        on_resolve(ResolveEvent<'_>);
        /// Tells every hook.
        on_credential(CredentialEvent<'_>);
        /// Tells every hook.
        on_policy(PolicyEvent<'_>);
        /// Tells every hook.
        on_quota(QuotaEvent<'_>);
        /// Tells every hook.
        on_cross_tenant_attempt(CrossTenantAttempt<'_>);
        /// Tells every hook.
        on_bypass(BypassEvent<'_>);
        /// Tells every hook.
        on_limit_warning(LimitWarning<'_>);
        /// Tells every hook.
        on_quota_fallback(QuotaFallback<'_>);
        /// Tells every hook.
        on_settlements_lost(SettlementsLost);
        /// Tells every hook.
        on_request(RequestEvent<'_>);
        /// Tells every hook.
        on_config_lookup(ConfigLookup<'_>);
        /// Tells every hook.
        on_rewrite(RewriteEvent);
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hooks({})", self.iter().count())
    }
}

/// Declares an event with its constructor.
macro_rules! event {
    (
        $(#[$doc:meta])* $name:ident$(<$life:lifetime>)? {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub struct $name$(<$life>)? {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl$(<$life>)? $name$(<$life>)? {
            /// The event.
            #[must_use]
            pub const fn new($($field: $type),*) -> Self {
                Self { $($field),* }
            }
        }
    };
}

event! {
    /// A request was resolved to a tenant, or was not.
    ResolveEvent<'a> {
        /// Who was claimed; `None` where nobody was, or the claim was malformed.
        tenant: Option<&'a TenantId>,
        /// Where the claim came from: `header`, `host`, ...
        source: &'a str,
        /// `ok`, or the code of the rejection.
        outcome: &'static str,
    }
}

event! {
    /// A credential was looked at.
    CredentialEvent<'a> {
        /// Where it was shown.
        kind: CredentialKind,
        /// Whom it proved; `None` where it proved nobody.
        principal: Option<&'a Principal>,
        /// `ok`, or why it was not taken.
        outcome: &'static str,
    }
}

event! {
    /// A policy was evaluated.
    PolicyEvent<'a> {
        /// For whom.
        tenant: &'a TenantContext,
        /// What was asked for.
        request: &'a PolicyRequest<'a>,
        /// What was decided.
        decision: &'a PolicyDecision,
    }
}

event! {
    /// A quota was checked.
    QuotaEvent<'a> {
        /// For whom.
        tenant: &'a TenantContext,
        /// What was decided.
        decision: &'a Decision,
    }
}

event! {
    /// A request spoke for two tenants.
    CrossTenantAttempt<'a> {
        /// The tenant of the stronger source.
        tenant: &'a TenantId,
        /// The stronger source.
        source: &'a str,
        /// The tenant that the other source named.
        claimed: &'a TenantId,
        /// The other source.
        claimed_by: &'a str,
    }
}

event! {
    /// Somebody went around the scope of a tenant.
    BypassEvent<'a> {
        /// Who.
        actor: &'a str,
        /// Why.
        reason: &'a str,
    }
}

event! {
    /// A tenant's usage crossed a threshold of one of its limits.
    LimitWarning<'a> {
        /// Whose.
        tenant: &'a TenantId,
        /// The limit's name.
        limit: &'a str,
        /// The threshold, in percent.
        percent: u8,
    }
}

event! {
    /// A decision was made without the counts that instances share.
    QuotaFallback<'a> {
        /// For whom.
        tenant: &'a TenantContext,
        /// By which policy: that of the limits that the work touches, `closed` before `local` before `open`.
        policy: FailurePolicy,
    }
}

event! {
    /// Corrections of charges could not be made, or nobody knows whether they were.
    SettlementsLost {
        /// How many.
        count: u64,
    }
}

event! {
    /// A request was answered: its head is ready.
    RequestEvent<'a> {
        /// For whom; `None` where it was rejected before a tenant was known.
        tenant: Option<&'a TenantContext>,
        /// The HTTP method.
        method: &'a str,
        /// The path, without the query.
        path: &'a str,
        /// The status code; 0 if the inner service failed.
        status: u16,
        /// The code of the rejection, if it was one.
        rejection: Option<&'static str>,
        /// How long it took.
        duration: Duration,
    }
}

event! {
    /// A config was looked up in a cache.
    ConfigLookup<'a> {
        /// Whose.
        tenant: &'a TenantId,
        /// Whether it was in memory.
        is_hit: bool,
    }
}

impl<'a> ConfigLookup<'a> {
    pub(crate) const fn hit(tenant: &'a TenantId) -> Self {
        Self::new(tenant, true)
    }

    pub(crate) const fn miss(tenant: &'a TenantId) -> Self {
        Self::new(tenant, false)
    }
}

event! {
    /// A statement was scoped, or refused.
    RewriteEvent {
        /// Whether the answer was in memory.
        is_hit: bool,
        /// The kind of the refusal, if it was refused.
        refusal: Option<&'static str>,
    }
}
