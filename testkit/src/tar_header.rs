//! One 512-byte tar header, every field under the test's control.
//!
//! Names longer than the field are cut: extensions that carry long names are the layer builder's business.

/// The fields of a tar header (POSIX.1-1988 ustar, GNU tar manual).
#[derive(Clone, Debug)]
pub struct TarHeader {
    /// Path; the first 100 bytes are written.
    pub name: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Content bytes that follow.
    pub size: u64,
    /// `b'0'` file, `b'5'` directory, `b'x'` PAX and so on.
    pub typeflag: u8,
    /// Link target; the first 100 bytes are written.
    pub link: Vec<u8>,
    /// Directory part put before `name` with a slash by ustar readers; the first 155 bytes are written.
    pub prefix: Vec<u8>,
    /// Magic and version: `ustar\000` (POSIX), `ustar  \0` (GNU) or zeros (version 7).
    pub magic: [u8; 8],
    /// Writes the size as a base-256 number instead of octal digits.
    pub base_256: bool,
}

impl TarHeader {
    /// A POSIX header without content.
    pub fn new(typeflag: u8, name: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            mode: if typeflag == b'5' { 0o755 } else { 0o644 },
            size: 0,
            typeflag,
            link: Vec::new(),
            prefix: Vec::new(),
            magic: *b"ustar\x0000",
            base_256: false,
        }
    }

    /// Sets the size.
    pub fn size(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// Sets the link target.
    pub fn link(mut self, target: impl AsRef<[u8]>) -> Self {
        self.link = target.as_ref().to_vec();
        self
    }

    /// Sets the magic.
    pub fn magic(mut self, magic: [u8; 8]) -> Self {
        self.magic = magic;
        self
    }

    /// The block with its checksum.
    pub fn to_block(&self) -> [u8; 512] {
        let mut block = [0_u8; 512];
        put(&mut block[..100], &self.name);
        put(&mut block[100..108], format!("{:07o}", self.mode).as_bytes());
        put(&mut block[108..116], b"0000000");
        put(&mut block[116..124], b"0000000");
        if self.base_256 || self.size > 0o77_777_777_777 {
            block[128..136].copy_from_slice(&self.size.to_be_bytes());
            block[124] |= 0x80;
        } else {
            put(&mut block[124..136], format!("{:011o}", self.size).as_bytes());
        }
        put(&mut block[136..148], b"14552476545");
        block[156] = self.typeflag;
        put(&mut block[157..257], &self.link);
        block[257..265].copy_from_slice(&self.magic);
        put(&mut block[345..500], &self.prefix);
        Self::seal(&mut block);
        block
    }

    /// Writes the checksum that belongs to the other bytes of `block`.
    pub fn seal(block: &mut [u8; 512]) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

fn put(field: &mut [u8], bytes: &[u8]) {
    let length = bytes.len().min(field.len());
    field[..length].copy_from_slice(&bytes[..length]);
}
