//! Queries over the columns: a condition is answered by whole columns and sets of positions, exactly.

mod column;
mod container_table;
mod content;
pub(crate) mod cursor;
mod evaluate;
mod evidence;
mod formula;
mod hosts;
mod image_table;
mod pass;
mod predicate;
pub(crate) mod row;
mod shown;
mod tuples;

pub(crate) use column::Column;
pub(crate) use container_table::ContainerTable;
pub(crate) use content::Content;
pub(crate) use evaluate::{Table, evaluate};
pub(crate) use image_table::ImageTable;
pub(crate) use predicate::Predicate;
