//! The query language of the Container Security API: text to syntax tree and back, and the tables of tokens.
//!
//! What it is for: reading a filter or a cursor, saying precisely what is wrong with it, printing one, and
//! knowing which tokens an entity has and of which type they are. What it is not for: evaluating anything.
//! There is no SQL, no HTTP and no index here.
//!
//! The decision a reader may doubt: the grammar is read in full, although few tokens can be searched yet.
//! [`fields`] says per token whether it can, so a client learns "not supported yet" with the token's name
//! instead of a syntax error about text that is right.

mod ast;
mod date;
mod error;
pub mod fields;
mod lex;
mod parse;
mod print;
mod value;

pub use ast::{Expr, Op, Place, Query, Quote, Range, Scalar, Term, Token, Value};
pub use date::{Period, parse_date};
pub use error::QueryError;
pub use parse::parse;
pub use value::quoted_range;

/// Bytes of a query that are accepted.
pub const MAX_LENGTH: usize = 64 * 1024;

/// Levels of groups and negations that are accepted.
pub const MAX_DEPTH: usize = 1000;
