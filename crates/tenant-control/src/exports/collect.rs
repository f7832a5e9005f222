//! What is to be told.

use std::{collections::HashMap, ops::Range, time::Duration};

use tenant_core::{
    StoreError, TenantConfig, TenantId, Timestamp,
    usage::{Measure, ToldDay, UsageDate, UsageSeries},
};

use super::{
    Collected, UsageExports,
    builder::Exporting,
    day::{Whose, begun},
};
use crate::usage::{UsedOnDay, moved, usage_history};

const PAGE: u32 = 200;
const DAYS_PAGE: u32 = 1_000;
const DAY: Duration = Duration::from_secs(86_400);
/// So far back usage is looked at where the exporter says nothing.
const A_YEAR: Duration = Duration::from_secs(366 * 86_400);

impl UsageExports {
    /// Writes down what is to be told of days that are over: what was used and is neither told nor on its way. It is due at once.
    ///
    /// # Errors
    /// The store failed. Where it did so for some tenants, the others' is collected.
    pub async fn collect(&self) -> Result<Collected, StoreError> {
        let (mut all, mut after) = (Collected::default(), None::<TenantId>);
        loop {
            let page = self.0.ledger.tenants(after.as_ref(), PAGE).await?;
            for tenant in &page {
                if self.0.collect_of(tenant, &mut all).await.is_err() {
                    all.failed += 1;
                }
            }
            after = page.last().copied();
            if page.len() < PAGE as usize {
                return Ok(all);
            }
        }
    }
}

impl Exporting {
    async fn collect_of(&self, tenant: &TenantId, all: &mut Collected) -> Result<(), StoreError> {
        let Some(config) = self.configs.fetch(tenant).await? else { return Ok(()) };
        let Some(receiver) = self.receiver_of(&config) else {
            all.without_receiver += 1;
            return Ok(());
        };
        let now = self.now();
        let dates = self.dates(now);
        let mut told = self.told_of(tenant, dates.clone()).await?;
        let whose = Whose { exporter: self.exporter.name(), config: &config, receiver: &receiver };
        for used in usage_history(&*self.store, tenant, dates, now).await? {
            let (date, series, amount) = (used.date, used.used.series.clone(), amount(&used));
            let known = told.remove(&(series.clone(), date));
            let day = known.unwrap_or_else(|| ToldDay::new(series, date));
            // What is on its way is settled first.
            match amount.checked_sub(day.told).filter(|_| day.part.is_none()) {
                Some(0) => {}
                Some(more) => {
                    let begun = begun(day, more, whose, now);
                    // Where another instance was a moment earlier, it has begun the same.
                    all.parts += u64::from(self.ledger.write(whose.exporter, tenant, &begun).await?);
                }
                None => all.beyond += u64::from(amount < day.told),
            }
        }
        Ok(())
    }

    fn receiver_of(&self, config: &TenantConfig) -> Option<String> {
        let is_one = |receiver: &String| {
            (1..=255).contains(&receiver.len()) && receiver.bytes().all(|byte| byte.is_ascii_graphic())
        };
        (self.receiver)(config).filter(is_one)
    }

    /// Days that are over, of which nothing can come late, and which are still taken: a day before they are not, so that there is
    /// time to tell them again.
    fn dates(&self, now: Timestamp) -> Range<UsageDate> {
        let back = self.exporter.takes_back().unwrap_or(A_YEAR).saturating_sub(DAY);
        UsageDate::of(moved(now, back, -1))..UsageDate::of(moved(now, self.late, -1))
    }

    async fn told_of(
        &self,
        tenant: &TenantId,
        dates: Range<UsageDate>,
    ) -> Result<HashMap<(UsageSeries, UsageDate), ToldDay>, StoreError> {
        let (mut all, mut after) = (HashMap::new(), None::<(UsageSeries, UsageDate)>);
        loop {
            let behind = after.as_ref().map(|(series, date)| (series, *date));
            let page =
                self.ledger.told(self.exporter.name(), tenant, dates.clone(), behind, DAYS_PAGE).await?;
            let is_last = page.len() < DAYS_PAGE as usize;
            after = page.last().map(|day| (day.series.clone(), day.date));
            all.extend(page.into_iter().map(|day| ((day.series.clone(), day.date), day)));
            if is_last {
                return Ok(all);
            }
        }
    }
}

fn amount(used: &UsedOnDay) -> u128 {
    match used.used.series.measure {
        Measure::Sum => used.used.quantity,
        Measure::Level => used.used.unit_hours,
    }
}
