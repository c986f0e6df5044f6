//! What a container holds beyond its image, told by its own writable layer.
//!
//! What it is for: reading the layer that a container writes to as one more layer of its image, and saying which packages,
//! programs and packages' files differ. What it is not for: finding containers, or judging what the difference means.
//!
//! The decision a reader may doubt: a file is known by its times. [`fingerprint`] looks at every entry of the writable layer,
//! but opens none; what has the same number, size and times of change as before is not read again. The kernel sets the time
//! of change, and nobody in a container can set it back. Two ways of writing escape it: a second write in the same tick of the
//! clock, which is why a layer that changed just now is looked at again, and a write through a shared mapping into a page
//! that was written shortly before.

mod compare;
mod copy;
mod error;
mod file;
mod folder;
mod home;
mod image;
mod limits;
mod look;
mod lower;
mod memory;
mod package;
mod read;
mod stamp;
mod walk;

pub use error::DriftError;
pub use image::{ImageState, Images};
pub use limits::Limits;
pub use memory::Memory;
pub use read::{check, fingerprint, read};
pub use stamp::Fingerprint;

pub(crate) use home::{Homes, resolve};
pub(crate) use lower::{Lower, Opened};
pub(crate) use read::lower_of;

#[cfg(test)]
pub(crate) mod tests;
