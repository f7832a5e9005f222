//! What `#[tenant(…)]` says of a struct and of a field.

use syn::{
    Attribute, LitStr, Path, Token, ext::IdentExt, meta::ParseNestedMeta, parenthesized,
    punctuated::Punctuated,
};

/// Of a struct.
#[derive(Default)]
pub(crate) struct OfTable {
    pub(crate) table: Option<LitStr>,
    pub(crate) tenant_column: Option<LitStr>,
    pub(crate) unique: Vec<Vec<LitStr>>,
    pub(crate) generated: Vec<LitStr>,
    pub(crate) is_shared: bool,
    pub(crate) is_view: bool,
    pub(crate) has_all_columns: bool,
    pub(crate) path: Option<Path>,
}

impl OfTable {
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut of = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("tenant")) {
            attribute.parse_nested_meta(|meta| of.take(&meta))?;
        }
        Ok(of)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("table") => once(&mut self.table, meta),
            Some("tenant_column") => once(&mut self.tenant_column, meta),
            Some("unique") => {
                self.unique.push(list(meta)?);
                Ok(())
            }
            Some("generated") => {
                self.generated.extend(list(meta)?);
                Ok(())
            }
            Some("shared") => flag(&mut self.is_shared),
            Some("view") => flag(&mut self.is_view),
            Some("all_columns") => flag(&mut self.has_all_columns),
            Some("crate") => {
                let path: LitStr = meta.value()?.parse()?;
                self.path = Some(path.parse_with(Path::parse_mod_style)?);
                Ok(())
            }
            _ => Err(meta.error(
                "expected one of: table, tenant_column, unique, generated, shared, view, all_columns, crate",
            )),
        }
    }
}

/// Of a field, from `#[tenant(…)]` and from `#[sqlx(…)]`, which many rows have already.
#[derive(Default)]
pub(crate) struct OfColumn {
    pub(crate) name: Option<LitStr>,
    pub(crate) is_skipped: bool,
    pub(crate) is_flattened: bool,
}

impl OfColumn {
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut of = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("tenant") {
                attribute.parse_nested_meta(|meta| of.take(&meta))?;
            } else if attribute.path().is_ident("sqlx") {
                attribute.parse_nested_meta(|meta| of.take_of_sqlx(&meta))?;
            }
        }
        Ok(of)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("rename") => {
                self.name = Some(meta.value()?.parse()?);
                Ok(())
            }
            Some("skip") => flag(&mut self.is_skipped),
            _ => Err(meta.error("expected one of: rename, skip")),
        }
    }

    fn take_of_sqlx(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match meta.path.get_ident().map(ToString::to_string).as_deref() {
            // What `#[tenant(…)]` says wins.
            Some("rename") => {
                let name = meta.value()?.parse()?;
                self.name.get_or_insert(name);
                Ok(())
            }
            Some("skip") => flag(&mut self.is_skipped),
            Some("flatten") => flag(&mut self.is_flattened),
            _ => pass(meta),
        }
    }
}

/// The form of names that `#[sqlx(rename_all = "…")]` asks for.
pub(crate) fn rename_all(attributes: &[Attribute]) -> syn::Result<Option<LitStr>> {
    let mut form = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("sqlx")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename_all") {
                form = Some(meta.value()?.parse()?);
                return Ok(());
            }
            pass(&meta)
        })?;
    }
    Ok(form)
}

/// Reads over what is sqlx's business.
fn pass(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}

fn once(place: &mut Option<LitStr>, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    match place.replace(meta.value()?.parse()?) {
        None => Ok(()),
        Some(_) => Err(meta.error("this is said twice")),
    }
}

fn flag(place: &mut bool) -> syn::Result<()> {
    *place = true;
    Ok(())
}

fn list(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<LitStr>> {
    let content;
    parenthesized!(content in meta.input);
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    if names.is_empty() {
        Err(meta.error("expected names of columns"))
    } else {
        Ok(names.into_iter().collect())
    }
}

/// The name of a field, without `r#`.
pub(crate) fn plain(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}
