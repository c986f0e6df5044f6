//! `/proc/PID/maps` (proc(5)): one line per mapping, `addresses permissions offset device inode path`.

use std::io::{self, BufRead};

/// Longest line that is read, in bytes; a path is at most a page, and each of its bytes may be written with four.
const MAX_LINE: usize = 20 << 10;

/// What the kernel adds to a path that was removed.
const DELETED: &[u8] = b" (deleted)";

/// A file that is mapped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mapped {
    /// As the process's own mount namespace names it, without leading slash.
    pub(super) path: Vec<u8>,
    /// Whether its code may be run.
    pub(super) is_code: bool,
}

/// Hands out the files of all lines. What is no mapping of a file that is still there is passed over.
pub(super) fn read(input: &mut dyn BufRead, mut each: impl FnMut(Mapped)) -> io::Result<()> {
    let mut line = Vec::new();
    while next_line(input, &mut line)? {
        if let Some(mapped) = parse(&line) {
            each(mapped);
        }
    }
    Ok(())
}

/// Reads the next line without its end; of a longer one than is read only the beginning. `false` at the end.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut is_any = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(is_any);
        }
        is_any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend_from_slice(&part[..part.len().min(MAX_LINE.saturating_sub(line.len()))]);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn parse(line: &[u8]) -> Option<Mapped> {
    let mut rest = line;
    let mut fields = [&b""[..]; 5];
    for field in &mut fields {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|byte| *byte == b' ')?;
        (*field, rest) = rest.split_at(end);
    }
    let [_, permissions, _, _, inode] = fields;
    if inode == b"0" {
        return None;
    }
    let path = unescape(file(rest.trim_ascii_start())?);
    Some(Mapped { path, is_code: permissions.get(2) == Some(&b'x') })
}

/// A path without leading slash; `None` if it is that of no file that is still there.
pub(super) fn file(written: &[u8]) -> Option<&[u8]> {
    written.strip_prefix(b"/").filter(|path| !path.is_empty() && !path.ends_with(DELETED))
}

/// Octal numbers, `\012` for the end of a line.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = tail;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

/// For the fuzz target `maps`: whatever the bytes, paths are relative and their number is that of the lines at most.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let mut count = 0;
    read(&mut &*bytes, |mapped| {
        assert!(!mapped.path.is_empty() && mapped.path.len() <= MAX_LINE);
        count += 1;
    })
    .expect("memory can be read");
    assert!(count <= bytes.split(|byte| *byte == b'\n').count());
    super::mounts::fuzz(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &[u8]) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        read(&mut &*text, |mapped| {
            all.push((String::from_utf8_lossy(&mapped.path).into_owned(), mapped.is_code));
        })
        .unwrap();
        all
    }

    #[test]
    fn files_are_told_with_whether_their_code_may_be_run() {
        let text = b"55d0c0a00000-55d0c0a02000 r--p 00000000 fe:01 131 /usr/bin/a b\n\
            55d0c0a02000-55d0c0a06000 r-xp 00002000 fe:01 131                        /usr/bin/a b\n\
            7f00-7f01 rw-p 00000000 00:00 0 \n\
            7f01-7f02 rw-p 00000000 00:00 0          [heap]\n\
            7f02-7f03 r-xp 00000000 fe:01 9          /usr/lib/x\\012y.so\n\
            7f03-7f04 r-xp 00000000 fe:01 9          /usr/lib/gone.so (deleted)\n\
            7f04-7f05 rw-s 00000000 00:01 5          /memfd:x (deleted)\n\
            7f05-7f06 rw-s 00000000 00:01 5          anon_inode:[perf]\n";
        let expected = [("usr/bin/a b", false), ("usr/bin/a b", true), ("usr/lib/x\ny.so", true)];
        assert_eq!(read_all(text), expected.map(|(path, code)| (path.to_owned(), code)));
    }

    #[test]
    fn broken_lines_are_passed_over_and_the_others_stand() {
        let long = [b"1-2 r-xp 0 0:0 1 /".to_vec(), vec![b'a'; 1 << 20], b"\n".to_vec()].concat();
        let text = [&long[..], b"\n\n1-2\n1-2 r-xp 0 0:0 1 /b\n1-2 r-xp 0 0:0 1"].concat();
        let all = read_all(&text);
        assert_eq!(all.len(), 2);
        assert!(all[0].0.len() < MAX_LINE && all[1] == ("b".to_owned(), true));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_fail(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            read_all(&bytes);
        }
    }
}
