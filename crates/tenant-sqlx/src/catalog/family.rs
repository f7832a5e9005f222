//! Tables whose rows are rows of another table as well: partitions and children.

use super::{Relation, RelationKind};

/// The relations whose rows a statement on `relation` reaches besides its own.
pub(super) fn descendants<'a>(relation: &Relation, relations: &'a [Relation]) -> Vec<&'a Relation> {
    let mut found: Vec<&Relation> = Vec::new();
    let mut names: Vec<&str> = relation.children.iter().map(String::as_str).collect();
    while let Some(name) = names.pop() {
        let is_new = |child: &&Relation| child.name == name && !found.iter().any(|known| known.name == name);
        if let Some(child) = relations.iter().find(is_new) {
            names.extend(child.children.iter().map(String::as_str));
            found.push(child);
        }
    }
    found
}

/// Whether rows of it are the work of an extension, or lie on another server.
pub(super) fn is_virtual(relation: &Relation, relations: &[Relation]) -> bool {
    let is_virtual = |relation: &Relation| relation.kind == RelationKind::Virtual;
    is_virtual(relation) || descendants(relation, relations).into_iter().any(is_virtual)
}
