//! What two runs have to have in common.

use super::answer::{Answer, Failure};
use super::difference::{DifferenceKind, only};
use super::trial::Trial;

/// In what two runs differ, and what each gave.
pub(super) type Found = (DifferenceKind, String, String);

pub(super) fn alike(single: &Trial, other: &Trial, writes: bool, kind: DifferenceKind) -> bool {
    let answers = match (&single.answer, &other.answer) {
        (Ok(here), Ok(there)) => {
            compare_answers(here, there, writes, kind == DifferenceKind::Order).is_none()
        }
        (Err(_), Err(_)) => true,
        _ => false,
    };
    answers && (!writes || single.contents.own == other.contents.own)
}

pub(super) fn compare_answers(here: &Answer, there: &Answer, writes: bool, ordered: bool) -> Option<Found> {
    let found = |kind, here: String, there: String| Some((kind, here, there));
    if !here.rows.is_empty() && !there.rows.is_empty() && here.columns != there.columns {
        return found(DifferenceKind::Columns, here.columns.join(", "), there.columns.join(", "));
    }
    if here.rows != there.rows {
        if here.sorted() != there.sorted() {
            return found(DifferenceKind::Rows, only(&here.rows, &there.rows), only(&there.rows, &here.rows));
        }
        if ordered {
            return found(DifferenceKind::Order, here.rows.join(" ; "), there.rows.join(" ; "));
        }
    }
    if writes && here.affected != there.affected {
        return found(DifferenceKind::Affected, here.affected.to_string(), there.affected.to_string());
    }
    None
}

pub(super) fn compare_contents(here: &Trial, there: &Trial, writes: bool) -> Option<Found> {
    let (here, there) = (&here.contents.own, &there.contents.own);
    (writes && here != there).then(|| (DifferenceKind::Contents, only(here, there), only(there, here)))
}

/// `42P10`: on the shared database no unique key is without the tenant, which the scoped text adds.
pub(super) fn third_opinion(shared: &Trial, secured: &Trial, writes: bool) -> Option<Found> {
    let found = match (&shared.answer, &secured.answer) {
        (_, Err(Failure::TooLarge)) | (Err(Failure::TooLarge), _) | (Err(_), Err(_)) => None,
        (_, Err(Failure::Database(why))) if why.starts_with("42P10") => None,
        (_, Err(failure)) | (Err(failure), _) if failure.depends_on_the_plan() => None,
        (Ok(here), Ok(there)) => {
            compare_answers(here, there, writes, false).or_else(|| compare_contents(shared, secured, writes))
        }
        (here, there) => Some((DifferenceKind::Failure, outcome(here), outcome(there))),
    };
    found.map(|(kind, here, there)| (DifferenceKind::RowLevelSecurity, format!("{kind:?}: {here}"), there))
}

pub(super) fn outcome(answer: &Result<Answer, Failure>) -> String {
    match answer {
        Ok(answer) => format!("{} rows, {} changed", answer.rows.len(), answer.affected),
        Err(Failure::Database(why) | Failure::Lost(why)) => format!("fails: {why}"),
        Err(Failure::TooLarge) => "too large".to_owned(),
    }
}
