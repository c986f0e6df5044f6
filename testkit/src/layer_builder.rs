//! A layer: a list of entries that becomes a tar stream.
//!
//! Entries are written in the order given and may contradict each other, as hostile layers do.

use std::io::{self, Write};
use std::path::Path;

use crate::tar_header::TarHeader;

/// How a path that does not fit a header is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LongNames {
    /// A PAX header before the entry, as Go's and Python's writers do.
    #[default]
    Pax,
    /// `././@LongLink` entries, as GNU tar does.
    Gnu,
}

#[derive(Clone, Debug)]
enum Content {
    Bytes(Vec<u8>),
    Zeros(u64),
}

impl Content {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(size) => *size,
        }
    }
}

#[derive(Clone, Debug)]
enum Item {
    Member { typeflag: u8, path: Vec<u8>, link: Vec<u8>, mode: Option<u32>, content: Content },
    Raw(Vec<u8>),
}

/// A layer under construction. Paths and contents are bytes; `&str` works as well.
#[derive(Clone, Debug, Default)]
pub struct LayerBuilder {
    items: Vec<Item>,
    long_names: LongNames,
    without_end_mark: bool,
    after_end: Vec<u8>,
    pub(crate) created_by: Option<String>,
}

impl LayerBuilder {
    /// An empty layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The command in the image's history; `LAYER n` if not set.
    pub fn created_by(mut self, command: &str) -> Self {
        self.created_by = Some(command.to_owned());
        self
    }

    /// A regular file.
    pub fn file(self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.member(b'0', path, "", None, Content::Bytes(content.as_ref().to_vec()))
    }

    /// A regular file with permission bits.
    pub fn file_with_mode(self, path: impl AsRef<[u8]>, mode: u32, content: impl AsRef<[u8]>) -> Self {
        self.member(b'0', path, "", Some(mode), Content::Bytes(content.as_ref().to_vec()))
    }

    /// A regular file of `size` zero bytes, which are never held in memory.
    pub fn zeros(self, path: impl AsRef<[u8]>, size: u64) -> Self {
        self.member(b'0', path, "", None, Content::Zeros(size))
    }

    /// A directory.
    pub fn dir(self, path: impl AsRef<[u8]>) -> Self {
        let mut path = path.as_ref().to_vec();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        self.member(b'5', path, "", None, Content::Zeros(0))
    }

