//! SPDX JSON: 2.2 and 2.3 in, 2.3 out (spdx.github.io/spdx-spec/v2.3).
//!
//! The decision a reader may doubt: 3.0 is refused in words. It is another model, a graph whose elements may lie in other
//! documents, and no image scanner writes it by default.

mod foreign;
mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;
