//! Programs made by hand, of all formats and both layouts of Go's record, and what must be found in them.

use std::io::{Read, Write};

use proptest::prelude::*;

use crate::facts::Facts;
use crate::registry::{Input, read, wanted};

const LIST: &str = "path\tx\nmod\texample.org/tool\tv1.2.3\th1:\ndep\texample.org/part\tv0.4.0\th1:\n";
const FOUND: [&str; 3] = ["stdlib v1.20.5", "example.org/tool v1.2.3", "example.org/part v0.4.0"];
const BASE: u64 = 0x40_0000;
/// Where the data of a made program begin.
const DATA: usize = 0x3000;

fn facts_of(content: &mut dyn Read) -> Facts {
    let path = b"opt/tool.exe";
    read(wanted(path).unwrap(), Input { path, size: 0, content })
}

fn found(mut program: &[u8]) -> Vec<String> {
    let facts = facts_of(&mut program);
    assert!(facts.notes.is_empty(), "{:?}", facts.notes);
    facts.packages.iter().map(|found| format!("{} {}", found.name, found.version)).collect()
}

fn marked(list: &str) -> Vec<u8> {
    let begin = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
    let end = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
    [&begin[..], list.as_bytes(), end].concat()
}

fn length(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The record of Go since 1.18.
fn inline_record(version: &str, list: &str) -> Vec<u8> {
    let list = marked(list);
    let mut record = b"\xff Go buildinf:\x08\x02".to_vec();
    record.resize(32, 0);
    for text in [version.as_bytes(), &list] {
        record.extend(length(text.len()));
        record.extend(text);
    }
    record
}

/// An ELF file of 64 bits with read-only parts from its begin, `data` as its writable part, and sections behind.
fn elf(read_only: &[u8], data: &[u8], sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    let load = |flags: u32, offset: u64, size: u64| {
        let mut header = Vec::new();
        header.extend(1_u32.to_le_bytes());
        header.extend(flags.to_le_bytes());
        for word in [offset, BASE + offset, BASE + offset, size, size, 0x1000] {
            header.extend(word.to_le_bytes());
        }
        header
    };
    file.extend(load(5, 0, DATA as u64));
    file.extend(load(6, DATA as u64, data.len() as u64));
    file.extend(b"\x04\0\0\0\x04\0\0\0\x04\0\0\0Go\0\0");
    file.resize(0x1000, 0);
    file.extend(read_only);
    assert!(file.len() <= DATA);
    file.resize(DATA, 0);
    file.extend(data);
    let (mut names, mut table) = (vec![0], vec![0; 64]);
    let names_section = (".shstrtab", Vec::new());
    for (name, content) in sections.iter().chain([&names_section]) {
        let own = names.len() as u32;
        names.extend(name.bytes());
        names.push(0);
        let content = if *name == ".shstrtab" { &names } else { content };
        let mut header = [own.to_le_bytes(), 1_u32.to_le_bytes()].concat();
        header.resize(24, 0);
        header.extend((file.len() as u64).to_le_bytes());
        header.extend((content.len() as u64).to_le_bytes());
        header.resize(64, 0);
        table.extend(header);
        file.extend(content);
    }
    let offset = file.len() as u64;
    file.extend(table);
    file[32..40].copy_from_slice(&64_u64.to_le_bytes());
    file[40..48].copy_from_slice(&offset.to_le_bytes());
    file[54..56].copy_from_slice(&56_u16.to_le_bytes());
    file[56..58].copy_from_slice(&2_u16.to_le_bytes());
    file[60..62].copy_from_slice(&(sections.len() as u16 + 2).to_le_bytes());
    file[62..64].copy_from_slice(&(sections.len() as u16 + 1).to_le_bytes());
    file
}

/// A small Go program whose main module has this version.
pub(crate) fn go_program(version: &str) -> Vec<u8> {
    let list = format!("mod\texample.org/tool\t{version}\th1:\n");
    elf(&[], &inline_record("go1.20.5", &list), &[])
}

fn zlib(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

const CRATES: &str = r#"{"packages":[{"name":"adler","version":"1.0.2","source":"crates.io"},
    {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
    {"name":"demo","version":"0.1.0","source":"local","kind":"runtime","dependencies":[0,1],"root":true}],"format":1}"#;

#[test]
fn the_record_is_found_at_the_begin_of_the_data_and_deep_in_them() {
    let record = inline_record("go1.20.5", LIST);
    assert_eq!(found(&elf(&[], &record, &[])), FOUND);
    for before in [16, 65_520, 65_536, 131_056, 200_000 / 16 * 16] {
        let data = [vec![7; before], record.clone()].concat();
        assert_eq!(found(&elf(&[], &data, &[])), FOUND, "{before}");
    }
}

#[test]
fn the_record_is_found_in_the_second_of_two_writable_parts() {
    let mut program = elf(&[], &inline_record("go1.20.5", LIST), &[]);
    program[64 + 4] = 6;
    assert_eq!(found(&program), FOUND);
}

#[test]
fn a_magic_that_is_not_aligned_or_not_in_the_data_is_no_record() {
    let record = inline_record("go1.20.5", LIST);
    assert!(found(&elf(&[], &[&[0; 8], &record[..]].concat(), &[])).is_empty());
    assert!(found(&elf(&record, &[0; 64], &[])).is_empty());
    let after_a_false_one = [&b"\xff Go buildinf:\x08\x02"[..], &[0; 16], &record].concat();
    assert_eq!(found(&elf(&[], &after_a_false_one, &[])), FOUND);
}

#[test]
fn a_list_of_ten_thousand_modules_is_read_across_windows() {
    let list: String = (0..10_000).map(|index| format!("dep\texample.org/m{index}\tv1.0.0\th1:\n")).collect();
    assert_eq!(found(&elf(&[], &inline_record("go1.22.1", &list), &[])).len(), 10_001);
}

/// The layout of Go before 1.18: the record points to two variables, and they to texts in the read-only data.
fn old_program(version: &str) -> Vec<u8> {
    let list = marked(LIST);
    let read_only = [b"go1.4 is a text, too", version.as_bytes(), b"other text", &list].concat();
    let mut data = b"\xff Go buildinf:\x08\x00".to_vec();
    let at = |offset: usize| (BASE + offset as u64).to_le_bytes();
    data.extend(at(DATA + 48));
    data.extend(at(DATA + 32));
    // The second variable first.
    data.extend(at(0x1000 + 20 + version.len() + 10));
    data.extend((list.len() as u64).to_le_bytes());
    data.extend(at(0x1000 + 20));
    data.extend((version.len() as u64).to_le_bytes());
    elf(&read_only, &data, &[])
}

#[test]
fn the_older_record_points_back_to_texts_that_have_streamed_by() {
    assert_eq!(found(&old_program("go1.15.9")), ["stdlib v1.15.9", FOUND[1], FOUND[2]]);
}

#[test]
fn an_older_record_that_points_nowhere_is_noted() {
    let mut data = b"\xff Go buildinf:\x08\x00".to_vec();
    data.extend([0x11; 16]);
    let facts = facts_of(&mut &elf(&[], &data, &[])[..]);
    assert_eq!(facts.notes, ["build information of Go before 1.18 points to nothing in the file"]);
}

#[test]
fn a_rust_program_names_its_crates_but_not_those_of_its_build() {
    let sections = [(".comment", b"GCC".to_vec()), (".dep-v0", zlib(CRATES)), (".symtab", vec![1; 5_000])];
    assert_eq!(found(&elf(&[], &[0; 64], &sections)), ["adler 1.0.2", "demo 0.1.0"]);
}

#[test]
fn crates_are_found_before_large_debug_data_and_noted_behind_them() {
    let debug = (".debug_info", vec![3; 20 << 20]);
    let crates = (".dep-v0", zlib(CRATES));
    assert_eq!(found(&elf(&[], &[0; 64], &[crates.clone(), debug.clone()])).len(), 2);
    let facts = facts_of(&mut &elf(&[], &[0; 64], &[debug, crates])[..]);
    assert!(facts.packages.is_empty());
    assert!(facts.notes[0].starts_with("section .dep-v0 lies more than"), "{:?}", facts.notes);
}

#[test]
fn a_bomb_in_the_list_of_crates_is_given_up_and_noted() {
    let bomb = zlib(&format!("{{\"packages\":[{}", " ".repeat(64 << 20)));
    let facts = facts_of(&mut &elf(&[], &[0; 64], &[(".dep-v0", bomb)])[..]);
    assert!(facts.notes[0].starts_with("section .dep-v0 cannot be read"), "{:?}", facts.notes);
}

#[test]
fn a_program_that_claims_a_terabyte_is_given_up_and_noted() {
    let mut head = elf(&[], &[0; 64], &[]);
    let size = 1 << 40;
    head[64 + 56 + 32..64 + 56 + 40].copy_from_slice(&u64::to_le_bytes(size));
    head[40..48].copy_from_slice(&u64::to_le_bytes(2 * size));
    let mut content = head.chain(std::io::repeat(0).take(size));
    let path = b"opt/tool.exe";
    let input = Input { path, size, content: &mut content };
    let facts = read(wanted(path).unwrap(), input);
    assert!(facts.notes[0].contains("larger than the limit"), "{:?}", facts.notes);
    assert!(size - content.into_inner().1.limit() <= super::MAX_PROGRAM);
}

/// A Windows program with these sections: name, flags, content.
fn pe(sections: &[(&[u8; 8], u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = b"MZ".to_vec();
    file.resize(0x3c, 0);
    file.extend(0x80_u32.to_le_bytes());
    file.resize(0x80, 0);
    file.extend(b"PE\0\0\x64\x86");
    file.extend((sections.len() as u16).to_le_bytes());
    file.resize(0x80 + 20, 0);
    file.extend(240_u16.to_le_bytes());
    file.resize(0x80 + 24, 0);
    file.extend(0x20b_u16.to_le_bytes());
    file.resize(0x80 + 24 + 240, 0);
    let mut offset = 0x1000_u32;
    for (name, flags, content) in sections {
        file.extend(*name);
        for number in [content.len() as u32, offset, content.len() as u32, offset, 0, 0, 0, *flags] {
            file.extend(number.to_le_bytes());
        }
        offset += (content.len() as u32).next_multiple_of(0x1000);
    }
    for (_, _, content) in sections {
        file.resize(file.len().next_multiple_of(0x1000), 0);
        file.extend(content);
    }
    file
}

#[test]
fn windows_programs_of_both_languages_are_read() {
    let text = (b".text\0\0\0", 0x6000_0020, vec![0x90; 5_000]);
    let go = (b".data\0\0\0", 0xc000_0040, inline_record("go1.20.5", LIST));
    let empty = (b".bss\0\0\0\0", 0xc000_0040, Vec::new());
    assert_eq!(found(&pe(&[empty, text.clone(), go])), FOUND);
    let rust = (b".dep-v0\0", 0x4000_0040, zlib(CRATES));
    assert_eq!(found(&pe(&[text, rust])), ["adler 1.0.2", "demo 0.1.0"]);
}

/// A Mach-O file with one writable segment of one section.
fn mach_o(section: &[u8], content: &[u8]) -> Vec<u8> {
    let name = |text: &[u8]| [text, &vec![0; 16 - text.len()]].concat();
    let size = content.len() as u64;
    let mut file = 0xfeed_facf_u32.to_le_bytes().to_vec();
    for number in [0x100_000c, 0, 2, 1, 152, 0, 0, 0x19, 152_u32] {
        file.extend(number.to_le_bytes());
    }
    file.extend(name(b"__DATA"));
    for number in [BASE + 0x1000, size, 0x1000, size] {
        file.extend(number.to_le_bytes());
    }
    for number in [3, 3, 1, 0_u32] {
        file.extend(number.to_le_bytes());
    }
    file.extend(name(section));
    file.extend(name(b"__DATA"));
    file.extend((BASE + 0x1000).to_le_bytes());
    file.extend(size.to_le_bytes());
    file.extend(0x1000_u32.to_le_bytes());
    file.resize(0x1000, 0);
    file.extend(content);
    file
}

#[test]
fn programs_of_macos_in_both_languages_are_read() {
    let record = inline_record("go1.20.5", LIST);
    assert_eq!(found(&mach_o(b"__go_buildinfo", &record)), FOUND);
    assert_eq!(found(&mach_o(b"__data", &record)), FOUND);
    assert_eq!(found(&mach_o(b".dep-v0", &zlib(CRATES))), ["adler 1.0.2", "demo 0.1.0"]);
}

#[test]
fn scripts_and_broken_heads_say_nothing() {
    for text in [
        &b"#!/bin/sh\necho\n"[..],
        b"",
        b"MZ",
        b"\x7fELF",
        b"MZ\0\0no",
        b"\xcf\xfa\xed\xfe\x01",
        b"\x7fELF\x02\x01",
    ] {
        assert_eq!(facts_of(&mut &text[..]), Facts::default());
    }
    let mut script = b"#!/bin/sh\n".chain(std::io::repeat(b'x').take(1 << 40));
    facts_of(&mut script);
    assert!(script.into_inner().1.limit() == 1 << 40, "no more than the first bytes are read");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_program_makes_its_reader_panic(
        kind in 0_usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut program = match kind {
            0 => go_program("v1.0.0"),
            1 => old_program("go1.15.9"),
            2 => elf(&[], &[0; 64], &[(".dep-v0", zlib(CRATES))]),
            3 => pe(&[(b".data\0\0\0", 0xc000_0040, inline_record("go1.20.5", LIST))]),
            _ => mach_o(b".dep-v0", &zlib(CRATES)),
        };
        for (index, value, in_head) in changes {
            let length = if in_head { program.len().min(0x200) } else { program.len() };
            let at = index.index(length);
            program[at] = value;
        }
        program.truncate(program.len() - cut.index(program.len()) / 2);
        let mut content = &program[..];
        let path = b"opt/tool.exe";
        let mut facts = Facts::default();
        let _ = super::read(&mut Input { path, size: 0, content: &mut content }, &mut facts);
    }
}
