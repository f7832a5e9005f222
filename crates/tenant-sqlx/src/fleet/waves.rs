//! All places: which are due, in which order, and how many at a time.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tenant_core::Placement;

use super::{Fleet, FleetProgress, FleetReport, Known, PlaceReport, PlaceState};
use crate::driver::TenantDatabase;

impl<DB: TenantDatabase> Fleet<'_, DB> {
    pub(super) async fn inspect_all(&self, known: Known) -> Result<FleetReport, sqlx::Error> {
        let (mut done, due) = self.plan(known)?;
        let mut due: VecDeque<(usize, Placement)> = due.into_iter().enumerate().collect();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < self.concurrency
                && let Some((at, placement)) = due.pop_front()
            {
                running.push(async move {
                    let state = self.look(&placement).await;
                    PlaceReport { placement, wave: Some(at.div_ceil(self.wave)), state }
                });
            }
            let Some(report) = running.next().await else { break };
            (self.progress)(&FleetProgress::Done(report.clone()));
            done.push(report);
        }
        Ok(in_order(done))
    }

    pub(super) async fn migrate_all(&self, known: Known) -> Result<FleetReport, sqlx::Error> {
        let (mut done, due) = self.plan(known)?;
        let mut rest = due.as_slice();
        let (mut number, mut size) = (0, 1);
        while !rest.is_empty() {
            let (wave, behind) = rest.split_at(size.min(rest.len()));
            let reports = self.run(number, wave).await;
            let is_over = !self.goes_on && reports.iter().any(|report| !report.state.is_current());
            done.extend(reports);
            (rest, number, size) = (behind, number + 1, self.wave);
            if is_over {
                break;
            }
        }
        done.extend(rest.iter().map(not_reached));
        Ok(in_order(done))
    }

    /// Those that are known to be up to date, and the others, the canary first.
    fn plan(&self, known: Known) -> Result<(Vec<PlaceReport>, Vec<Placement>), sqlx::Error> {
        if let Some(canary) = &self.canary
            && !known.0.contains_key(canary)
        {
            return Err(sqlx::Error::Configuration("the canary is none of the places".into()));
        }
        let (done, mut due) = self.sort(known);
        if let Some(at) = due.iter().position(|placement| Some(placement) == self.canary.as_ref()) {
            let canary = due.remove(at);
            due.insert(0, canary);
        }
        Ok((done, due))
    }

    /// Those that are known to be up to date, and the others.
    fn sort(&self, known: Known) -> (Vec<PlaceReport>, Vec<Placement>) {
        let (mut current, mut due) = (Vec::new(), Vec::new());
        let places = known.0.len();
        for (placement, fingerprint) in known.0 {
            if self.trusts && fingerprint.as_deref() == Some(self.books.fingerprint(&placement)) {
                current.push(PlaceReport { placement, wave: None, state: PlaceState::Current });
            } else {
                due.push(placement);
            }
        }
        due.sort_by(|left, right| rank(left).cmp(&rank(right)));
        (self.progress)(&FleetProgress::Planned { places, due: due.len() });
        (current, due)
    }

    /// Where one fails, none is begun any more, unless it goes on; what is under way is never dropped half way.
    async fn run(&self, number: usize, wave: &[Placement]) -> Vec<PlaceReport> {
        let mut waiting: VecDeque<Placement> = wave.iter().cloned().collect();
        let (mut running, mut done) = (FuturesUnordered::new(), Vec::new());
        let mut is_open = true;
        loop {
            while is_open
                && running.len() < self.concurrency
                && let Some(placement) = waiting.pop_front()
            {
                (self.progress)(&FleetProgress::Begun(placement.clone()));
                running.push(async move {
                    let state = self.visit(&placement).await;
                    PlaceReport { placement, wave: Some(number), state }
                });
            }
            let Some(report) = running.next().await else { break };
            (self.progress)(&FleetProgress::Done(report.clone()));
            is_open &= self.goes_on || report.state.is_current();
            done.push(report);
        }
        done.extend(waiting.iter().map(not_reached));
        done
    }
}

fn not_reached(placement: &Placement) -> PlaceReport {
    PlaceReport { placement: placement.clone(), wave: None, state: PlaceState::Unreached }
}

/// The fewer tenants a failure would hit, the earlier a place comes.
fn rank(placement: &Placement) -> (u8, &Placement) {
    let rank = match placement {
        Placement::Schema(_) => 0,
        Placement::Database(_) => 1,
        Placement::Shard(_) => 2,
        Placement::Shared => 3,
    };
    (rank, placement)
}

fn in_order(mut places: Vec<PlaceReport>) -> FleetReport {
    places.sort_by(|left, right| rank(&left.placement).cmp(&rank(&right.placement)));
    FleetReport { places }
}
