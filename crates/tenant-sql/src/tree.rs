//! Trees of the parser, kept at arm's length.
//!
//! What the parser derives for its types (to drop, copy and compare them) is compiled again in each place that uses it,
//! for the types of all statements of all databases. Hence this is the one place that drops whole statements, and
//! none copies or compares: see [`infix`] and [`same_shape`].

use std::mem::{Discriminant, discriminant};
use std::ops::{Deref, DerefMut};

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Query, Select, Statement, TableFactor, Value, ValueWithSpan,
};
use sqlparser::dialect::{Dialect as _, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::walk::{Flow, ON, Watch, walk};

/// A statement. Behind a vtable, because whoever holds the type itself compiles how to drop it.
pub(crate) struct Tree(Box<dyn Held>);

trait Held {
    fn statement(&self) -> &Statement;
    fn statement_mut(&mut self) -> &mut Statement;
}

impl Held for Statement {
    fn statement(&self) -> &Statement {
        self
    }

    fn statement_mut(&mut self) -> &mut Statement {
        self
    }
}

impl Tree {
    /// The only statement, or how many there are instead.
    pub(crate) fn only(parser: &mut Parser<'_>) -> Result<Result<Self, usize>, ParserError> {
        let mut statements = parser.parse_statements()?;
        let count = statements.len();
        Ok(match statements.pop() {
            Some(statement) if count == 1 => Ok(Self(Box::new(statement))),
            _ => Err(count),
        })
    }
}

impl Deref for Tree {
    type Target = Statement;

    fn deref(&self) -> &Statement {
        self.0.statement()
    }
}

impl DerefMut for Tree {
    fn deref_mut(&mut self) -> &mut Statement {
        self.0.statement_mut()
    }
}

/// Reads the right side of an operator of our own. The parser's own dialect builds the node: it has compiled how to copy
/// the left side already.
pub(crate) fn infix(
    parser: &mut Parser<'_>,
    left: &Expr,
    operator: &str,
    precedence: u8,
) -> Option<Result<Expr, ParserError>> {
    let dialect = SQLiteDialect {};
    let model = ["GLOB", "NULL"].map(Token::make_keyword).to_vec();
    let mut node = dialect.parse_infix(&mut Parser::new(&dialect).with_tokens(model), left, precedence)?;
    if let Ok(Expr::BinaryOp { left: _, op, right }) = &mut node {
        *op = BinaryOperator::Custom(operator.to_owned());
        match parser.parse_subexpr(precedence) {
            Ok(read) => **right = read,
            Err(error) => return Some(Err(error)),
        }
    }
    Some(node)
}

/// Whether two trees that print as the same text are the same: the text tells all but what belongs to what.
pub(crate) fn same_shape(left: &Statement, right: &Statement) -> bool {
    let (mut first, mut second) = (Shape::default(), Shape::default());
    let walked = walk(left, &mut first).is_continue() && walk(right, &mut second).is_continue();
    walked && first.0 == second.0
}

/// A tree as its nodes in the order of the walk, each with what it is; brackets where their number may vary.
#[derive(Default)]
struct Shape(Vec<Node>);

#[derive(PartialEq, Eq)]
enum Node {
    Statement(Discriminant<Statement>),
    Query,
    QueryEnds,
    Set,
    SetEnds,
    Select,
    Factor(Discriminant<TableFactor>),
    Expr(Discriminant<Expr>),
    ExprEnds,
    Value(Discriminant<Value>),
    Ident(usize, Option<char>),
}

impl Shape {
    fn push(&mut self, node: Node) -> Flow {
        self.0.push(node);
        ON
    }
}

impl Watch for Shape {
    fn statement(&mut self, statement: &Statement) -> Flow {
        self.push(Node::Statement(discriminant(statement)))
    }

    fn query(&mut self, _query: &Query) -> Flow {
        self.push(Node::Query)
    }

    fn query_ends(&mut self) {
        self.0.push(Node::QueryEnds);
    }

    fn set(&mut self) -> Flow {
        self.push(Node::Set)
    }

    fn set_ends(&mut self) {
        self.0.push(Node::SetEnds);
    }

    fn select(&mut self, _select: &Select) -> Flow {
        self.push(Node::Select)
    }

    fn table_factor(&mut self, factor: &TableFactor) -> Flow {
        self.push(Node::Factor(discriminant(factor)))
    }

    fn expr(&mut self, expr: &Expr) -> Flow {
        self.push(Node::Expr(discriminant(expr)))
    }

    fn expr_ends(&mut self) {
        self.0.push(Node::ExprEnds);
    }

    fn value(&mut self, value: &ValueWithSpan) -> Flow {
        self.push(Node::Value(discriminant(&value.value)))
    }

    fn ident(&mut self, ident: &Ident) -> Flow {
        self.push(Node::Ident(ident.value.len(), ident.quote_style))
    }
}

#[cfg(test)]
mod tests;
