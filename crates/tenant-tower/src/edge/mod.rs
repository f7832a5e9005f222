//! The way of a request, step by step: what the layers share.
//!
//! Each step is a synchronous function that goes on to the next one. Where an answer is not in memory, the step stops
//! with [`Stop::Wait`], and [`wait`] takes the same way up again behind the answer. So the hot path is straight
//! calls, and nothing is boxed on it.

mod future;
mod meter;
mod service;
mod strip;
mod wait;

use std::sync::Arc;

use http::Response;
use tenant_core::{
    AdmissionError, Hooks, TenantContext,
    auth::Principal,
    hooks::{CredentialEvent, CrossTenantAttempt, PolicyEvent, QuotaEvent, ResolveEvent},
    policy::{PolicyDecision, PolicyRequest},
    quota::{Decision, LimitState},
};

pub(crate) use self::strip::path_below;
pub use self::{future::ResponseFuture, service::TenantService, strip::OriginalUri};
use crate::{
    Claim, Rejection, RejectionKind, RequestHead, Source, TenantBody,
    policy::PolicyStage,
    quota::QuotaStage,
    rejection::Disagreement,
    resolve::ResolveStage,
    resolver::{Resolution, ResolveFuture},
    standing,
};

/// The steps that a layer consists of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    pub(crate) resolve: Option<ResolveStage>,
    pub(crate) policy: Option<PolicyStage>,
    pub(crate) quota: Option<QuotaStage>,
    pub(crate) hooks: Hooks,
}

/// Left in the extensions where a request may go on without a tenant, to tell that from a layer that was forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoTenant;

/// A request on its way: its head, and what was decided about its costs.
pub(crate) struct Way<'a> {
    pub(crate) head: RequestHead<'a>,
    /// `None` where nothing is limited, or nothing was decided yet. It stands here, and not in the steps' answers,
    /// because it is large: each answer would copy it.
    pub(crate) decision: &'a mut Option<Decision>,
}

/// A tenant that was entered.
pub(crate) struct Entry {
    pub(crate) tenant: TenantContext,
    pub(crate) stripped: u16,
}

/// A request that does not go on as a tenant's, or not yet.
pub(crate) enum Stop {
    /// It goes on without a tenant.
    Open,
    Reject(Box<Rejected>),
    /// Boxed, so that the answer of each step stays small.
    Wait(Box<Pending>),
}

pub(crate) struct Rejected {
    rejection: Rejection,
    pub(crate) tenant: Option<TenantContext>,
}

/// What a request waits for.
pub(crate) enum Pending {
    Claim(ResolveFuture),
    Config(Claim),
    Policy(Entry),
    Quota(Entry),
    /// The state of the limits, to be told with a rejection.
    Standing(Entry, Rejection),
}

pub(crate) type Step = Result<Entry, Stop>;

/// How the checks of a request ended.
pub(crate) enum Outcome {
    Pass(Entry),
    Open,
    Reject(Box<Rejected>),
}

/// Tells the end from what has to be waited for.
#[inline]
fn settle(step: Step) -> Result<Outcome, Box<Pending>> {
    match step {
        Ok(entry) => Ok(Outcome::Pass(entry)),
        Err(Stop::Open) => Ok(Outcome::Open),
        Err(Stop::Reject(rejected)) => Ok(Outcome::Reject(rejected)),
        Err(Stop::Wait(pending)) => Err(pending),
    }
}

impl Edge {
    /// Takes a request as far as it gets without waiting.
    #[inline]
    pub(crate) fn check(&self, way: &mut Way<'_>) -> Step {
        match &self.resolve {
            Some(stage) if stage.waits => Err(wait(Pending::Claim(stage.claim_later(&way.head)))),
            Some(stage) => self.claimed(stage, way, stage.claim(&way.head)),
            None => self.inherit(way),
        }
    }

