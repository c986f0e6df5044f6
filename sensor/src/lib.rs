//! The sensor: it stands beside a container runtime or walks registries and tells the server what there is.
//!
//! What it is for: following a runtime's events, reading images and writable layers where the runtime keeps them, and getting what
//! it saw to the server, whatever happens on the way. What it is not for: judging anything; a report holds facts, and the
//! server knows what they mean.
//!
//! The decision a reader may doubt: no event is trusted. An event says where to look, what is reported is what the runtime says
//! when it is asked, and a full listing at intervals finds whatever an event did not tell.

pub mod client;
pub mod drift;
pub mod engine;
pub mod host;
pub mod in_use;
pub mod kubernetes;
pub mod limits;
pub mod registry;
pub mod runtime;
pub mod spool;
