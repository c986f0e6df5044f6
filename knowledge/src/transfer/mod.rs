//! Bundles on their way: signed, packed, as the difference of two, checked when they arrive.
//!
//! What it is for: everything that happens to a finished bundle between the machine that compiles it and the data
//! directory that it comes into force in. What it is not for: what is in a bundle.
//!
//! The decision a reader may doubt: a signature is made over the bundle itself. Whatever way it travels, whole, packed or
//! as a delta, the same four lines prove the file that comes out in the end.

pub(crate) mod delta;
mod diff;
mod key;
pub(crate) mod pack;
mod receive;
mod seal;

pub use delta::{DeltaInfo, apply_delta, delta_between, delta_info};
pub use diff::{Difference, FeedDifference, NamespaceDifference, VulnerabilityChange, VulnerabilityName};
pub use key::{PublicKey, SecretKey};
pub use pack::{pack, unpack};
pub use receive::{BundleForm, Received, form_of};
pub use seal::{Signature, signature_path};

/// The longest bundle that is made from something that came from outside.
const MAX_BUNDLE: u64 = 2 << 30;
