//! SQLite's write-ahead log (sqlite.org/fileformat2.html, section 4): pages that were changed and have not yet been
//! written back into the database file.
//!
//! A log counts up to its last commit whose salts and running checksum fit; what follows was never finished, or is left
//! of an earlier use of the file.

use super::bytes::{Order, u32_at};

/// Bytes of the log's head and of each frame's.
const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
/// The head's first number; its last bit tells the byte order of checksums.
const MAGIC: u32 = 0x377f_0682;
/// The only format that there is.
const VERSION: u32 = 3_007_000;

/// A running checksum (section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Checksum(u32, u32);

impl Checksum {
    fn add(self, bytes: &[u8], order: Order) -> Self {
        let Self(mut first, mut second) = self;
        for pair in bytes.chunks_exact(8) {
            let number = |at| u32_at(pair, at, order).unwrap_or_default();
            first = first.wrapping_add(number(0)).wrapping_add(second);
            second = second.wrapping_add(number(4)).wrapping_add(first);
        }
        Self(first, second)
    }
}

/// What a log's head says.
pub(super) struct Head {
    /// Bytes of a page.
    pub page: usize,
    order: Order,
    salt: [u8; 8],
    checksum: Checksum,
}

/// One frame: a page and whether a commit ends with it.
struct Frame<'a> {
    number: usize,
    /// Pages of the database after the commit, if one ends here.
    pages: Option<usize>,
    content: &'a [u8],
    checksum: Checksum,
}

impl Head {
    /// Reads the head; `None` if it is none.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let number = |at| u32_at(bytes, at, Order::Big);
        let magic = number(0)?;
        let page = number(8)? as usize;
        let is_head = magic & !1 == MAGIC
            && number(4)? == VERSION
            && (512..=64 << 10).contains(&page)
            && page.is_power_of_two();
        let order = if magic & 1 == 1 { Order::Big } else { Order::Little };
        let checksum = Checksum::default().add(bytes.get(..24)?, order);
        let salt = bytes.get(16..24)?.try_into().ok()?;
        (is_head && checksum == Checksum(number(24)?, number(28)?)).then_some(Self {
            page,
            order,
            salt,
            checksum,
        })
    }

    /// Bytes of a frame.
    pub(super) fn frame(&self) -> usize {
        FRAME_HEAD + self.page
    }

    fn read<'a>(&self, frame: &'a [u8], before: Checksum) -> Option<Frame<'a>> {
        let number = |at| u32_at(frame, at, Order::Big);
        let (head, content) = frame.split_at_checked(FRAME_HEAD)?;
        let checksum = before.add(&head[..8], self.order).add(content, self.order);
        let fits = head[8..16] == self.salt && checksum == Checksum(number(16)?, number(20)?);
        let pages = Some(number(4)? as usize).filter(|pages| *pages > 0);
        let number = number(0)? as usize;
        (fits && number > 0).then_some(Frame { number, pages, content, checksum })
    }
}

/// Looks frame after frame for the first commit, so that nothing of a log is held in memory.
pub(super) struct Search {
    head: Head,
    checksum: Checksum,
}

impl Search {
    /// Begins behind the head.
    pub(super) fn new(head: Head) -> Self {
        Self { checksum: head.checksum, head }
    }

    /// Bytes of a frame.
    pub(super) fn frame(&self) -> usize {
        self.head.frame()
    }

    /// Whether the next frame ends a commit; `None` where the log ends.
    pub(super) fn next(&mut self, frame: &[u8]) -> Option<bool> {
        let frame = self.head.read(frame, self.checksum)?;
        self.checksum = frame.checksum;
        Some(frame.pages.is_some())
    }
}

