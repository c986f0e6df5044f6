//! Tests on single values: text, keywords, numbers, dates, addresses.
//!
//! Each has `matches`, which is the whole truth about it, and what an index can use to find candidates quickly.

mod ip;
mod keyword;
mod number;
mod text;

pub(crate) use ip::number as ip_number;
pub use ip::{IpRange, IpTest};
pub use keyword::KeywordTest;
pub use number::{DateTest, NumberTest};
pub(crate) use text::is_uuid;
pub use text::{Glance, TextTest, fold, tokens};
