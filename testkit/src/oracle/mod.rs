//! The oracle: queries over fleets answered a second time, row by row, by code that shares nothing with the server.
//!
//! What it is for: comparing the server's filters, orders and counts with what its own records say. Random fleets
//! are made and sent like any client's, random questions are written in the many spellings of the language, and each
//! is answered by walking through the JSON records that the same account gets without a filter. What it is not
//! for: saying whether a record itself is right.
//!
//! The decision a reader may doubt: words, dates, addresses, null, arrays and orders are written once more here, from
//! the description of the language instead of from the `qql` and `fleet` crates. A rule that was misunderstood there is
//! then not misunderstood here by the same line of code.

mod address;
mod ask;
mod dice;
mod feeds;
mod fleet;
mod judge;
mod moment;
mod order;
mod packages;
mod parse;
mod phrase;
mod print;
mod record;
mod runtime;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub use ask::{Asker, shorter};
pub use dice::Dice;
pub use fleet::{RandomFleet, Size, Step};
pub use judge::Judge;
pub use order::{sort, sort_by_uuid_too};
pub use parse::parse;
pub use print::print;
pub use record::{IN_COMMON, container_record, image_record, software_rows};
pub use table::{Column, Entity, Kind};
pub use text::words;
pub use tree::{Ask, Quotes, Sign, Span, Test, Word};
