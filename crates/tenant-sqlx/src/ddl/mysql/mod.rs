//! Migrations of MySQL and MariaDB. Each statement says how much it may hold up, and fails where that can't be had
//! (<https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html>).

pub(crate) mod column;
pub(crate) mod keys;

use super::{Draft, Phase, Step, migration::with_settings};
use crate::model::Relation;

/// Writers go on meanwhile.
const ONLINE: &str = "ALGORITHM=INPLACE, LOCK=NONE";

pub(super) fn steps(draft: Draft<'_>) -> Vec<Step> {
    let owned = draft.owned();
    let mut steps: Vec<Step> = owned.iter().flat_map(|owned| column::expand(draft, *owned)).collect();
    steps.extend(owned.iter().flat_map(|owned| keys::expand(draft, *owned)));
    steps.extend(owned.iter().map(|owned| keys::links(draft, *owned)));
    steps.extend(owned.iter().map(|owned| column::contract(draft, *owned)));
    steps.extend(owned.iter().map(|owned| keys::drop_links(draft, *owned)));
    steps.extend(owned.iter().flat_map(|owned| keys::drop_keys(draft, *owned)));
    steps.push(views(draft));
    steps.retain(|step| !step.is_empty());
    with_settings(steps, settings)
}

fn settings(phase: Phase) -> Step {
    let note =
        "A statement that can't have its lock soon gives up, so that nobody queues behind it: try again.";
    Step::new(phase, note, vec!["SET lock_wait_timeout = 5".to_owned()])
}

/// A view reads with the rights of who made it unless told otherwise
/// (<https://dev.mysql.com/doc/refman/8.4/en/stored-objects-security.html>).
fn views(draft: Draft<'_>) -> Step {
    let views = draft.tenancy.views_as_owner();
    let note = "Views show what who reads them may see.";
    Step::new(Phase::Contract, note, views.map(|view| invoked(draft, view)).collect())
}

fn invoked(draft: Draft<'_>, view: &Relation) -> String {
    let (name, text) = (draft.quoted(&view.name), &view.definition);
    let check = match view.check_option.as_str() {
        "" => String::new(),
        option => format!(" WITH {option} CHECK OPTION"),
    };
    format!("CREATE OR REPLACE SQL SECURITY INVOKER VIEW {name} AS {text}{check}")
}
