use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, Value};
use tenant_cache::{CacheBackend, CacheError, CacheErrorKind, Lease, Leased};
use tenant_core::{TenantContext, TenantRecord};
use uuid::Uuid;

use super::{LEASE, RedisCache, fresh, senseless, unavailable};

#[async_trait]
impl CacheBackend for RedisCache {
    async fn get(&self, tenant: &TenantContext, key: &[u8]) -> Result<Option<Bytes>, CacheError> {
        match self.run(tenant.record(), &self.scripts.get, &[key]).await? {
            Value::Nil => Ok(None),
            Value::BulkString(value) => Ok(Some(value.into())),
            _ => senseless(),
        }
    }

    async fn set(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        let millis = self.millis(ttl);
        let fits = self.fits(key, &value);
        if !fits || millis == 0 {
            // Nobody is to read what was to be overwritten.
            self.delete(tenant, key).await?;
            return if fits { Ok(()) } else { Err(CacheErrorKind::TooLarge.into()) };
        }
        let (epoch, outlives, millis) = (fresh(), self.outlives(), millis.to_string());
        let arguments = [key, epoch.as_bytes(), outlives.as_bytes(), &value, millis.as_bytes()];
        self.run(tenant.record(), &self.scripts.set, &arguments).await.map(drop)
    }

    async fn delete(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        is_one(&self.run(tenant.record(), &self.scripts.delete, &[key]).await?)
    }

    async fn exists(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        is_one(&self.run(tenant.record(), &self.scripts.exists, &[key]).await?)
    }

    async fn add(&self, tenant: &TenantContext, key: &[u8], delta: i64) -> Result<i64, CacheError> {
        if !self.fits(key, &[]) {
            return Err(CacheErrorKind::TooLarge.into());
        }
        let (epoch, outlives) = (fresh(), self.outlives());
        let (delta, millis) = (delta.to_string(), self.millis(None).to_string());
        let arguments = [key, epoch.as_bytes(), outlives.as_bytes(), delta.as_bytes(), millis.as_bytes()];
        match parts(self.run(tenant.record(), &self.scripts.add, &arguments).await?).as_slice() {
            [Value::Int(0), Value::BulkString(sum)] => parse(sum),
            [Value::Int(1)] => Err(CacheErrorKind::NotANumber.into()),
            [Value::Int(2)] => Err(CacheErrorKind::Overflow.into()),
            _ => senseless(),
        }
    }

    async fn clear(&self, tenant: &TenantRecord) -> Result<(), CacheError> {
        let base = self.caller.redis().keyspace().cache(tenant);
        let mut command = Cmd::new();
        command.arg("DEL").arg(&base);
        self.caller.send(&base, &command).await.map(drop).map_err(unavailable)
    }

    async fn lease(&self, tenant: &TenantContext, key: &[u8]) -> Result<Leased, CacheError> {
        if !self.fits(key, &[]) {
            return Err(CacheErrorKind::TooLarge.into());
        }
        let (epoch, outlives) = (fresh(), self.outlives());
        let lease = Lease::new(Uuid::new_v4().as_u64_pair().0);
        let (number, millis) = (lease.number().to_string(), LEASE.as_millis().to_string());
        let arguments = [key, epoch.as_bytes(), outlives.as_bytes(), number.as_bytes(), millis.as_bytes()];
        let mut answer = parts(self.run(tenant.record(), &self.scripts.lease, &arguments).await?);
        match answer.pop() {
            None => Ok(Leased::Granted(lease)),
            Some(Value::BulkString(value)) => Ok(Leased::Found(value.into())),
            Some(_) => senseless(),
        }
    }

    async fn fill(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        lease: Lease,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        if !self.fits(key, &value) {
            return Err(CacheErrorKind::TooLarge.into());
        }
        let (number, millis) = (lease.number().to_string(), self.millis(ttl).to_string());
        let arguments = [key, number.as_bytes(), &value, millis.as_bytes()];
        is_one(&self.run(tenant.record(), &self.scripts.fill, &arguments).await?)
    }

    // Leases expire by themselves, and a later one ends an earlier one: nothing has to be sent.
}

impl RedisCache {
    fn outlives(&self) -> String {
        self.millis(None).saturating_mul(2).to_string()
    }
}

/// A script's `false`, for want of an epoch, arrives as nil.
fn is_one(answer: &Value) -> Result<bool, CacheError> {
    match answer {
        Value::Int(1) => Ok(true),
        Value::Int(0) | Value::Nil => Ok(false),
        _ => senseless(),
    }
}

fn parts(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(parts) => parts,
        other => vec![other],
    }
}

fn parse(number: &[u8]) -> Result<i64, CacheError> {
    let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
    number.map_or_else(senseless, Ok)
}
