//! Queries over the columns: a condition is answered by whole columns and sets of positions, exactly.

mod column;
mod container_table;
mod content;
pub(crate) mod cursor;
mod elements;
mod evaluate;
mod evidence;
mod formula;
mod hosts;
mod image_table;
mod order;
mod pass;
pub(crate) mod row;
mod search;
mod shown;
mod tally;
#[cfg(test)]
mod tests;
mod tuples;

pub(crate) use column::Column;
#[cfg(test)]
pub(crate) use column::numbers;
pub(crate) use column::time as shown_time;
pub(crate) use container_table::ContainerTable;
pub(crate) use content::{Content, PlainRecord};
pub(crate) use elements::{ContainerRow, ImageRow};
pub(crate) use evaluate::{Table, evaluate};
pub(crate) use hosts::column as host_column;
pub(crate) use image_table::ImageTable;
pub(crate) use order::Keys;
pub(crate) use search::Search;
pub(crate) use shown::score as shown_score;
pub(crate) use tally::Key;
