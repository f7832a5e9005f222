use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableAliasColumnDef, TableFactor,
    TableFunctionArgs, TableWithJoins,
};

use super::{Flow, ON, Part, Watch, only};

/// A name that stands for a relation.
pub(super) fn named(name: &ObjectName, watch: &mut dyn Watch) -> Flow {
    watch.relation(name)?;
    name.walk(watch)
}

impl Part for TableWithJoins {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let TableWithJoins { relation, joins } = self;
        relation.walk(watch)?;
        joins.walk(watch)
    }
}

impl Part for Join {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let Join { relation, global: _, join_operator } = self;
        relation.walk(watch)?;
        join_operator.walk(watch)
    }
}

impl Part for JoinOperator {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        use JoinOperator as Op;
        match self {
            Op::Join(constraint)
            | Op::Inner(constraint)
            | Op::Left(constraint)
            | Op::LeftOuter(constraint)
            | Op::Right(constraint)
            | Op::RightOuter(constraint)
            | Op::FullOuter(constraint)
            | Op::CrossJoin(constraint)
            | Op::StraightJoin(constraint) => constraint.walk(watch),
            _ => watch.unknown(),
        }
    }
}

impl Part for JoinConstraint {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        match self {
            JoinConstraint::On(condition) => condition.walk(watch),
            JoinConstraint::Using(columns) => columns.walk(watch),
            JoinConstraint::Natural | JoinConstraint::None => ON,
        }
    }
}

impl Part for TableAlias {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let TableAlias { explicit: _, name, columns, at } = self;
        name.walk(watch)?;
        columns.walk(watch)?;
        at.walk(watch)
    }
}

impl Part for TableAliasColumnDef {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let TableAliasColumnDef { name, data_type } = self;
        name.walk(watch)?;
        data_type.walk(watch)
    }
}

impl Part for TableFunctionArgs {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        let TableFunctionArgs { args, settings } = self;
        args.walk(watch)?;
        only(settings.is_none(), watch)
    }
}

impl Part for TableFactor {
    fn walk(&self, watch: &mut dyn Watch) -> Flow {
        watch.table_factor(self)?;
        match self {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality: _,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                named(name, watch)?;
                alias.walk(watch)?;
                args.walk(watch)?;
                with_hints.walk(watch)?;
                partitions.walk(watch)?;
                only(version.is_none() && json_path.is_none() && sample.is_none(), watch)?;
                index_hints.iter().try_for_each(|hint| hint.index_names.walk(watch))
            }
            TableFactor::Derived { lateral: _, subquery, alias, sample } => {
                subquery.walk(watch)?;
                alias.walk(watch)?;
                only(sample.is_none(), watch)
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality: _, alias } => {
                name.walk(watch)?;
                args.walk(watch)?;
                alias.walk(watch)
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: _,
                with_offset_alias,
                with_ordinality: _,
            } => {
                alias.walk(watch)?;
                array_exprs.walk(watch)?;
                with_offset_alias.walk(watch)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                table_with_joins.walk(watch)?;
                alias.walk(watch)
            }
            _ => watch.unknown(),
        }
    }
}
