//! The way of a request that has to wait for a store.

use std::{future::Future, pin::Pin, sync::Arc};

use http::request::Parts;
use tenant_core::{TenantContext, quota::Decision};

use super::{Edge, Entry, Outcome, Pending, Step, Stop, Way, out_of_order, reject, reject_for, settle};
use crate::{Claim, Rejection, RequestHead, quota::QuotaStage, resolver::ResolveFuture};

/// The rest of the way, with the head coming back from it.
pub(super) type Checks = Pin<Box<dyn Future<Output = (Parts, Outcome, Option<Decision>)> + Send>>;

pub(super) fn resume(edge: Arc<Edge>, parts: Parts, mut pending: Box<Pending>) -> Checks {
    Box::pin(async move {
        let mut decision = None;
        let mut way = Way { head: RequestHead::from(&parts), decision: &mut decision };
        let outcome = loop {
            match settle(edge.proceed(&mut way, *pending).await) {
                Ok(outcome) => break outcome,
                Err(next) => pending = next,
            }
        };
        (parts, outcome, decision)
    })
}

impl Edge {
    async fn proceed(&self, way: &mut Way<'_>, pending: Pending) -> Step {
        match pending {
            Pending::Claim(future) => self.proceed_to_claim(way, future).await,
            Pending::Config(claim) => self.proceed_to_config(way, claim).await,
            Pending::Policy(entry) => self.proceed_to_policy(way, entry).await,
            Pending::Quota(entry) => self.proceed_to_quota(way, entry).await,
            Pending::Standing(entry, rejection) => self.proceed_to_standing(way, entry, rejection).await,
        }
    }

    async fn proceed_to_claim(&self, way: &mut Way<'_>, future: ResolveFuture) -> Step {
        let stage = self.resolve.as_ref().ok_or_else(misplaced)?;
        let resolution = future.await;
        self.claimed(stage, way, resolution)
    }

    async fn proceed_to_config(&self, way: &mut Way<'_>, claim: Claim) -> Step {
        let stage = self.resolve.as_ref().ok_or_else(misplaced)?;
        let answer = TenantContext::of(&*stage.configs, claim.tenant()).await;
        self.entered(way, &claim, answer)
    }

    async fn proceed_to_policy(&self, way: &mut Way<'_>, entry: Entry) -> Step {
        let stage = self.policy.as_ref().ok_or_else(misplaced)?;
        let request = match stage.request(&way.head, entry.stripped) {
            Ok(request) => request,
            Err(rejection) => return self.refuse(way, entry, rejection),
        };
        match stage.evaluator.evaluate(&entry.tenant, &request).await {
            Ok(decision) => self.judged(way, entry, &request, &decision),
            Err(error) => self.refuse(way, entry, Rejection::store_unavailable(error)),
        }
    }

    async fn proceed_to_quota(&self, way: &mut Way<'_>, entry: Entry) -> Step {
        let stage = self.quota.as_ref().ok_or_else(misplaced)?;
        let costs = match stage.costs(&way.head) {
            Ok(costs) => costs,
            Err(rejection) => return self.refuse(way, entry, rejection),
        };
        match stage.quotas.decide(&entry.tenant, &costs).await {
            Ok(decision) => {
                *way.decision = Some(decision);
                self.counted(way, entry)
            }
            Err(error) => Err(reject_for(entry, Rejection::store_unavailable(error))),
        }
    }

    // A rejection stands whether or not the limits' state can be told with it.
    async fn proceed_to_standing(&self, way: &mut Way<'_>, entry: Entry, rejection: Rejection) -> Step {
        let stage = self.quota.as_ref().ok_or_else(misplaced)?;
        let decision = stage.quotas.decide(&entry.tenant, &QuotaStage::NOTHING).await;
        *way.decision = decision.ok();
        Err(reject_for(entry, rejection))
    }
}

fn misplaced() -> Stop {
    reject(out_of_order())
}
