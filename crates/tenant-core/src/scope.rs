//! The tenant of the running task, as a convenience beside the explicit context.

use std::future::Future;

use tokio::task::{JoinHandle, futures::TaskLocalFuture};

use crate::TenantContext;

tokio::task_local! {
    static CURRENT: TenantContext;
}

/// The future that [`scope`] returns.
pub type Scope<F> = TaskLocalFuture<TenantContext, F>;

/// The context of the running task; `None` outside of any tenant.
///
/// A task started with `tokio::spawn` is outside; [`spawn`] carries the context over.
#[must_use]
pub fn current() -> Option<TenantContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Runs `future` inside the tenant of `context`: for it, and only for it, [`current`] is that context.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build()?])?;
/// let context = TenantContext::of(&configs, &id).await?;
/// let inside = tenant_core::scope(context, async { tenant_core::current() }).await;
/// assert_eq!(inside.map(|tenant| *tenant.id()), Some(id));
/// assert!(tenant_core::current().is_none());
/// # Ok(())
/// # }
/// ```
pub fn scope<F: Future>(context: TenantContext, future: F) -> Scope<F> {
    CURRENT.scope(context, future)
}

/// Runs `work` inside the tenant of `context`, without suspending.
pub fn sync_scope<T>(context: TenantContext, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(context, work)
}

/// Starts a task inside the tenant of `context`.
///
/// # Panics
/// Outside of a Tokio runtime, as `tokio::spawn` does.
pub fn spawn<F>(context: TenantContext, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(scope(context, future))
}

/// Runs blocking work inside the tenant of `context`, on Tokio's threads for such work.
///
/// # Panics
/// Outside of a Tokio runtime, as `tokio::task::spawn_blocking` does.
pub fn spawn_blocking<T: Send + 'static>(
    context: TenantContext,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    tokio::task::spawn_blocking(move || sync_scope(context, work))
}
