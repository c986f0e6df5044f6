//! Tags, which scopes are made of.

pub(crate) mod assign;
pub(crate) mod unassign;
