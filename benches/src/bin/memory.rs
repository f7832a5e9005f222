//! What a million tenants' counts take in memory while nobody asks for them, beside governor's keys. Each side in a
//! process of its own, by what the operating system has given it since the first ten thousand had come and gone.

use std::{env, fs, num::NonZeroU32, ops::Range, process::Command};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tenant::{
    InMemoryConfigManager, InMemoryQuotaManager, QuotaManager, TenantContext, TenantId, quota::Cost,
};
use tenant_benches::{
    Bar, BoxError, Spread,
    tenants::{Limits, config, name},
};

const KEYS: usize = 1_000_000;
const AT_ONCE: usize = 10_000;

fn main() -> Result<(), BoxError> {
    match env::args().nth(1).as_deref() {
        Some("tenant") => ours(),
        Some("governor") => governor(),
        _ => compare(),
    }
}

fn compare() -> Result<(), BoxError> {
    let (ours, peer) = (per_key("tenant")?, per_key("governor")?);
    println!("bytes per idle key at {KEYS} keys: tenant {ours:.0}, governor {peer:.0}");
    let ratio = ours / peer;
    let figure = Spread { median: ratio, low: ratio, high: ratio };
    println!("{}", Bar::at_most("memory of an idle key to governor's", 1.5, figure));
    Ok(())
}

fn per_key(side: &str) -> Result<f64, BoxError> {
    let output = Command::new(env::current_exe()?).arg(side).output()?;
    let bytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(bytes / KEYS as f64)
}

/// Resident bytes of this process (proc(5), `statm`), of pages of 4 KiB.
fn resident() -> Result<u64, BoxError> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("no second number")?.parse()?;
    Ok(pages * 4096)
}

/// Configs come and go, as many at a time as a cache of configs holds.
fn ours() -> Result<(), BoxError> {
    let quotas = InMemoryQuotaManager::new();
    report(|numbers| {
        let configs = numbers.clone().map(|number| config(&name(number), Limits::Requests));
        let configs = InMemoryConfigManager::with(configs.collect::<Result<Vec<_>, _>>()?)?;
        for number in numbers {
            let tenant = TenantContext::peek(&configs, &TenantId::parse(&name(number))?)
                .ok_or("it is in memory")??;
            quotas.try_decide(&tenant, &[Cost::requests(1)]).ok_or("counts are in memory")?;
        }
        Ok(())
    })
}

fn governor() -> Result<(), BoxError> {
    let limiter: DefaultKeyedRateLimiter<String> = RateLimiter::keyed(Quota::per_minute(NonZeroU32::MAX));
    report(|mut numbers| {
        numbers
            .try_for_each(|number| limiter.check_key(&name(number)))
            .map_err(|denial| denial.to_string().into())
    })
}

fn report(mut serve: impl FnMut(Range<usize>) -> Result<(), BoxError>) -> Result<(), BoxError> {
    let mut rounds = (0..=KEYS / AT_ONCE).map(|round| round * AT_ONCE..(round + 1) * AT_ONCE);
    rounds.by_ref().take(1).try_for_each(&mut serve)?;
    let before = resident()?;
    rounds.try_for_each(serve)?;
    println!("{}", resident()? - before);
    Ok(())
}
