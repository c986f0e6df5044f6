//! The reader of saved indexes, for the fuzz targets.

use crate::persist::{Part, Source};

/// Reads the first byte as the kind of a part and the others as the part, whose checksums a fuzzer would not guess.
pub fn read_part(bytes: &[u8]) {
    let Some((kind, part)) = bytes.split_first() else { return };
    // only that it comes back, with a part or with an error
    drop(Part::load(*kind, &mut Source::of_block(part.to_vec())));
}