    /// Takes the tenant that a layer further out has entered.
    fn inherit(&self, way: &mut Way<'_>) -> Step {
        if let Some(tenant) = way.head.extensions().get::<TenantContext>() {
            tenant.ensure_active().map_err(|inactive| reject(inactive.into()))?;
            let tenant = tenant.clone();
            return self.judge(way, Entry { tenant, stripped: 0 });
        }
        if way.head.extensions().get::<NoTenant>().is_some() {
            return Err(Stop::Open);
        }
        Err(reject(out_of_order()))
    }

    #[inline]
    fn claimed(&self, stage: &ResolveStage, way: &mut Way<'_>, resolution: Resolution) -> Step {
        let outer = way.head.extensions().get::<TenantContext>();
        match &resolution {
            // Almost every request: nothing to agree with, and so no need to move the claim about.
            Ok(Some(claim)) if outer.is_none() => self.look_up(stage, way, claim),
            _ => self.agreed(
                stage,
                way,
                outer.is_some(),
                resolution.and_then(|claim| agree_with_outer(outer, claim)),
            ),
        }
    }

    #[cold]
    fn agreed(
        &self,
        stage: &ResolveStage,
        way: &mut Way<'_>,
        has_outer: bool,
        resolution: Resolution,
    ) -> Step {
        let claim = match resolution {
            Ok(Some(claim)) => claim,
            // The outer layer's tenant is a claim too, and a proven one: its policy and limits hold here as well.
            Ok(None) if has_outer => return self.inherit(way),
            Ok(None) if stage.allows_missing => {
                self.tell_resolve(None, "none", "ok");
                return Err(Stop::Open);
            }
            Ok(None) => return Err(self.unresolved(Rejection::tenant_required())),
            Err(rejection) => return Err(self.unresolved(rejection)),
        };
        self.look_up(stage, way, &claim)
    }

    #[inline]
    fn look_up(&self, stage: &ResolveStage, way: &mut Way<'_>, claim: &Claim) -> Step {
        match TenantContext::peek(&*stage.configs, claim.tenant()) {
            Some(answer) => self.entered(way, claim, answer),
            None => Err(wait(Pending::Config(*claim))),
        }
    }

    #[inline]
    fn entered(
        &self,
        way: &mut Way<'_>,
        claim: &Claim,
        answer: Result<TenantContext, AdmissionError>,
    ) -> Step {
        match answer {
            Ok(tenant) => {
                self.tell_resolve(Some(claim), claim.source().as_str(), "ok");
                let stripped = claim.stripped();
                self.judge(way, Entry { tenant, stripped })
            }
            Err(error) => {
                let rejection = Rejection::from(error);
                self.tell_resolve(Some(claim), claim.source().as_str(), rejection.code());
                Err(reject(rejection))
            }
        }
    }

    #[inline]
    fn judge(&self, way: &mut Way<'_>, entry: Entry) -> Step {
        let extensions = way.head.extensions();
        match entry.tenant.edge_settings().networks() {
            Some(networks) if !standing::is_within(networks, extensions) => {
                return self.deny_stranger(way, entry);
            }
            Some(_) | None => {}
        }
        // The layer that has entered the tenant has looked at the caller, and has a clock.
        if let Some(stage) = &self.resolve
            && let Some(caller) = standing::outdated(&entry.tenant, extensions, || stage.now())
        {
            return self.reject_outdated(entry, caller);
        }
        if let Some(stage) = &self.resolve
            && let Some(caller) = standing::half_proved(&entry.tenant, extensions)
            && !stage.enrols(path_below(way.head.uri().path(), entry.stripped))
        {
            return self.reject_half_proved(entry, caller);
        }
        let Some(stage) = &self.policy else {
            return self.count(way, entry);
        };
        let request = match stage.request(&way.head, entry.stripped) {
            Ok(request) => request,
            Err(rejection) => return self.refuse(way, entry, rejection),
        };
        match stage.evaluator.try_evaluate(&entry.tenant, &request) {
            Some(decision) => self.judged(way, entry, &request, &decision),
            None => Err(wait(Pending::Policy(entry))),
        }
    }

