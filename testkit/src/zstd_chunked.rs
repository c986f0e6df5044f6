//! A layer as zstd:chunked (containers/storage, `pkg/chunked`): frames that begin and end with the contents of the files, and a
//! table of contents behind them.

use model::Digest;
use serde_json::{Value, json};

/// A stored layer with the annotations that name its table.
#[derive(Clone, Debug)]
pub struct ZstdChunked {
    /// The blob.
    pub stored: Vec<u8>,
    /// For the layer's descriptor in the manifest.
    pub annotations: Value,
}

/// Stores a tar of plain headers. `edit` changes the table before it is written, for tests of lying ones.
pub fn zstd_chunked(tar: &[u8], edit: impl FnOnce(&mut Value)) -> ZstdChunked {
    let frame = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).expect("level 1 exists in every zstd");
    let (mut stored, mut rows, mut written, mut at) = (Vec::new(), Vec::new(), 0, 0);
    while at + 512 <= tar.len() && tar[at] != 0 {
        let header = &tar[at..at + 512];
        let typeflag = header[156];
        let size = if matches!(typeflag, b'0' | 0) { octal(&header[124..136]) } else { 0 };
        let mut row = json!({
            "type": kind(typeflag), "name": text(&header[..100]), "linkName": text(&header[157..257]),
            "mode": octal(&header[100..108]), "size": size,
        });
        at += 512;
        if size > 0 {
            stored.extend(frame(&tar[written..at]));
            let content = &tar[at..at + size];
            let start = stored.len();
            let cut = size / 2;
            for chunk in [&content[..cut], &content[cut..]] {
                stored.extend(frame(chunk));
            }
            row["offset"] = json!(start);
            row["endOffset"] = json!(stored.len());
            row["digest"] = json!(Digest::of(content).to_string());
            at += size;
            written = at;
            at = at.next_multiple_of(512);
            rows.push(row);
            rows.push(
                json!({ "type": "chunk", "name": text(&header[..100]), "offset": start, "chunkSize": cut }),
            );
        } else {
            rows.push(row);
        }
    }
    stored.extend(frame(&tar[written..]));
    let mut table = json!({ "version": 1, "entries": rows });
    edit(&mut table);
    let table = serde_json::to_vec(&table).expect("a JSON value can always be written");
    let packed = frame(&table);
    stored.extend([0x50, 0x2a, 0x4d, 0x18]);
    stored.extend((packed.len() as u32).to_le_bytes());
    let annotations = json!({
        "io.github.containers.zstd-chunked.manifest-checksum": Digest::of(&packed).to_string(),
        "io.github.containers.zstd-chunked.manifest-position":
            format!("{}:{}:{}:1", stored.len(), packed.len(), table.len()),
    });
    stored.extend(packed);
    ZstdChunked { stored, annotations }
}

fn kind(typeflag: u8) -> &'static str {
    match typeflag {
        b'1' => "hardlink",
        b'2' => "symlink",
        b'3' => "char",
        b'4' => "block",
        b'5' => "dir",
        b'6' => "fifo",
        _ => "reg",
    }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn octal(field: &[u8]) -> usize {
    usize::from_str_radix(text(field).trim(), 8).expect("the builder writes octal numbers")
}
