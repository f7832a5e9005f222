use sqlparser::ast::{Join, JoinConstraint, JoinOperator};

use super::Result;
use crate::refusal::Refusal;

/// Where the predicate of a relation filters it and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The relation's rows are preserved: in `WHERE`.
    Where,
    /// The relation is the null-supplying side of the join that brings it in: in its `ON`.
    On,
    /// Anything else: below the join, in a derived table.
    Derived,
}

/// Which sides of a join may be filled with nulls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    None,
    Right,
    Left,
    Both,
}

/// Whether one of the joins may fill what stands left of it with nulls.
pub(super) fn nulls_the_left(joins: &[Join]) -> Result<bool> {
    let sides = joins.iter().map(|join| side(&join.join_operator)).collect::<Result<Vec<_>>>()?;
    Ok(sides.iter().any(|side| matches!(side, Side::Left | Side::Both)))
}

/// Returns the places of the first relation and of each joined one.
pub(super) fn places(joins: &[Join]) -> Result<Vec<Place>> {
    let sides = joins.iter().map(|join| side(&join.join_operator)).collect::<Result<Vec<_>>>()?;
    let mut places = Vec::with_capacity(joins.len() + 1);
    for at in 0..=joins.len() {
        let later_nulls = sides.iter().skip(at).any(|side| matches!(side, Side::Left | Side::Both));
        let own = at.checked_sub(1).and_then(|own| Some((sides.get(own)?, joins.get(own)?)));
        places.push(match own {
            _ if later_nulls => Place::Derived,
            Some((Side::Both, _)) => Place::Derived,
            Some((Side::Right, join)) if has_on(&join.join_operator) => Place::On,
            Some((Side::Right, _)) => Place::Derived,
            Some((Side::None | Side::Left, _)) | None => Place::Where,
        });
    }
    Ok(places)
}

fn has_on(operator: &JoinOperator) -> bool {
    matches!(
        operator,
        JoinOperator::Left(JoinConstraint::On(_)) | JoinOperator::LeftOuter(JoinConstraint::On(_))
    )
}

fn side(operator: &JoinOperator) -> Result<Side> {
    use JoinOperator as Op;
    match operator {
        Op::Join(_) | Op::Inner(_) | Op::CrossJoin(_) | Op::StraightJoin(_) => Ok(Side::None),
        Op::Left(_) | Op::LeftOuter(_) => Ok(Side::Right),
        Op::Right(_) | Op::RightOuter(_) => Ok(Side::Left),
        Op::FullOuter(_) => Ok(Side::Both),
        Op::Semi(_)
        | Op::LeftSemi(_)
        | Op::RightSemi(_)
        | Op::Anti(_)
        | Op::LeftAnti(_)
        | Op::RightAnti(_)
        | Op::CrossApply
        | Op::OuterApply
        | Op::AsOf { match_condition: _, constraint: _ }
        | Op::ArrayJoin
        | Op::LeftArrayJoin
        | Op::InnerArrayJoin => Err(Refusal::construct_of("join")),
    }
}

/// The constraint of a join that [`side`] let pass.
pub(super) fn constraint(operator: &mut JoinOperator) -> Result<&mut JoinConstraint> {
    use JoinOperator as Op;
    match operator {
        Op::Join(constraint)
        | Op::Inner(constraint)
        | Op::Left(constraint)
        | Op::LeftOuter(constraint)
        | Op::Right(constraint)
        | Op::RightOuter(constraint)
        | Op::FullOuter(constraint)
        | Op::CrossJoin(constraint)
        | Op::StraightJoin(constraint) => Ok(constraint),
        Op::Semi(_)
        | Op::LeftSemi(_)
        | Op::RightSemi(_)
        | Op::Anti(_)
        | Op::LeftAnti(_)
        | Op::RightAnti(_)
        | Op::CrossApply
        | Op::OuterApply
        | Op::AsOf { match_condition: _, constraint: _ }
        | Op::ArrayJoin
        | Op::LeftArrayJoin
        | Op::InnerArrayJoin => Err(Refusal::construct_of("join")),
    }
}
