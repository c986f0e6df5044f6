//! The file of frames: appended to, read in place, written anew when most of it is outdated.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files;
use super::frame::{self, HEAD, Record};

/// Bytes that are searched at a time for the next whole frame.
const STEP: usize = 64 << 10;

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// The log's file. What is appended is in the kernel's hands when [`Log::append`] returns, so it outlives the process; it
/// outlives the machine after [`File::sync_data`] of [`Log::file`].
pub(super) struct Log {
    path: PathBuf,
    file: Arc<File>,
    length: u64,
    /// Bytes that the file may grow to.
    most: u64,
    /// Whether something was appended since it was last taken to the disk.
    is_dirty: bool,
}

/// Reads records back.
pub(super) struct LogReader {
    file: Arc<File>,
}

impl LogReader {
    /// A record; `None` if the disk spoilt it.
    pub(super) fn read(&self, at: At) -> io::Result<Option<Record>> {
        let mut frame = vec![0; at.length as usize];
        self.file.read_exact_at(&mut frame, at.offset)?;
        Ok(frame::decode(&frame))
    }
}

/// What became of reading a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Damage {
    /// Bytes at the end that were no whole frame and were cut off.
    pub(super) torn: u64,
    /// Bytes before it that are no frame.
    pub(super) spoilt: u64,
}

impl Log {
    /// Opens the log, makes it if there is none, cuts off a torn end and gives every record to `each`, in order.
    pub(super) fn open(
        path: &Path,
        most: u64,
        mut each: impl FnMut(At, Record),
    ) -> io::Result<(Self, Damage)> {
        // what a crash left half written was never in force
        let _ = fs::remove_file(files::unfinished(path));
        let file = files::open_private(path)?;
        let length = file.metadata()?.len();
        let mut log = Self { path: path.to_owned(), file: Arc::new(file), length, most, is_dirty: false };
        let mut damage = Damage::default();
        let (mut at, mut end) = (0, 0);
        while at < length {
            match log.read_frame(at)? {
                Some((frame, record)) => {
                    damage.spoilt += at - end;
                    each(At { offset: at, length: frame }, record);
                    at += u64::from(frame);
                    end = at;
                }
                None => at = log.next_magic(at + 1)?,
            }
        }
        damage.torn = length - end;
        if damage.torn > 0 {
            log.cut(end)?;
        }
        Ok((log, damage))
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The file, to be taken to the disk without holding anything up; `None` if that is done.
    pub(super) fn take_unsynced(&mut self) -> Option<Arc<File>> {
        std::mem::take(&mut self.is_dirty).then(|| Arc::clone(&self.file))
    }

    /// Tells that taking it to the disk failed.
    pub(super) fn not_synced(&mut self) {
        self.is_dirty = true;
    }

    /// Appends a frame. After an error the file is as it was.
    pub(super) fn append(&mut self, frame: &[u8]) -> io::Result<At> {
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        if self.length + u64::from(length) > self.most {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the spool is full"));
        }
        if let Err(error) = self.file.write_all_at(frame, self.length) {
            // half a frame at the end would be cut off at the next start; this saves that
            let _ = self.cut(self.length);
            return Err(error);
        }
        let at = At { offset: self.length, length };
        self.length += u64::from(length);
        self.is_dirty = true;
        Ok(at)
    }

    /// Reads records of the file as it is now, even when another takes its place.
    pub(super) fn reader(&self) -> LogReader {
        LogReader { file: Arc::clone(&self.file) }
    }

    /// Writes the log anew with the frames that `frames` gives, in its place. After an error the old one stands.
    pub(super) fn renew(
        &mut self,
        mut frames: impl FnMut(&mut dyn FnMut(&[u8]) -> io::Result<At>) -> io::Result<()>,
    ) -> io::Result<()> {
        let unfinished = files::unfinished(&self.path);
        let _ = fs::remove_file(&unfinished);
        let file = files::open_private(&unfinished)?;
        let mut length = 0;
        let written = frames(&mut |frame| {
            file.write_all_at(frame, length)?;
            let at = At { offset: length, length: u32::try_from(frame.len()).map_err(io::Error::other)? };
            length += frame.len() as u64;
            Ok(at)
        });
        let placed = written
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, &self.path))
            .and_then(|()| files::sync_folder(self.path.parent().unwrap_or(Path::new("."))));
        if let Err(error) = placed {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        self.file = Arc::new(file);
        self.length = length;
        self.is_dirty = false;
        Ok(())
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.file.set_len(end)?;
        self.length = end;
        Ok(())
    }

    /// The frame at `at` with its length; `None` if there is no whole one.
    fn read_frame(&self, at: u64) -> io::Result<Option<(u32, Record)>> {
        let left = self.length - at;
        if left < HEAD as u64 {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        self.file.read_exact_at(&mut head, at)?;
        let Some(length) = frame::promised(&head).map(|payload| payload + HEAD) else { return Ok(None) };
        if length as u64 > left {
            return Ok(None);
        }
        let mut frame = vec![0; length];
        self.file.read_exact_at(&mut frame, at)?;
        Ok(frame::decode(&frame).map(|record| (length as u32, record)))
    }

    /// The next place from `at` on that may hold a frame, or the end.
    fn next_magic(&self, mut at: u64) -> io::Result<u64> {
        let mut bytes = vec![0; STEP];
        while at < self.length {
            let length = usize::try_from(self.length - at).unwrap_or(STEP).min(STEP);
            let part = &mut bytes[..length];
            self.file.read_exact_at(part, at)?;
            if let Some(place) = frame::next_magic(part) {
                return Ok(at + place as u64);
            }
            // a magic word may lie across the border
            at += (length.saturating_sub(3)).max(1) as u64;
        }
        Ok(self.length)
    }
}
