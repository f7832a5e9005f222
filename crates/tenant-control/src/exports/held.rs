use tenant_core::{
    StoreError, TenantId, Timestamp,
    usage::{ToldDay, UsageDate, UsageSeries},
};

use super::{UsageExports, day::settled};

/// A part that may have been taken, so long ago that it is not known again there: told once more it could count twice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldUsage {
    /// Of what.
    pub series: UsageSeries,
    /// When.
    pub date: UsageDate,
    /// How much.
    pub amount: u128,
    /// What it was told under.
    pub identifier: Box<str>,
    /// For whom.
    pub receiver: Box<str>,
    /// Since when nobody knows.
    pub since: Option<Timestamp>,
}

const PAGE: u32 = 1_000;

impl UsageExports {
    /// The parts of a tenant that wait for somebody to [decide](Self::decide), after having looked there.
    ///
    /// # Errors
    /// The store failed.
    pub async fn held(&self, tenant: &TenantId) -> Result<Vec<HeldUsage>, StoreError> {
        Ok(self.held_days(tenant).await?.into_iter().filter_map(held).collect())
    }

    /// Says whether a held part was taken; one that was not is told again. `false` where there is no such part.
    ///
    /// # Errors
    /// The store failed.
    pub async fn decide(
        &self,
        tenant: &TenantId,
        identifier: &str,
        was_taken: bool,
    ) -> Result<bool, StoreError> {
        for mut day in self.held_days(tenant).await? {
            let Some(part) = day.part.as_mut().filter(|part| *part.identifier == *identifier) else {
                continue;
            };
            (part.doubtful_since, part.due) = (None, Some(self.0.now()));
            let day = if was_taken { settled(day) } else { day };
            return self.0.ledger.write(self.0.exporter.name(), tenant, &day).await;
        }
        Ok(false)
    }

    async fn held_days(&self, tenant: &TenantId) -> Result<Vec<ToldDay>, StoreError> {
        let ever = UsageDate::from_days(0)..UsageDate::from_days(i64::MAX);
        let (mut all, mut after) = (Vec::new(), None::<(UsageSeries, UsageDate)>);
        loop {
            let behind = after.as_ref().map(|(series, date)| (series, *date));
            let name = self.0.exporter.name();
            let page = self.0.ledger.told(name, tenant, ever.clone(), behind, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(|day| (day.series.clone(), day.date));
            all.extend(
                page.into_iter().filter(|day| day.part.as_ref().is_some_and(|part| part.due.is_none())),
            );
            if is_last {
                return Ok(all);
            }
        }
    }
}

fn held(day: ToldDay) -> Option<HeldUsage> {
    let ToldDay { series, date, part, .. } = day;
    let part = part?;
    Some(HeldUsage {
        series,
        date,
        amount: part.amount,
        identifier: part.identifier,
        receiver: part.receiver,
        since: part.doubtful_since,
    })
}
