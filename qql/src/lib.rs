//! The query language of the Container Security API: text to syntax tree and back, and the tables of tokens.
//!
//! What it is for: reading a filter or a cursor, saying precisely what is wrong with it, printing one, knowing which tokens
//! an entity has and of which type they are, and turning a query into a [`Condition`] in which nothing has to be looked up
//! any more. What it is not for: answering questions about many records. There is no SQL, no HTTP and no index here; tests on
//! single values and on single records are, because what "matches" means belongs to the language.
//!
//! The decision a reader may doubt: parsing and resolving are two steps. Text is parsed where it comes in, as cursors
//! are taken apart there; what its tokens mean is known only once the entity and the moment of `now` are.

mod ast;
mod complete;
mod condition;
mod date;
mod error;
pub mod fields;
mod lex;
mod merge;
mod parse;
mod print;
mod resolve;
mod row;
mod scope;
mod suggest;
mod test;
mod value;

pub use ast::{Expr, Op, Place, Query, Quote, Range, Scalar, Term, Token, Value};
pub use complete::{Candidate, CandidateKind, Completions, MAX_COMPLETIONS, Values, complete};
pub use condition::{Condition, Test};
pub use date::{Period, parse_date};
pub use error::QueryError;
pub use fields::{Array, Entity, FieldId, SmallEntity};
pub use parse::parse;
pub use resolve::{
    Sort, resolve, resolve_column, resolve_expr, resolve_small, resolve_small_sort, resolve_sort,
};
pub use row::{Row, Shown, compare, holds};
pub use test::{DateTest, Glance, IpRange, IpTest, KeywordTest, NumberTest, TextTest, fold, tokens};
pub use value::quoted_range;

/// Bytes of a query that are accepted.
pub const MAX_LENGTH: usize = 64 * 1024;

/// Levels of groups and negations that are accepted.
pub const MAX_DEPTH: usize = 1000;

/// Tests that a query may come to, alternatives on one token counted as one. More than twice [`MAX_DEPTH`], so that the
/// deepest query is no mistake.
pub const MAX_TESTS: usize = 4096;

/// Values of a list that are accepted.
pub const MAX_LIST: usize = 10_000;
