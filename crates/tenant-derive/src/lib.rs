//! `#[derive(TenantScoped)]`, for [`tenant-sql`](https://docs.rs/tenant-sql)'s trait of that name.
//!
//! The trait's documentation tells what the attributes mean; this crate is used through its feature `derive`.

mod attributes;
mod columns;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Describes the table that a struct's values are rows of.
///
/// See the trait `TenantScoped` for the attributes.
#[proc_macro_derive(TenantScoped, attributes(tenant, sqlx))]
pub fn tenant_scoped(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
