//! The columns that the fields of a struct stand for.

use syn::{Data, DataStruct, DeriveInput, Error, Fields, LitStr};

use crate::attributes::{OfColumn, plain, rename_all};

/// The names of the columns, field by field.
pub(crate) fn of(input: &DeriveInput) -> syn::Result<Vec<String>> {
    let Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "`all_columns` takes a struct with named fields"));
    };
    let form = rename_all(&input.attrs)?;
    let mut columns = Vec::new();
    for field in &fields.named {
        let OfColumn { name, is_skipped, is_flattened } = OfColumn::read(&field.attrs)?;
        if is_flattened {
            return Err(Error::new_spanned(
                field,
                "`all_columns` can't see the columns of a flattened field",
            ));
        }
        if is_skipped {
            continue;
        }
        let field = field.ident.as_ref().map(plain).unwrap_or_default();
        columns.push(match (name, &form) {
            (Some(name), _) => name.value(),
            (None, Some(form)) => renamed(&field, form)?,
            (None, None) => field,
        });
    }
    Ok(columns)
}

/// As sqlx does it.
fn renamed(field: &str, form: &LitStr) -> syn::Result<String> {
    let words: Vec<&str> = field.split('_').filter(|word| !word.is_empty()).collect();
    let capital = |word: &&str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
    };
    Ok(match form.value().as_str() {
        "snake_case" => field.to_owned(),
        "lowercase" => field.to_ascii_lowercase(),
        "UPPERCASE" => field.to_ascii_uppercase(),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_ascii_uppercase(),
        "kebab-case" => words.join("-"),
        "PascalCase" => words.iter().map(capital).collect(),
        "camelCase" => {
            let rest: String = words.iter().skip(1).map(capital).collect();
            words.first().copied().unwrap_or_default().to_owned() + &rest
        }
        _ => return Err(Error::new_spanned(form, "a form of names that sqlx does not know")),
    })
}
