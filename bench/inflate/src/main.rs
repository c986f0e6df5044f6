//! Inflates the gzip files given, one after the other, and throws the bytes away; prints how many there were.
//!
//! One program for each engine, so that a whole process can be measured from outside and only one of them is linked.

use std::error::Error;
use std::fs::File;

/// How much is asked for at a time, as the scanner does.
#[cfg(not(feature = "libdeflate"))]
const BUFFER: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut total = 0;
    for path in std::env::args_os().skip(1) {
        total += inflate(File::open(path)?)?;
    }
    println!("{total}");
    Ok(())
}

#[cfg(any(feature = "zlib-rs", feature = "zlib-ng"))]
fn inflate(file: File) -> Result<u64, Box<dyn Error>> {
    drain(flate2::bufread::MultiGzDecoder::new(std::io::BufReader::with_capacity(BUFFER, file)))
}

#[cfg(feature = "isal")]
fn inflate(file: File) -> Result<u64, Box<dyn Error>> {
    drain(isal::read::Decoder::new(std::io::BufReader::with_capacity(BUFFER, file), isal::Codec::Gzip))
}

/// The whole layer in memory, twice: the engine knows no streams. The size is the one that the last four bytes state,
/// so a layer of one member below 4 GiB is all that it can take.
#[cfg(feature = "libdeflate")]
fn inflate(mut file: File) -> Result<u64, Box<dyn Error>> {
    use std::io::Read as _;
    let mut stored = Vec::new();
    file.read_to_end(&mut stored)?;
    let tail = stored.last_chunk::<4>().ok_or("the file is too short")?;
    let mut inflated = vec![0; u32::from_le_bytes(*tail) as usize];
    let count = libdeflater::Decompressor::new().gzip_decompress(&stored, &mut inflated)?;
    Ok(count as u64)
}

#[cfg(not(feature = "libdeflate"))]
fn drain(mut source: impl std::io::Read) -> Result<u64, Box<dyn Error>> {
    let mut buffer = vec![0; BUFFER];
    let mut total = 0;
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(total),
            count => total += count as u64,
        }
    }
}
