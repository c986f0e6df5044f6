//! The frames of the log: a magic word, the length, a checksum, the record.
//!
//! The decision a reader may doubt: after a frame that is damaged the rest of the file is searched for the next magic word
//! with a right checksum behind it, and not given up. A torn end is what a crash leaves, but a disk may spoil a
//! block in the middle, and what stands behind it is still the newest that is known of its containers.

use serde::{Deserialize, Serialize};

use model::{ContainerState, Timestamp};

/// What every frame begins with.
const MAGIC: &[u8; 4] = b"PLS1";
/// Magic word, length, checksum.
pub(super) const HEAD: usize = 12;
/// The longest record that is read or written.
pub(crate) const LONGEST: usize = 64 << 20;

/// What the log tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Record {
    /// The newest of a container.
    Container(ContainerRecord),
    /// The server has that version of a container.
    Sent { id: [u8; 32], number: u64 },
    /// A container is not followed any more.
    Forgotten { id: [u8; 32] },
    /// A container is gone and the server knows.
    Gone { id: [u8; 32] },
    /// The server has the report of an image.
    Image { id: [u8; 32], scanner: u64, names: u64 },
    /// All events of a runtime up to this time are in the log.
    Followed { runtime: String, until: Timestamp },
    /// The time, by the server's clock, of the newest that it has of a container, where that is not the time of the last version that it has.
    Told { id: [u8; 32], at: Timestamp },
}

/// The newest of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContainerRecord {
    /// The runtime's id.
    pub(super) id: [u8; 32],
    /// Versions of all containers are numbered through.
    pub(super) number: u64,
    /// Which runtime, by the first word of its description.
    pub(super) runtime: String,
    /// What the container does.
    pub(super) state: ContainerState,
    /// When it was seen.
    pub(super) observed_at: Timestamp,
    /// Since when there is something that the server lacks.
    pub(super) since: Timestamp,
    /// A print of all but the time.
    pub(super) print: u64,
    /// Whether the server has it.
    pub(super) sent: bool,
    /// The report as JSON, compressed.
    pub(super) body: Vec<u8>,
}

/// The frame of a record.
pub(super) fn encode(record: &Record) -> Option<Vec<u8>> {
    let payload = postcard::to_stdvec(record).ok().filter(|payload| payload.len() <= LONGEST)?;
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.extend_from_slice(MAGIC);
    frame.extend_from_slice(&u32::try_from(payload.len()).ok()?.to_le_bytes());
    frame.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
    frame.extend_from_slice(&payload);
    Some(frame)
}

/// The length of the payload that a head promises.
pub(super) fn promised(head: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?) as usize;
    (head.starts_with(MAGIC) && length <= LONGEST).then_some(length)
}

/// The record of a whole frame; `None` if anything of it is damaged.
pub(super) fn decode(frame: &[u8]) -> Option<Record> {
    let length = promised(frame)?;
    let payload = frame.get(HEAD..HEAD + length)?;
    let sum = u32::from_le_bytes(frame.get(8..12)?.try_into().ok()?);
    if crc32fast::hash(payload) != sum {
        return None;
    }
    postcard::from_bytes(payload).ok()
}

/// How many bytes to leave out until something that may be a frame begins.
pub(super) fn next_magic(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MAGIC.len()).position(|window| window == MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_no_changed_bit_is_taken_for_one() {
        let record = Record::Image { id: [7; 32], scanner: 1, names: u64::MAX };
        let frame = encode(&record).unwrap();
        assert_eq!(decode(&frame), Some(record));
        for at in 0..frame.len() {
            let mut bad = frame.clone();
            bad[at] ^= 1;
            assert_eq!(decode(&bad), None, "byte {at}");
            assert_eq!(decode(&frame[..at]), None, "cut at {at}");
        }
    }
}
