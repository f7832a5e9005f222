//! The tenant of the running task, as a convenience beside the explicit context.

use std::{
    cell::Cell,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;

use crate::TenantContext;

// Not `tokio::task_local!`: it takes a context of its own for each entry, and a request enters its tenant twice, to call
// the service and to poll its future. Here one context goes in and out.
thread_local! {
    static CURRENT: Cell<Option<TenantContext>> = const { Cell::new(None) };
}

pin_project! {
    /// The future that [`scope`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        // The tenant of this future; while it is polled, that of whoever polls it.
        context: Option<TenantContext>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Scope<F> {
        /// What the future does as it is dropped is done for its tenant too.
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::with(this.context);
            this.future.set(None);
        }
    }
}

/// A stay inside of a tenant. It stands on the stack of one function and never outlives a poll.
struct Entered<'a>(&'a mut Option<TenantContext>);

impl<'a> Entered<'a> {
    #[inline]
    fn with(context: &'a mut Option<TenantContext>) -> Self {
        exchange(context);
        Self(context)
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        exchange(self.0);
    }
}

// A thread that ends has no current tenant any more, and needs none.
#[inline]
fn exchange(context: &mut Option<TenantContext>) {
    let _ = CURRENT.try_with(|current| *context = current.replace(context.take()));
}

impl<F> Scope<F> {
    /// The tenant that the future runs for.
    #[must_use]
    pub const fn context(&self) -> Option<&TenantContext> {
        self.context.as_ref()
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::with(this.context);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            // Only as it is dropped, and then nobody polls it any more.
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("context", &self.context).finish_non_exhaustive()
    }
}

/// The context of the running task; `None` outside of any tenant.
///
/// A task started with `tokio::spawn` is outside; [`spawn`] carries the context over.
#[must_use]
pub fn current() -> Option<TenantContext> {
    let look = |current: &Cell<Option<TenantContext>>| {
        let context = current.take();
        current.set(context.clone());
        context
    };
    CURRENT.try_with(look).ok().flatten()
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
    Scope { context: Some(context), future: Some(future) }
}

/// Like [`scope`], for a future that `start` makes inside the tenant: a service that is called, for instance.
#[inline(always)]
pub fn scope_with<F: Future>(context: TenantContext, start: impl FnOnce() -> F) -> Scope<F> {
    let mut context = Some(context);
    let entered = Entered::with(&mut context);
    let future = start();
    drop(entered);
    Scope { context, future: Some(future) }
}

/// Runs `work` inside the tenant of `context`, without suspending.
pub fn sync_scope<T>(context: TenantContext, work: impl FnOnce() -> T) -> T {
    let mut context = Some(context);
    let _entered = Entered::with(&mut context);
    work()
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

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, panic, pin::pin, task::Waker};

    use super::*;
    use crate::{InMemoryConfigManager, TenantConfig, TenantId};

    async fn context(id: &str) -> TenantContext {
        let id = TenantId::parse(id).unwrap();
        let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build().unwrap()]).unwrap();
        TenantContext::of(&configs, &id).await.unwrap()
    }

    fn here() -> Option<String> {
        current().map(|tenant| tenant.id().as_str().to_owned())
    }

    /// Tells where it is each time it is polled, and where it is dropped.
    struct Witness<'a>(&'a Cell<Option<String>>);

    impl Drop for Witness<'_> {
        fn drop(&mut self) {
            self.0.set(here());
        }
    }

    #[tokio::test]
    async fn tenants_nest_and_come_back() {
        let (outer, inner) = (context("outer").await, context("inner").await);
        let nested = scope(outer, async {
            assert_eq!(here().as_deref(), Some("outer"));
            scope(inner, async { assert_eq!(here().as_deref(), Some("inner")) }).await;
            here()
        });
        assert_eq!(nested.await.as_deref(), Some("outer"));
        assert_eq!(here(), None);
    }

    #[tokio::test]
    async fn futures_polled_in_turn_stay_apart() {
        let (one, two) = (context("one").await, context("two").await);
        let mut cx = Context::from_waker(Waker::noop());
        let twice = || {
            let mut polls = 0;
            poll_fn(move |_| {
                polls += 1;
                if polls == 2 { Poll::Ready(here()) } else { Poll::Pending }
            })
        };
        let (mut one, mut two) = (pin!(scope(one, twice())), pin!(scope(two, twice())));
        assert!(one.as_mut().poll(&mut cx).is_pending() && here().is_none());
        assert!(two.as_mut().poll(&mut cx).is_pending() && here().is_none());
        assert_eq!(one.as_mut().poll(&mut cx), Poll::Ready(Some("one".to_owned())));
        assert_eq!(two.as_mut().poll(&mut cx), Poll::Ready(Some("two".to_owned())));
        assert_eq!(two.context().map(|tenant| tenant.id().as_str()), Some("two"));
    }

    #[tokio::test]
    async fn a_panic_leaves_no_tenant_behind() {
        let tenant = context("acme").await;
        let mut cx = Context::from_waker(Waker::noop());
        let mut future = Box::pin(scope(tenant.clone(), async { panic!("{:?}", here()) }));
        let poll = panic::AssertUnwindSafe(|| future.as_mut().poll(&mut cx).is_ready());
        assert!(panic::catch_unwind(poll).is_err());
        assert_eq!(here(), None);
        let work = panic::AssertUnwindSafe(|| sync_scope(tenant, || panic!("{:?}", here())));
        assert!(panic::catch_unwind(work).is_err());
        assert_eq!(here(), None);
    }

    #[tokio::test]
    async fn a_future_that_is_dropped_early_is_dropped_inside() {
        let seen = Cell::new(None);
        let witness = Witness(&seen);
        drop(scope(context("acme").await, async move {
            let _witness = witness;
        }));
        assert_eq!(seen.take().as_deref(), Some("acme"));
        assert_eq!(here(), None);
    }

    #[tokio::test]
    async fn what_makes_the_future_runs_inside_too() {
        let made = scope_with(context("acme").await, || {
            let made_in = here();
            async move { (made_in, here()) }
        });
        assert_eq!(here(), None);
        assert_eq!(made.await, (Some("acme".to_owned()), Some("acme".to_owned())));
    }
}
