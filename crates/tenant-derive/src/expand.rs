use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{DeriveInput, Error, Ident, LitStr};

use crate::{attributes::OfTable, columns};

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let of = OfTable::read(&input.attrs)?;
    let name = of.table.as_ref().ok_or_else(|| {
        Error::new_spanned(&input.ident, "say which table its rows are of: #[tenant(table = \"…\")]")
    })?;
    check(&of)?;
    let path = of.path.as_ref().map_or_else(found, |path| quote!(#path));
    let kind = if of.is_shared { quote!(shared) } else { quote!(owned) };
    let columns = columns_of(input, &of)?;
    let tenant_column = of.tenant_column.as_ref().map(|column| quote!(.tenant_column(#column)));
    let unique = of.unique.iter().map(|columns| quote!(.unique([#(#columns),*])));
    let generated = (!of.generated.is_empty()).then(|| {
        let generated = &of.generated;
        quote!(.generated([#(#generated),*]))
    });
    let view = of.is_view.then(|| quote!(.view()));
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #generics #path::TenantScoped for #ident #arguments #conditions {
            fn table() -> #path::Table {
                #path::Table::#kind(#name) #columns #tenant_column #(#unique)* #generated #view
            }
        }
    })
}

fn check(of: &OfTable) -> syn::Result<()> {
    match (&of.tenant_column, of.is_shared) {
        (Some(column), true) => Err(Error::new_spanned(column, "a shared table has no tenant column")),
        _ => Ok(()),
    }
}

/// All columns in their order, where the struct says that it has them all.
fn columns_of(input: &DeriveInput, of: &OfTable) -> syn::Result<Option<TokenStream>> {
    if !of.has_all_columns {
        return Ok(None);
    }
    let columns = columns::of(input)?;
    let named: Vec<&LitStr> =
        of.tenant_column.iter().chain(of.unique.iter().flatten()).chain(&of.generated).collect();
    let stranger = named.into_iter().find(|name| !columns.contains(&name.value()));
    if let Some(stranger) = stranger {
        return Err(Error::new_spanned(stranger, "`all_columns` is said, and no field is this column"));
    }
    Ok(Some(quote!(.columns([#(#columns),*]))))
}

/// Where the trait is, as the crate that derives it calls it.
fn found() -> TokenStream {
    let named = |name: &str| Ident::new(name, Span::call_site());
    if let Ok(FoundCrate::Name(name)) = crate_name("tenant-sql") {
        let name = named(&name);
        return quote!(::#name);
    }
    if let Ok(FoundCrate::Name(name)) = crate_name("tenant") {
        let name = named(&name);
        return quote!(::#name::sql);
    }
    quote!(::tenant_sql)
}
