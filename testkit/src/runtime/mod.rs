//! Container runtimes for tests: real ones, each with a storage, sockets and network of its own, and one that only says what it is told.
//!
//! What it is for: tests of what speaks to a runtime. What it is not for: anything that runs on the machine's own runtimes; none of them is
//! touched.
//!
//! The decision a reader may doubt: a daemon is the child of a shell that waits for the end of a pipe which the test holds open, as with
//! [`crate::postgres`]. However the test's process ends, the pipe closes, and the shell ends the containers, stops the daemon, unmounts what
//! is left and removes the folder.

mod containerd;
mod fake;
mod real;
mod supervise;

pub use containerd::{RealContainerd, SANDBOX_IMAGE};
pub use fake::{FakeRuntime, Said, Then};
pub use real::{Kind, RealRuntime};

/// If set, a test fails rather than be skipped where a runtime does not start.
pub const DEMAND_VARIABLE: &str = "PLIMSOLL_DEMAND_RUNTIMES";