    /// A symbolic link at `path` that points to `target`.
    pub fn symlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.member(b'2', path, target, Some(0o777), Content::Zeros(0))
    }

    /// A hard link at `path` to the earlier entry `target`.
    pub fn hardlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.member(b'1', path, target, None, Content::Zeros(0))
    }

    /// An entry of another type: `b'3'` character device, `b'4'` block device, `b'6'` fifo.
    pub fn special(self, typeflag: u8, path: impl AsRef<[u8]>) -> Self {
        self.member(typeflag, path, "", None, Content::Zeros(0))
    }

    /// Removes `path` of the layers below.
    pub fn whiteout(self, path: impl AsRef<[u8]>) -> Self {
        let path = path.as_ref();
        let cut = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
        let marker = [&path[..cut], b".wh.", &path[cut..]].concat();
        self.member(b'0', marker, "", None, Content::Zeros(0))
    }

    /// Hides everything that the layers below hold in the directory `path`.
    pub fn opaque(self, path: impl AsRef<[u8]>) -> Self {
        let path = path.as_ref();
        let marker = match path {
            b"" => b".wh..wh..opq".to_vec(),
            _ => [path, b"/.wh..wh..opq"].concat(),
        };
        self.member(b'0', marker, "", None, Content::Zeros(0))
    }

    /// Any bytes, as they are: headers that lie, halves of entries.
    pub fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.items.push(Item::Raw(bytes.as_ref().to_vec()));
        self
    }

    /// A header as given, followed by `content` filled up to whole blocks.
    pub fn header(self, header: &TarHeader, content: impl AsRef<[u8]>) -> Self {
        let mut bytes = header.to_block().to_vec();
        bytes.extend_from_slice(content.as_ref());
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        self.raw(bytes)
    }

    /// A PAX header (`b'x'`) for the next entry.
    pub fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let body = pax_body(records);
        self.header(&TarHeader::new(b'x', "PaxHeaders/x").size(body.len() as u64), body)
    }

    /// A global PAX header (`b'g'`).
    pub fn global_pax(self, records: &[(&str, &[u8])]) -> Self {
        let body = pax_body(records);
        self.header(&TarHeader::new(b'g', "pax_global_header").size(body.len() as u64), body)
    }

    /// How long paths are written from here to the end and before.
    pub fn long_names(mut self, long_names: LongNames) -> Self {
        self.long_names = long_names;
        self
    }

    /// Leaves the two zero blocks at the end away.
    pub fn without_end_mark(mut self) -> Self {
        self.without_end_mark = true;
        self
    }

    /// Bytes after the end mark.
    pub fn after_end(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.after_end.extend_from_slice(bytes.as_ref());
        self
    }

    /// The tar stream.
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes).expect("writing to memory does not fail");
        bytes
    }

    /// Writes the tar stream.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        for item in &self.items {
            match item {
                Item::Raw(bytes) => out.write_all(bytes)?,
                Item::Member { typeflag, path, link, mode, content } => {
                    self.write_long_names(out, path, link)?;
                    let mut header = TarHeader::new(*typeflag, path).size(content.size()).link(link);
                    header.mode = mode.unwrap_or(header.mode);
                    out.write_all(&header.to_block())?;
                    write_content(out, content)?;
                }
            }
        }
        if !self.without_end_mark {
            write_zeros(out, 1024)?;
        }
        out.write_all(&self.after_end)
    }

    /// Creates the layer's directories, files and links below `root` on disk; whiteouts, devices and raw
    /// bytes are passed over.
    pub fn write_root_fs(&self, root: &Path) -> io::Result<()> {
        std::fs::create_dir_all(root)?;
        for item in &self.items {
            let Item::Member { typeflag, path, link, content, .. } = item else { continue };
            let place = root.join(relative(path));
            if place.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".wh.")) {
                continue;
            }
            if let Some(parent) = place.parent() {
                std::fs::create_dir_all(parent)?;
            }
            match typeflag {
                b'5' => std::fs::create_dir_all(&place)?,
                b'2' => std::os::unix::fs::symlink(to_path(link), &place)?,
                b'1' => std::fs::hard_link(root.join(relative(link)), &place)?,
                b'0' => match content {
                    Content::Bytes(bytes) => std::fs::write(&place, bytes)?,
                    Content::Zeros(size) => std::fs::File::create(&place)?.set_len(*size)?,
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn member(
        mut self,
        typeflag: u8,
        path: impl AsRef<[u8]>,
        link: impl AsRef<[u8]>,
        mode: Option<u32>,
        content: Content,
    ) -> Self {
        let (path, link) = (path.as_ref().to_vec(), link.as_ref().to_vec());
        self.items.push(Item::Member { typeflag, path, link, mode, content });
        self
    }

    fn write_long_names(&self, out: &mut dyn Write, path: &[u8], link: &[u8]) -> io::Result<()> {
        if path.len() <= 100 && link.len() <= 100 {
            return Ok(());
        }
        match self.long_names {
            LongNames::Pax => {
                let mut records: Vec<(&str, &[u8])> = Vec::new();
                if path.len() > 100 {
                    records.push(("path", path));
                }
                if link.len() > 100 {
                    records.push(("linkpath", link));
                }
                let body = pax_body(&records);
                write_special(out, b'x', "PaxHeaders/x", &body)
            }
            LongNames::Gnu => {
                for (typeflag, name) in [(b'K', link), (b'L', path)] {
                    if name.len() > 100 {
                        write_special(out, typeflag, "././@LongLink", &[name, b"\0"].concat())?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn relative(path: &[u8]) -> &Path {
    let text = to_path(path);
    text.strip_prefix("/").unwrap_or(text)
}

fn to_path(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt as _;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

fn write_special(out: &mut dyn Write, typeflag: u8, name: &str, body: &[u8]) -> io::Result<()> {
    out.write_all(&TarHeader::new(typeflag, name).size(body.len() as u64).to_block())?;
    out.write_all(body)?;
    write_zeros(out, padding(body.len() as u64))
}

fn write_content(out: &mut dyn Write, content: &Content) -> io::Result<()> {
    match content {
        Content::Bytes(bytes) => out.write_all(bytes)?,
        Content::Zeros(size) => write_zeros(out, *size)?,
    }
    write_zeros(out, padding(content.size()))
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(512) - size
}

fn write_zeros(out: &mut dyn Write, mut count: u64) -> io::Result<()> {
    static CHUNK: [u8; 65536] = [0; 65536];
    while count > 0 {
        let part = count.min(CHUNK.len() as u64);
        out.write_all(&CHUNK[..part as usize])?;
        count -= part;
    }
    Ok(())
}

/// PAX records: `length key=value\n`, the length counting itself.
fn pax_body(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + rest.to_string().len();
        if length.to_string().len() != rest.to_string().len() {
            length = rest + length.to_string().len();
        }
        body.extend_from_slice(format!("{length} {key}=").as_bytes());
        body.extend_from_slice(value);
        body.push(b'\n');
    }
    body
}
