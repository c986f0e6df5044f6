//! What changes from one bundle to the next, as a file: applied to the old bundle it gives the new one, bit for bit.
//!
//! ```text
//! offset  size  what (integers are little-endian)
//!      0     8  magic "PLIMDELT"
//!      8     4  format version of the delta
//!     12     4  format version of both bundles
//!     16     8  length of the whole file
//!     24    32  SHA-256 of everything from byte 56 on
//!     56    32  id of the old bundle
//!     88    32  id of the new bundle
//!    120     8  length of the new bundle
//!    128     8  length of the plan, unpacked
//!    136     8  length of the plan, packed
//!    144     8  length of the blobs, unpacked
//!    152        the plan, then the blobs, each a zstd frame
//! ```
//!
//! The plan lists the sections of the new bundle in their order and how each is made; see [`plan`]. The blobs are what the
//! plan cannot take from the old bundle. The decision a reader may doubt: rows are named by their place and not by their
//! key. The old bundle is known by its checksum before anything is applied, so that places are certain, and a day's new
//! exploit predictions cost their own eight bytes and nothing for their names.

pub(crate) mod apply;
mod make;
mod plan;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use model::Digest;

pub use apply::apply_delta;
pub use make::delta_between;

use super::MAX_BUNDLE;
use super::key::part;
use crate::bundle::format::{FORMAT, u32_at, u64_at};
use crate::error::KnowledgeError;

pub(super) const MAGIC: [u8; 8] = *b"PLIMDELT";
const DELTA_FORMAT: u32 = 1;
const HEADER: usize = 152;
/// Where that lies which the checksum covers.
const SEALED: usize = 56;
/// The longest delta that is read.
const MAX_DELTA: u64 = 1 << 30;
/// The longest plan.
const MAX_PLAN: u64 = 256 << 20;
/// As much of the old bundle as new blobs are compared with.
const MAX_PREFIX: usize = 64 << 20;

/// What a delta says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeltaInfo {
    /// The bundle that it starts from.
    pub old: Digest,
    /// The bundle that it leads to.
    pub new: Digest,
    /// The length of the new bundle.
    pub length: u64,
}

/// Reads what a delta says about itself, after its checksum was compared.
///
/// # Errors
/// If it cannot be read, is damaged or was written by a newer program.
pub fn delta_info(path: &Path) -> Result<DeltaInfo, KnowledgeError> {
    let bytes = read(path)?;
    Header::read(&bytes).map(|header| header.info).map_err(unusable(path))
}

/// The whole file, up to the limit.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, KnowledgeError> {
    let file = File::open(path).map_err(KnowledgeError::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(MAX_DELTA + 1).read_to_end(&mut bytes).map_err(KnowledgeError::io("read", path))?;
    if bytes.len() as u64 > MAX_DELTA {
        return Err(unusable(path)(format!("it has more than {MAX_DELTA} bytes")));
    }
    Ok(bytes)
}

fn unusable(path: &Path) -> impl FnOnce(String) -> KnowledgeError {
    let path = path.to_owned();
    move |reason| KnowledgeError::Unusable { path, what: "delta", reason }
}

/// The header of a delta whose checksum is right.
#[derive(Clone, Copy, Debug)]
struct Header {
    info: DeltaInfo,
    plan: u64,
    packed_plan: usize,
    blobs: u64,
}

impl Header {
    fn read(file: &[u8]) -> Result<Self, String> {
        if file.len() < HEADER {
            return Err(format!("it has {} bytes, less than a header", file.len()));
        }
        if file[..8] != MAGIC {
            return Err("it does not start with a delta's magic".into());
        }
        let (format, bundles) = (u32_at(file, 8), u32_at(file, 12));
        if format > DELTA_FORMAT || bundles > FORMAT {
            return Err(format!(
                "it is of format {format} for bundles of format {bundles}, this program reads up to {DELTA_FORMAT} and \
                 {FORMAT}: update plimsoll"
            ));
        }
        if format != DELTA_FORMAT || bundles != FORMAT {
            return Err(format!("format {format} for bundles of format {bundles} is not known"));
        }
        let total = u64_at(file, 16);
        if total != file.len() as u64 {
            return Err(format!("it has {} of {total} bytes", file.len()));
        }
        if Digest::of(&file[SEALED..]).as_bytes()[..] != file[24..SEALED] {
            return Err("its checksum does not match".into());
        }
        let digest = |at| Digest::from_bytes(part(file, at));
        let [length, plan, packed_plan, blobs] = [120, 128, 136, 144].map(|at| u64_at(file, at));
        let packed = (file.len() - HEADER) as u64;
        if length > MAX_BUNDLE || blobs > length || plan > MAX_PLAN || packed_plan > packed {
            return Err(format!(
                "it claims a bundle of {length} bytes with {blobs} new ones and a plan of {plan}, which is beyond the limits"
            ));
        }
        let info = DeltaInfo { old: digest(56), new: digest(88), length };
        Ok(Self { info, plan, packed_plan: packed_plan as usize, blobs })
    }
}

/// Makes magic, formats, length, base and checksum of a delta right, if it is as long as a header.
#[cfg(fuzzing)]
pub(crate) fn seal(file: &mut [u8], old: Digest) {
    if file.len() < HEADER {
        return;
    }
    let total = file.len() as u64;
    file[..8].copy_from_slice(&MAGIC);
    file[8..12].copy_from_slice(&DELTA_FORMAT.to_le_bytes());
    file[12..16].copy_from_slice(&FORMAT.to_le_bytes());
    file[16..24].copy_from_slice(&total.to_le_bytes());
    file[56..88].copy_from_slice(old.as_bytes());
    let checksum = *Digest::of(&file[SEALED..]).as_bytes();
    file[24..SEALED].copy_from_slice(&checksum);
}
