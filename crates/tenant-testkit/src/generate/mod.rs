//! Makes statements at random: whatever application SQL is made of, in the dialect of each database.
//!
//! Most results are determined by the rows alone: a `LIMIT` stands over a total order, a scalar subquery gives one row.
//! Where that is not so, the oracle finds out.
//!
//! ```
//! use tenant_testkit::generate::Generator;
//! use tenant_testkit::oracle::shop;
//! use tenant_sql::Dialect;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tenant_testkit::oracle::OracleError> {
//! let mut oracle = shop(Dialect::Sqlite, "").open().await?;
//! let generator = Generator::new(Dialect::Sqlite, oracle.schema(), &["secrets"]);
//! for seed in 0..20 {
//!     let statement = generator.statement(seed);
//!     oracle.check(&statement.sql, &statement.arguments).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod aggregate;
mod condition;
mod expression;
mod from;
mod number;
mod query;
pub(crate) mod random;
mod scope;
mod select;
mod text;
mod window;
mod with;
mod write;
mod write_values;

use tenant_sql::Dialect;

use crate::oracle::{Schema, Value};
use random::Random;
use scope::Source;

/// A statement and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// One for each placeholder.
    pub arguments: Vec<Value>,
}

/// Makes statements for one database. The same seed makes the same statement.
#[derive(Debug, Clone)]
pub struct Generator {
    dialect: Dialect,
    sources: Vec<Source>,
}

impl Generator {
    /// Makes a generator for the relations of a schema but those that are left out.
    pub fn new(dialect: Dialect, schema: &Schema, left_out: &[&str]) -> Self {
        let wanted = schema.relations.iter().filter(|relation| !left_out.contains(&relation.name.as_str()));
        Self { dialect, sources: wanted.map(Source::of).collect() }
    }

    /// Makes the statement of this seed: three of five read, the others write.
    pub fn statement(&self, seed: u64) -> Statement {
        let mut maker = self.maker(seed);
        let sql = if maker.random.below(5) < 3 { maker.top() } else { maker.write() };
        maker.finish(&sql)
    }

    /// Makes the query of this seed.
    pub fn query(&self, seed: u64) -> Statement {
        let mut maker = self.maker(seed);
        let sql = maker.top();
        maker.finish(&sql)
    }

    /// Makes the `INSERT`, `UPDATE`, `DELETE` or `MERGE` of this seed.
    pub fn write(&self, seed: u64) -> Statement {
        let mut maker = self.maker(seed);
        let sql = maker.write();
        maker.finish(&sql)
    }

    fn maker(&self, seed: u64) -> Maker<'_> {
        Maker {
            dialect: self.dialect,
            sources: &self.sources,
            random: Random::new(seed),
            ctes: Vec::new(),
            avoided: None,
            inside: 0,
            names: 0,
            numbered: false,
        }
    }
}

/// Makes one statement.
struct Maker<'g> {
    dialect: Dialect,
    sources: &'g [Source],
    random: Random,
    ctes: Vec<Source>,
    /// The name of the CTE that is being made.
    avoided: Option<String>,
    /// How many compounds, CTEs and derived tables deep we are.
    inside: u32,
    names: usize,
    /// SQLite: `?1` instead of `?`.
    numbered: bool,
}

/// Stand for the placeholders until the text is whole: parts of it are thrown away on the way.
const INTEGER: &str = "\u{1}";
const TEXT: &str = "\u{2}";

impl Maker<'_> {
    fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }

    fn postgres(&self) -> bool {
        self.is(Dialect::Postgres)
    }

    fn mysql(&self) -> bool {
        self.is(Dialect::MySql)
    }

    fn sqlite(&self) -> bool {
        self.is(Dialect::Sqlite)
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn finish(mut self, marked: &str) -> Statement {
        self.numbered = self.sqlite() && self.random.one_in(6);
        let mut arguments = Vec::new();
        let mut sql = String::with_capacity(marked.len() + 16);
        for c in marked.chars() {
            let value = match c {
                '\u{1}' => Value::Int(self.random.below(12).into()),
                '\u{2}' => {
                    Value::Text(self.random.pick(&["n1", "n3", "t2", "canary", "x'; --", "%"]).to_owned())
                }
                other => {
                    sql.push(other);
                    continue;
                }
            };
            sql.push_str(&self.placeholder(&mut arguments, value));
        }
        Statement { sql, arguments }
    }

    /// Numbered ones are used a second time now and then.
    fn placeholder(&mut self, arguments: &mut Vec<Value>, value: Value) -> String {
        let sign = match self.dialect {
            Dialect::Postgres => "$",
            Dialect::Sqlite if self.numbered => "?",
            Dialect::Sqlite | Dialect::MySql => {
                arguments.push(value);
                return "?".to_owned();
            }
        };
        let same = |other: &Value| std::mem::discriminant(other) == std::mem::discriminant(&value);
        if self.random.one_in(4)
            && let Some(at) = arguments.iter().position(same)
        {
            return format!("{sign}{}", at + 1);
        }
        arguments.push(value);
        format!("{sign}{}", arguments.len())
    }
}