/// Puts the pages of a log's commits into the database. `None`, and the database as it was, if the log holds no commit, is
/// one of another database, or would make it larger than `limit` bytes.
pub(super) fn apply(database: &mut Vec<u8>, log: &[u8], limit: u64) -> Option<()> {
    let head = Head::parse(log.get(..HEAD)?)?;
    let own_page =
        super::bytes::u16_at(database, 16, Order::Big).map(|page| if page == 1 { 64 << 10 } else { page });
    if own_page.is_some_and(|page| page != head.page) {
        return None;
    }
    let (mut checksum, mut frames, mut committed) = (head.checksum, Vec::new(), None);
    for bytes in log[HEAD..].chunks_exact(head.frame()) {
        let Some(frame) = head.read(bytes, checksum) else { break };
        checksum = frame.checksum;
        let pages = frame.pages;
        frames.push(frame);
        if let Some(pages) = pages {
            committed = Some((frames.len(), pages));
        }
    }
    let (count, pages) = committed?;
    let size = pages.checked_mul(head.page).filter(|size| *size as u64 <= limit)?;
    // A page that the log does not hold must be in the file: a size beyond both is a lie.
    if size > database.len().saturating_add(count * head.page) {
        return None;
    }
    database.resize(size, 0);
    for frame in &frames[..count] {
        let from = (frame.number - 1).checked_mul(head.page)?;
        if let Some(page) = database.get_mut(from..from.saturating_add(head.page)) {
            page.copy_from_slice(frame.content);
        }
    }
    Some(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A log with one frame per page: its number, the size after a commit, one byte that fills it.
    pub(in crate::rpm) fn log(frames: &[(u32, u32, u8)]) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            [MAGIC, VERSION, 512, 0, 7, 9].iter().flat_map(|n| n.to_be_bytes()).collect();
        let mut checksum = Checksum::default().add(&bytes, Order::Little);
        let put = |bytes: &mut Vec<u8>, checksum: Checksum| {
            bytes.extend(checksum.0.to_be_bytes());
            bytes.extend(checksum.1.to_be_bytes());
        };
        put(&mut bytes, checksum);
        for (number, size, fill) in frames {
            let head: Vec<u8> = [*number, *size].iter().flat_map(|n| n.to_be_bytes()).collect();
            let page = vec![*fill; 512];
            checksum = checksum.add(&head, Order::Little).add(&page, Order::Little);
            bytes.extend(head);
            bytes.extend([7_u32, 9].iter().flat_map(|n| n.to_be_bytes()));
            put(&mut bytes, checksum);
            bytes.extend(page);
        }
        bytes
    }

    fn applied(frames: &[(u32, u32, u8)], change: impl Fn(&mut Vec<u8>)) -> Option<Vec<u8>> {
        let mut log = log(frames);
        change(&mut log);
        let mut database = vec![1; 1_024];
        database[16..18].copy_from_slice(&512_u16.to_be_bytes());
        apply(&mut database, &log, 4_096)?;
        Some(database.chunks(512).map(|page| page[100]).collect())
    }

    #[test]
    fn pages_count_up_to_the_last_commit() {
        let same = |_: &mut Vec<u8>| {};
        assert_eq!(applied(&[(2, 0, 5), (3, 3, 6), (1, 0, 9)], same), Some(vec![1, 5, 6]));
        assert_eq!(applied(&[(2, 2, 5), (2, 1, 6)], same), Some(vec![1]));
        assert_eq!(applied(&[(2, 0, 5)], same), None);
        assert_eq!(applied(&[], same), None);
    }

    #[test]
    fn a_frame_that_does_not_fit_ends_the_log() {
        let frames = [(2, 2, 5), (2, 2, 6)];
        let second = HEAD + FRAME_HEAD + 512;
        assert_eq!(applied(&frames, |log| log[second + 8] ^= 1), Some(vec![1, 5]), "salt");
        assert_eq!(applied(&frames, |log| log[second + 30] ^= 1), Some(vec![1, 5]), "content");
        assert_eq!(applied(&frames, |log| log.truncate(second + 40)), Some(vec![1, 5]), "cut off");
        assert_eq!(applied(&frames, |log| log[20] ^= 1), None, "head");
    }

    #[test]
    fn sizes_that_lie_leave_the_database_alone() {
        assert_eq!(applied(&[(2, 9, 5)], |_| {}), None, "beyond the limit");
        assert_eq!(applied(&[(2, 4, 5)], |_| {}), None, "more pages than there are");
        assert_eq!(applied(&[(u32::MAX, 2, 5)], |_| {}), Some(vec![1, 1]));
    }
}
