//! Writing: the one place where entries come to be.

use std::{ops::ControlFlow, str, sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use tenant_core::{Monotonic, TenantContext};

use super::{
    EXPIRE_STEP, InMemoryBackend,
    entries::{Draft, Entries, bytes_alone},
    pressure::Room,
    shard::Locked,
};
use crate::{CacheError, CacheErrorKind, Lease, Leased, owner::Owner};

impl InMemoryBackend {
    pub(super) fn put(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        if ttl == Some(Duration::ZERO) {
            self.drop_entry(tenant, key);
            return Ok(());
        }
        let written = self.copied(key, value).and_then(|value| {
            self.write(tenant, key, |_, now| Ok(Some(Draft::new(value.clone(), ttl, now))))
        });
        if written.is_err() {
            // The former value must not outlive what was to overwrite it.
            self.drop_entry(tenant, key);
        }
        written.map(drop)
    }

    pub(super) fn put_leased(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        lease: Lease,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        if ttl == Some(Duration::ZERO) {
            return Ok(false);
        }
        let value = self.copied(key, value)?;
        self.write(tenant, key, |entries, now| {
            let held = entries.holds(key, lease);
            Ok(held.then(|| Draft::new(value.clone(), ttl, now)))
        })
    }

    pub(super) fn count_by(&self, tenant: &TenantContext, key: &[u8], delta: i64) -> Result<i64, CacheError> {
        let mut sum = 0;
        self.write(tenant, key, |entries, now| {
            let old = entries.draft_of(key, now);
            let count = old.as_ref().map_or(Ok(0), |old| parse_count(&old.value))?;
            sum = count.checked_add(delta).ok_or(CacheErrorKind::Overflow)?;
            Ok(Some(Draft {
                value: self.copied(key, sum.to_string().as_bytes())?,
                expires: old.and_then(|old| old.expires),
            }))
        })?;
        Ok(sum)
    }

    pub(super) fn find_or_grant(&self, tenant: &TenantContext, key: &[u8]) -> Leased {
        let (owner, now) = (Owner::of(tenant), self.now());
        let lease = Lease::new(self.next_lease.fetch_add(1, Ordering::Relaxed));
        loop {
            let shard = self.registry.find_or_create(&owner);
            let Some(mut locked) = shard.lock(shard.open(&self.budget)) else {
                continue;
            };
            return match locked.touch(key, now) {
                Some(value) => Leased::Found(value),
                None => {
                    locked.grant(key, lease);
                    Leased::Granted(lease)
                }
            };
        }
    }

    pub(super) fn drop_entry(&self, tenant: &TenantContext, key: &[u8]) -> bool {
        let now = self.now();
        self.visit(&Owner::of(tenant), |entries| entries.remove(key, now)).unwrap_or(false)
    }

    /// Writes what `draft` makes of the tenant's entries, if it makes anything of them; whether it did. It is asked
    /// again whenever room had to be made meanwhile.
    fn write(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        mut draft: impl FnMut(&Entries, Monotonic) -> Result<Option<Draft>, CacheError>,
    ) -> Result<bool, CacheError> {
        let (owner, now) = (Owner::of(tenant), self.now());
        let answer = self.write_with_room(&owner, key, now, &mut draft);
        if !matches!(answer, Ok(true)) {
            self.visit(&owner, |_| ());
        }
        answer
    }

    fn write_with_room(
        &self,
        owner: &Owner,
        key: &[u8],
        now: Monotonic,
        draft: &mut impl FnMut(&Entries, Monotonic) -> Result<Option<Draft>, CacheError>,
    ) -> Result<bool, CacheError> {
        loop {
            let shard = self.registry.find_or_create(owner);
            let mut room = Room { share: shard.open(&self.budget), alone: None };
            loop {
                let Room { share, alone } = room;
                let Some(mut locked) = shard.lock(share) else {
                    break;
                };
                locked.used_at(now);
                locked.expire(now, EXPIRE_STEP);
                let Some(draft) = draft(&locked, now)? else {
                    return Ok(false);
                };
                let missing = match self.admit(&mut locked, key, draft, now) {
                    ControlFlow::Break(()) => return Ok(true),
                    ControlFlow::Continue(missing) => missing,
                };
                drop((locked, alone));
                room = self.pressure.relieve(&self.registry, &self.budget, &shard, missing, now)?;
            }
        }
    }

    /// The value in bytes of its own, if one tenant's maximum suffices for it.
    fn copied(&self, key: &[u8], value: &[u8]) -> Result<Bytes, CacheError> {
        if bytes_alone(key, value) > self.max_tenant_bytes {
            return Err(CacheErrorKind::TooLarge.into());
        }
        Ok(Bytes::copy_from_slice(value))
    }

    /// Inserts the draft at the cost of the tenant's own entries; or answers how many bytes others would have to give.
    fn admit(
        &self,
        locked: &mut Locked<'_>,
        key: &[u8],
        draft: Draft,
        now: Monotonic,
    ) -> ControlFlow<(), usize> {
        locked.promote(key);
        while locked.bytes_with(key, &draft.value) > self.max_tenant_bytes && locked.give_way(now) {}
        let bytes = locked.bytes_with(key, &draft.value);
        if !locked.cover(bytes) {
            // All of it, because unlocking gives back what was taken so far.
            return ControlFlow::Continue(bytes.saturating_sub(locked.bytes()));
        }
        locked.insert(key, draft);
        ControlFlow::Break(())
    }
}

/// Reads a counter the way it is written: no plus, no leading zeros, no blanks.
fn parse_count(value: &[u8]) -> Result<i64, CacheError> {
    let text = str::from_utf8(value).map_err(|_| CacheErrorKind::NotANumber)?;
    let count: i64 = text.parse().map_err(|_| CacheErrorKind::NotANumber)?;
    if count.to_string() != text {
        return Err(CacheErrorKind::NotANumber.into());
    }
    Ok(count)
}
