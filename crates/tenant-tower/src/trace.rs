//! Spans, where the feature `tracing` is on; nothing where it is off.

#[cfg(not(feature = "tracing"))]
pub(crate) use off::Span;
#[cfg(feature = "tracing")]
pub(crate) use on::Span;

#[cfg(feature = "tracing")]
mod on {
    use tenant_core::TenantContext;
    use tracing::{info_span, level_filters::LevelFilter, span::Entered};

    /// The span of one tenant's request.
    pub(crate) struct Span(tracing::Span);

    impl Span {
        #[inline]
        pub(crate) fn of(tenant: &TenantContext) -> Self {
            // With nobody listening the macro still tries the `log` crate, where somebody has switched that on.
            if LevelFilter::current() < LevelFilter::INFO {
                return Self(tracing::Span::none());
            }
            Self(info_span!("tenant", tenant.id = tenant.id().as_str()))
        }

        #[inline]
        pub(crate) fn enter(&self) -> Entered<'_> {
            self.0.enter()
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use tenant_core::TenantContext;

    pub(crate) struct Span;

    pub(crate) struct Entered;

    // So that it is dropped in the same places as the real one.
    impl Drop for Entered {
        fn drop(&mut self) {}
    }

    impl Span {
        pub(crate) const fn of(_: &TenantContext) -> Self {
            Self
        }

        pub(crate) const fn enter(&self) -> Entered {
            Entered
        }
    }
}
