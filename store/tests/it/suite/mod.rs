//! The cases, by aggregate. Each takes an empty database of some engine.

pub(crate) mod account;
pub(crate) mod change;
pub(crate) mod container;
pub(crate) mod deletion;
pub(crate) mod image;
pub(crate) mod inside;
pub(crate) mod job;
pub(crate) mod judgement;
pub(crate) mod recent;
pub(crate) mod registry;
pub(crate) mod sensor;
pub(crate) mod verify;
