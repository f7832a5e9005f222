//! What stands where a statement is expected: literals, constants, files, or something that only running tells.

use std::{collections::HashMap, fs, path::Path};

use syn::{
    BinOp, Expr, ExprBinary, ExprLit, ExprMacro, File, Item, Lit, LitStr, Token,
    parse::Parser,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::check::source::Sql;

/// The text constants of a file, by name. Two of one name are none.
#[derive(Default)]
pub(super) struct Constants<'a> {
    texts: HashMap<String, Option<&'a Expr>>,
}

impl<'a> Constants<'a> {
    pub(super) fn of(file: &'a File) -> Self {
        let mut constants = Self::default();
        constants.visit_file(file);
        constants
    }

    fn add(&mut self, name: &syn::Ident, value: &'a Expr) {
        let known = self.texts.entry(name.to_string());
        known.and_modify(|text| *text = None).or_insert(Some(value));
    }
}

impl<'a> Visit<'a> for Constants<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Const(item) => self.add(&item.ident, &item.expr),
            Item::Static(item) => self.add(&item.ident, &item.expr),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'a syn::ImplItemConst) {
        self.add(&item.ident, &item.expr);
    }
}

/// Reads the argument `expr` of a call in `file`.
pub(super) fn sql(expr: &Expr, constants: &Constants<'_>, file: &Path) -> Sql {
    text(expr, constants, file, 0).map_or_else(Sql::Unknown, Sql::Text)
}

// A constant that stands for itself would go on for ever.
const DEEPEST: usize = 8;

fn text(expr: &Expr, constants: &Constants<'_>, file: &Path, depth: usize) -> Result<String, &'static str> {
    if depth > DEEPEST {
        return Err("its constants refer to each other too deeply");
    }
    let within = |inner: &Expr| text(inner, constants, file, depth + 1);
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.value()),
        Expr::Reference(reference) => within(&reference.expr),
        Expr::Paren(paren) => within(&paren.expr),
        Expr::Group(group) => within(&group.expr),
        // As sqlx's macros take them: literals, added up.
        Expr::Binary(ExprBinary { left, op: BinOp::Add(_), right, .. }) => {
            Ok(within(left)? + &within(right)?)
        }
        Expr::Path(path) => {
            let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
            match constants.texts.get(&name) {
                Some(Some(value)) => within(value),
                _ => Err("it is no text that stands in this file"),
            }
        }
        Expr::Call(call) if is_marker(&call.func) => match call.args.first() {
            Some(inner) => within(inner),
            None => Err("it is put together at run time"),
        },
        Expr::Macro(ExprMacro { mac, .. }) => {
            let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(mac.tokens.clone());
            let arguments = arguments.map_err(|_| "it is put together at run time")?;
            match mac.path.segments.last().map(|segment| segment.ident.to_string()).as_deref() {
                Some("concat") => arguments.iter().map(within).collect(),
                Some("include_str") => match arguments.first() {
                    Some(path) => read(file.parent(), &within(path)?),
                    None => Err("it is put together at run time"),
                },
                _ => Err("it is put together at run time"),
            }
        }
        _ => Err("it is put together at run time"),
    }
}

/// sqlx's mark for text that is not a literal.
fn is_marker(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "AssertSqlSafe"))
}

/// The statement of a `query_file!`, relative to the crate that the source belongs to.
pub(super) fn of_query_file(path: &LitStr, file: &Path) -> Sql {
    let has_manifest = |dir: &&Path| dir.join("Cargo.toml").is_file();
    let root = file.ancestors().skip(1).find(has_manifest);
    read(root, &path.value()).map_or_else(Sql::Unknown, Sql::Text)
}

fn read(directory: Option<&Path>, path: &str) -> Result<String, &'static str> {
    let directory = directory.unwrap_or_else(|| Path::new(""));
    fs::read_to_string(directory.join(path)).map_err(|_| "the file that it names can't be read")
}