    /// Nothing is asked of the policy, and nothing counted; nor is a stranger told how the tenant's limits stand.
    #[cold]
    fn deny_stranger(&self, way: &Way<'_>, entry: Entry) -> Step {
        let path = path_below(way.head.uri().path(), entry.stripped);
        let request = PolicyRequest::new(way.head.method().as_str(), path);
        let decision = PolicyDecision::deny(standing::ELSEWHERE);
        self.hooks.on_policy(&PolicyEvent::new(&entry.tenant, &request, &decision));
        Err(reject_for(entry, Rejection::policy_denied(standing::ELSEWHERE)))
    }

    #[cold]
    fn reject_outdated(&self, entry: Entry, caller: &Principal) -> Step {
        let kind = standing::shown_in(caller);
        self.hooks.on_credential(&CredentialEvent::new(kind, Some(caller), standing::TOO_OLD));
        Err(reject_for(entry, Rejection::invalid_token()))
    }

    #[cold]
    fn reject_half_proved(&self, entry: Entry, caller: &Principal) -> Step {
        let kind = standing::shown_in(caller);
        self.hooks.on_credential(&CredentialEvent::new(kind, Some(caller), standing::ONE_FACTOR));
        Err(reject_for(entry, Rejection::new(RejectionKind::MfaRequired)))
    }

    #[inline]
    fn judged(
        &self,
        way: &mut Way<'_>,
        entry: Entry,
        request: &PolicyRequest<'_>,
        decision: &PolicyDecision,
    ) -> Step {
        self.hooks.on_policy(&PolicyEvent::new(&entry.tenant, request, decision));
        match Rejection::of_policy(decision) {
            None => self.count(way, entry),
            Some(rejection) => self.refuse(way, entry, rejection),
        }
    }

    #[inline]
    fn count(&self, way: &mut Way<'_>, entry: Entry) -> Step {
        let Some(stage) = &self.quota else {
            return Ok(entry);
        };
        let costs = match stage.costs(&way.head) {
            Ok(costs) => costs,
            Err(rejection) => return self.refuse(way, entry, rejection),
        };
        *way.decision = stage.quotas.try_decide(&entry.tenant, &costs);
        match &way.decision {
            Some(_) => self.counted(way, entry),
            None => Err(wait(Pending::Quota(entry))),
        }
    }

    /// Goes by the decision that stands on the way.
    #[inline]
    fn counted(&self, way: &mut Way<'_>, entry: Entry) -> Step {
        let Some(decision) = way.decision.as_ref() else {
            return Ok(entry);
        };
        self.hooks.on_quota(&QuotaEvent::new(&entry.tenant, decision));
        match Rejection::of_quota(decision) {
            None if decision.limits().is_empty() => *way.decision = None,
            None => {}
            Some(rejection) => return Err(reject_for(entry, rejection)),
        }
        Ok(entry)
    }

    /// Rejects a request of a known tenant, which is told how its limits stand and is not charged.
    #[cold]
    fn refuse(&self, way: &mut Way<'_>, entry: Entry, rejection: Rejection) -> Step {
        let Some(stage) = self.quota.as_ref().filter(|stage| stage.fields.any()) else {
            return Err(reject_for(entry, rejection));
        };
        *way.decision = stage.quotas.try_decide(&entry.tenant, &QuotaStage::NOTHING);
        match &way.decision {
            Some(_) => Err(reject_for(entry, rejection)),
            None => Err(wait(Pending::Standing(entry, rejection))),
        }
    }

    fn unresolved(&self, rejection: Rejection) -> Stop {
        if let Some(Disagreement { stronger, weaker }) = rejection.disagreement() {
            self.hooks.on_cross_tenant_attempt(&CrossTenantAttempt::new(
                stronger.tenant(),
                stronger.source().as_str(),
                weaker.tenant(),
                weaker.source().as_str(),
            ));
        }
        let claim = rejection.disagreement().map(|both| both.stronger);
        let source = claim.map(|claim| claim.source()).or(rejection.source_of_claim());
        self.tell_resolve(claim.as_ref(), source.map_or("none", Source::as_str), rejection.code());
        reject(rejection)
    }

