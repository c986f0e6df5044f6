//! The fleet over a real store: what the index says equals what the database says, for everybody who may ask.

#![expect(clippy::unwrap_used, reason = "what fails while a test is set up fails the test")]

mod ask;
mod follow;
mod judgement;
mod lists;
mod saved;
mod scope;
mod since;
mod support;
