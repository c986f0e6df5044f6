//! Notes on what was passed over, bounded in number and length.

use model::Unreadable;

/// Collects notes for one layer.
#[derive(Debug)]
pub(crate) struct Notes {
    list: Vec<Unreadable>,
    layer: Option<u32>,
    limit: usize,
    dropped: u64,
}

const MAX_SHOWN_PATH: usize = 256;

impl Notes {
    pub(crate) fn new(layer: Option<u32>, limit: usize) -> Self {
        Self { list: Vec::new(), layer, limit, dropped: 0 }
    }

    /// Notes `reason` at `path`, which is shortened and freed of a leading slash; an empty path means the
    /// layer as a whole.
    pub(crate) fn add(&mut self, path: &[u8], reason: impl Into<String>) {
        if self.list.len() >= self.limit {
            self.dropped += 1;
            return;
        }
        let path = path.strip_prefix(b"./").or_else(|| path.strip_prefix(b"/")).unwrap_or(path);
        let mut shown = String::from_utf8_lossy(&path[..path.len().min(MAX_SHOWN_PATH)]).into_owned();
        if path.len() > MAX_SHOWN_PATH {
            shown.push('…');
        }
        self.list.push(Unreadable { layer: self.layer, path: shown, reason: reason.into() });
    }

    pub(crate) fn finish(mut self) -> Vec<Unreadable> {
        if self.dropped > 0 {
            let reason = format!("{} further notes on this layer are left away", self.dropped);
            self.list.push(Unreadable { layer: self.layer, path: String::new(), reason });
        }
        self.list
    }
}