    #[inline]
    fn tell_resolve(&self, claim: Option<&Claim>, source: &str, outcome: &'static str) {
        if !self.hooks.is_empty() {
            let tenant = claim.map(Claim::tenant);
            self.hooks.on_resolve(&ResolveEvent::new(tenant, source, outcome));
        }
    }

    /// The response to a rejected request.
    pub(crate) fn answer<B>(
        &self,
        head: &RequestHead<'_>,
        rejected: &Rejected,
        decision: Option<&Decision>,
    ) -> Response<TenantBody<B>> {
        let mut response = rejected.rejection.to_response_for(head).map(TenantBody::problem);
        if let (Some(stage), Some(tenant), Some(decision)) = (&self.quota, &rejected.tenant, decision) {
            stage.fields.write(tenant, decision, response.headers_mut());
        }
        response
    }

    /// The inner service's response, as it leaves: refunded where a policy or a limit denied inside, with the limits'
    /// state.
    #[inline]
    pub(crate) fn finish<B>(
        &self,
        mut response: Response<B>,
        tenant: Option<&TenantContext>,
        decision: Option<&mut Decision>,
    ) -> Response<TenantBody<B>> {
        let mut permit = None;
        if let (Some(stage), Some(tenant), Some(decision)) = (&self.quota, tenant, decision) {
            permit = decision.take_permit();
            if response.extensions().get::<Rejection>().is_some_and(is_denial) {
                permit = None;
                let refunded = stage.refund(tenant, decision);
                stage.fields.write(tenant, &refunded, response.headers_mut());
            } else if stage.fields.any() {
                match response.extensions().get::<Decision>().map(|later| after(decision, later)) {
                    Some(told) => stage.fields.write(tenant, &told, response.headers_mut()),
                    None => stage.fields.write(tenant, decision, response.headers_mut()),
                }
            }
        }
        response.map(|body| TenantBody::holding(body, permit))
    }
}

/// All that a request touches admit, or nothing is charged: also where only the handler knew of some of it.
fn is_denial(rejection: &Rejection) -> bool {
    matches!(rejection.kind(), RejectionKind::PolicyDenied | RejectionKind::QuotaExceeded)
}

/// How the limits of a decision stand after one that was made further in.
#[cold]
fn after(decision: &Decision, later: &Decision) -> Decision {
    if !Arc::ptr_eq(decision.limits(), later.limits()) {
        return decision.clone();
    }
    let newer = |state: &LimitState| {
        let mut all = later.states().map(|(_, newer)| newer);
        all.find(|newer| newer.index == state.index).map_or(*state, |newer| *newer)
    };
    let states: Vec<_> = decision.states().map(|(_, state)| newer(state)).collect();
    Decision::new(Arc::clone(decision.limits()), states, later.decided_at(), None)
}

fn agree_with_outer(outer: Option<&TenantContext>, claim: Option<Claim>) -> Resolution {
    match (outer, claim) {
        (Some(outer), Some(claim)) => {
            let outer = Claim::new(*outer.id(), Source::Context);
            Claim::agree(Some(outer), Some(claim)).map(|_| Some(claim))
        }
        (_, claim) => Ok(claim),
    }
}

#[cold]
fn wait(pending: Pending) -> Stop {
    Stop::Wait(Box::new(pending))
}

#[cold]
fn reject(rejection: Rejection) -> Stop {
    Stop::Reject(Box::new(Rejected { rejection, tenant: None }))
}

#[cold]
fn reject_for(entry: Entry, rejection: Rejection) -> Stop {
    Stop::Reject(Box::new(Rejected { rejection, tenant: Some(entry.tenant) }))
}

/// A layer that needs a tenant stands outside of the one that resolves it. Passing would mean neither policy nor limits.
pub(crate) fn out_of_order() -> Rejection {
    Rejection::internal().with_detail("no layer that resolves the tenant ran before this one")
}
