//! The way of a request that has to wait for a store.

use std::{future::Future, pin::Pin, sync::Arc};

use http::request::Parts;
use tenant_core::TenantContext;

use super::{Edge, Entry, Outcome, Pending, Step, Stop, out_of_order, reject, reject_for, settle};
use crate::{Claim, Rejection, RequestHead, quota::QuotaStage, resolver::ResolveFuture};

/// The rest of the way, with the head coming back from it.
pub(super) type Checks = Pin<Box<dyn Future<Output = (Parts, Outcome)> + Send>>;

pub(super) fn resume(edge: Arc<Edge>, parts: Parts, mut pending: Pending) -> Checks {
    Box::pin(async move {
        loop {
            let step = edge.proceed(&RequestHead::from(&parts), pending).await;
            match settle(step) {
                Ok(outcome) => return (parts, outcome),
                Err(next) => pending = next,
            }
        }
    })
}

impl Edge {
    async fn proceed(&self, head: &RequestHead<'_>, pending: Pending) -> Step {
        match pending {
            Pending::Claim(future) => self.proceed_to_claim(head, future).await,
            Pending::Config(claim) => self.proceed_to_config(head, claim).await,
            Pending::Policy(entry) => self.proceed_to_policy(head, entry).await,
            Pending::Quota(entry) => self.proceed_to_quota(head, entry).await,
            Pending::Standing(entry, rejection) => self.proceed_to_standing(entry, rejection).await,
        }
    }

    async fn proceed_to_claim(&self, head: &RequestHead<'_>, future: ResolveFuture) -> Step {
        let stage = self.resolve.as_ref().ok_or_else(misplaced)?;
        let resolution = future.await;
        self.claimed(stage, head, resolution)
    }

    async fn proceed_to_config(&self, head: &RequestHead<'_>, claim: Claim) -> Step {
        let stage = self.resolve.as_ref().ok_or_else(misplaced)?;
        let answer = TenantContext::of(&*stage.configs, claim.tenant()).await;
        self.entered(head, &claim, answer)
    }

    async fn proceed_to_policy(&self, head: &RequestHead<'_>, entry: Entry) -> Step {
        let stage = self.policy.as_ref().ok_or_else(misplaced)?;
        let request = match stage.request(head, entry.stripped) {
            Ok(request) => request,
            Err(rejection) => return self.refuse(entry, rejection),
        };
        match stage.evaluator.evaluate(&entry.tenant, &request).await {
            Ok(decision) => self.judged(head, entry, &request, &decision),
            Err(error) => self.refuse(entry, Rejection::store_unavailable(error)),
        }
    }

    async fn proceed_to_quota(&self, head: &RequestHead<'_>, entry: Entry) -> Step {
        let stage = self.quota.as_ref().ok_or_else(misplaced)?;
        let costs = match stage.costs(head) {
            Ok(costs) => costs,
            Err(rejection) => return self.refuse(entry, rejection),
        };
        match stage.quotas.decide(&entry.tenant, &costs).await {
            Ok(decision) => self.counted(entry, decision),
            Err(error) => Err(reject_for(entry, Rejection::store_unavailable(error), None)),
        }
    }

    // A rejection stands whether or not the limits' state can be told with it.
    async fn proceed_to_standing(&self, entry: Entry, rejection: Rejection) -> Step {
        let stage = self.quota.as_ref().ok_or_else(misplaced)?;
        let decision = stage.quotas.decide(&entry.tenant, &QuotaStage::NOTHING).await;
        Err(reject_for(entry, rejection, decision.ok()))
    }
}

fn misplaced() -> Stop {
    reject(out_of_order())
}
