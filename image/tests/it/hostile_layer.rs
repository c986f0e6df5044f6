//! Layers that break rules, lie or are out to exhaust.

use std::io::Write as _;

use flate2::write::GzEncoder;
use image::{EntryKind, ImageError, Limits};
use testkit::{Compression, ImageBuilder, LayerBuilder, LongNames, TarHeader};

use crate::collect::{Collect, Reading, notes, open, read_image, read_one};

fn paths_and_notes(layer: LayerBuilder) -> (Vec<String>, Vec<String>) {
    let (collect, outcome) = read_one(layer, Reading::All);
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert!(outcome.summary.verified);
    (collect.paths(), notes(&outcome))
}

fn error_of(layer: LayerBuilder) -> ImageError {
    read_one(layer, Reading::All).1.error.expect("this must not be read to its end")
}

#[test]
fn a_layer_cut_at_any_block_gives_what_came_before_and_an_error() {
    let layer = LayerBuilder::new()
        .file("first", "x".repeat(1_000))
        .file("l/".repeat(80), "long")
        .symlink("second", "y".repeat(200))
        .file("third", "z".repeat(2_000));
    let tar = layer.build();
    for reading in [Reading::All, Reading::Nothing] {
        let (whole, _) = read_one(layer.clone(), reading);
        for length in (512..tar.len() - 1024).step_by(512).flat_map(|block| [block, block + 1, block + 511]) {
            // the blob holds less than its diff-id stands for, as when a download broke off
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("image.tar");
            let mut blobs = ImageBuilder::new().layer(layer.clone()).docker_archive();
            blobs.put(format!("{:064x}/layer.tar", 0), &tar[..length]);
            blobs.write_tar(&path).unwrap();
            let mut collect = Collect::new(reading);
            let outcome = open(&path).unwrap().read_layer_partly(0, &mut collect);
            assert!(outcome.error.is_some(), "cut at {length}");
            assert!(!outcome.summary.verified);
            let count = collect.seen.len();
            assert_eq!(collect.paths(), whole.paths()[..count], "cut at {length}");
        }
    }
}

#[test]
fn the_error_of_a_damaged_layer_names_digest_and_offset() {
    let layer = LayerBuilder::new().file("a", "a").raw([b'x'; 512]).file("b", "b");
    let (collect, outcome) = read_image(&ImageBuilder::new().layer(layer), Reading::All, Limits::default());
    assert_eq!(collect.paths(), ["a"]);
    assert_eq!(outcome.summary.entries, 1);
    let message = outcome.error.unwrap().to_string();
    assert!(message.starts_with("layer `"), "{message}");
    assert!(message.contains("no valid tar header at byte 1024: the header checksum is wrong"), "{message}");
}

#[test]
fn paths_out_of_the_image_are_noted_and_not_shown() {
    let (paths, notes) = paths_and_notes(
        LayerBuilder::new()
            .file("../../etc/shadow", "x")
            .file("/etc/passwd", "x")
            .file("a/b/../c", "x")
            .file("..", "x")
            .file("", "x")
            .file("./", "x")
            .dir("/")
            .hardlink("evil", "../../etc/shadow")
            .symlink("escape", "../../../../etc/shadow")
            .whiteout("../x")
            .whiteout("d/..")
            .file("d/.wh.", ""),
    );
    assert_eq!(paths, ["etc/passwd", "a/c", "escape"]);
    assert_eq!(
        notes,
        [
            "../../etc/shadow: the path leads out of the image",
            "a/b/../c: the path goes up on its way and was read as runtimes resolve it",
            "..: the path leads out of the image",
            ": an entry without a path",
            ": an entry without a path",
            "evil: a hard link whose target leads out of the image",
            "../.wh.x: the path leads out of the image",
            "d/.wh...: a whiteout that names nothing",
            "d/.wh.: a whiteout that names nothing",
        ]
    );
}

#[test]
fn aufs_bookkeeping_is_left_out() {
    let (paths, notes) = paths_and_notes(
        LayerBuilder::new()
            .dir(".wh..wh.plnk")
            .file(".wh..wh.plnk/1.2", "x")
            .file(".wh..wh.aufs", "")
            .opaque(""),
    );
    assert_eq!(paths, [""]);
    assert_eq!(notes, [""; 0]);
}

#[test]
fn equal_paths_come_in_stored_order() {
    let (collect, _) =
        read_one(LayerBuilder::new().file("a", "1").symlink("a", "b").file("./a", "2"), Reading::All);
    let shape: Vec<_> = collect.seen.iter().map(|seen| (seen.kind, seen.content.as_slice())).collect();
    assert_eq!(
        shape,
        [(EntryKind::File, b"1".as_slice()), (EntryKind::Symlink, b""), (EntryKind::File, b"2")]
    );
}

#[test]
fn long_names_are_read_in_both_dialects_up_to_the_limit() {
    for dialect in [LongNames::Pax, LongNames::Gnu] {
        for length in [99, 100, 101, 255, 256, 257, 5_000, 16_384] {
            let path = "p".repeat(length);
            let layer = LayerBuilder::new().long_names(dialect).file(&path, "x").symlink("l", &path);
            let (collect, outcome) = read_one(layer, Reading::All);
            assert_eq!(notes(&outcome), [""; 0]);
            assert_eq!(collect.seen[0].path, path.as_bytes());
            assert_eq!(collect.seen[1].link.as_deref(), Some(path.as_bytes()));
        }
        let path = "p".repeat(100_000);
        let layer =
            LayerBuilder::new().long_names(dialect).file(&path, "x").symlink("l", &path).file("after", "");
        let (paths, notes) = paths_and_notes(layer);
        assert_eq!(paths, ["after"]);
        assert!(notes[0].ends_with("…: a path of 100000 bytes, more than are read"), "{}", notes[0]);
        assert_eq!(notes[1], "l: a symbolic link of 100000 bytes, more than are read");
    }
}

#[test]
fn the_ustar_prefix_belongs_to_the_path_and_gnu_times_in_its_place_do_not() {
    let mut posix = TarHeader::new(b'0', "name");
    posix.prefix = b"some/folder".to_vec();
    let gnu = TarHeader { magic: *b"ustar  \0", ..posix.clone() };
    let (paths, _) = paths_and_notes(LayerBuilder::new().header(&posix, "").header(&gnu, ""));
    assert_eq!(paths, ["some/folder/name", "name"]);
}

#[test]
fn version_7_headers_mark_directories_by_a_slash() {
    let old = |name: &str| TarHeader { typeflag: 0, magic: [0; 8], ..TarHeader::new(0, name) };
    let layer = LayerBuilder::new().header(&old("folder/"), "").header(&old("file"), "");
    let (collect, _) = read_one(layer, Reading::All);
    let kinds: Vec<_> = collect.seen.iter().map(|seen| seen.kind).collect();
    assert_eq!(kinds, [EntryKind::Directory, EntryKind::File]);
}

#[test]
fn a_pax_size_replaces_that_of_the_header() {
    let small = TarHeader::new(b'0', "a").size(1);
    let (collect, outcome) = read_one(
        LayerBuilder::new().pax(&[("size", b"600")]).header(&small, "z".repeat(600)).file("b", "b"),
        Reading::All,
    );
    assert!(outcome.error.is_none());
    assert_eq!(collect.paths(), ["a", "b"]);
    assert_eq!(collect.seen[0].content.len(), 600);
}

#[test]
fn pax_records_that_no_reader_agrees_on_stop_the_layer() {
    let file = TarHeader::new(b'0', "a");
    for size in ["-1", "x", "18446744073709551615", "9223372036854775807", "1e3", " 1"] {
        let error = error_of(LayerBuilder::new().pax(&[("size", size.as_bytes())]).header(&file, ""));
        assert!(
            matches!(error, ImageError::Tar { reason: "the PAX size is not a number", .. }),
            "{size}: {error}"
        );
    }
    let error = error_of(LayerBuilder::new().pax(&[("path", b"a\0b")]).header(&file, ""));
    assert!(matches!(error, ImageError::Tar { .. }), "{error}");
    let lying = TarHeader::new(b'x', "x").size(20);
    let error = error_of(LayerBuilder::new().header(&lying, "99 path=aaaaaaaaaaa\n").header(&file, ""));
    assert!(matches!(error, ImageError::Tar { reason: "a PAX record has a wrong length", .. }), "{error}");
}

#[test]
fn a_pax_header_without_an_entry_is_a_cut_off_layer() {
    let error = error_of(LayerBuilder::new().file("a", "").pax(&[("path", b"b")]));
    assert!(matches!(error, ImageError::Truncated { .. }), "{error}");
}

#[test]
fn a_pax_header_larger_than_the_limit_is_refused_before_it_is_held() {
    for typeflag in [b'x', b'g', b'L', b'K'] {
        let huge = TarHeader::new(typeflag, "x").size(1 << 40);
        let error = error_of(LayerBuilder::new().header(&huge, ""));
        assert!(matches!(error, ImageError::Limit { limit: "max_pax", .. }), "{error}");
    }
}

#[test]
fn sizes_beyond_the_layer_are_a_cut_off_layer() {
    for size in [1 << 20, 1 << 40, 1 << 61] {
        let lying = TarHeader { base_256: true, ..TarHeader::new(b'0', "a").size(size) };
        for reading in [Reading::All, Reading::Nothing] {
            let (collect, outcome) = read_one(LayerBuilder::new().header(&lying, "few"), reading);
            assert!(matches!(outcome.error, Some(ImageError::Truncated { .. })), "{:?}", outcome.error);
            assert_eq!(collect.seen[0].size, size);
            assert_eq!(collect.read_errors, usize::from(reading == Reading::All));
        }
    }
    let beyond = TarHeader { base_256: true, ..TarHeader::new(b'0', "a").size(1 << 63) };
    assert!(matches!(error_of(LayerBuilder::new().header(&beyond, "")), ImageError::Tar { .. }));
}

#[test]
fn links_and_directories_that_claim_content_have_none() {
    let layer = LayerBuilder::new()
        .header(&TarHeader::new(b'2', "link").link("a").size(512), "")
        .header(&TarHeader::new(b'5', "dir").size(1 << 30), "")
        .file("after", "x");
    let (paths, notes) = paths_and_notes(layer);
    assert_eq!(paths, ["link", "dir", "after"]);
    assert_eq!(notes.len(), 2);
    assert!(notes[0].starts_with("link: claims 512 bytes of content at byte 0"), "{}", notes[0]);
}

#[test]
fn global_headers_change_nothing_and_are_noted_if_they_would() {
    let layer = LayerBuilder::new()
        .global_pax(&[("comment", b"0123456789abcdef")])
        .file("a", "a")
        .global_pax(&[("path", b"evil"), ("size", b"0")])
        .file("b", "b");
    let (paths, notes) = paths_and_notes(layer);
    assert_eq!(paths, ["a", "b"]);
    assert_eq!(notes, [": a global PAX header at byte 2048 sets paths or sizes, which runtimes do not heed"]);
}

#[test]
fn entries_after_the_end_mark_are_noted_and_not_shown() {
    let after = LayerBuilder::new().file("hidden", "x").build();
    let (paths, notes) = paths_and_notes(LayerBuilder::new().file("a", "a").after_end(after));
    assert_eq!(paths, ["a"]);
    assert_eq!(notes, [": data after the end mark of the tar, from byte 2048 on, is not part of the layer"]);
    let (_, notes) = paths_and_notes(LayerBuilder::new().file("a", "a").after_end([0; 10_240]));
    assert_eq!(notes, [""; 0], "zeros fill up to the block size of tapes");
}

#[test]
fn a_single_zero_block_does_not_hide_what_follows() {
    let (paths, notes) = paths_and_notes(LayerBuilder::new().file("a", "").raw([0; 512]).file("b", ""));
    assert_eq!(paths, ["a", "b"]);
    assert_eq!(notes.len(), 1);
}

#[test]
fn an_end_mark_may_be_missing() {
    let (paths, notes) = paths_and_notes(LayerBuilder::new().file("a", "abc").without_end_mark());
    assert_eq!((paths.as_slice(), notes.len()), (["a".to_owned()].as_slice(), 0));
    let (paths, _) = paths_and_notes(LayerBuilder::new().without_end_mark());
    assert!(paths.is_empty());
}

#[test]
fn gnu_sparse_files_are_noted_and_their_map_is_passed_over() {
    let mut block = TarHeader::new(b'S', "sparse").size(512).magic(*b"ustar  \0").to_block();
    block[482] = 1;
    TarHeader::seal(&mut block);
    let mut first = [0_u8; 512];
    first[504] = 1;
    let layer = LayerBuilder::new().raw(block).raw(first).raw([0; 512]).raw([b'x'; 512]).file("after", "");
    let (paths, notes) = paths_and_notes(layer);
    assert_eq!(paths, ["sparse", "after"]);
    assert_eq!(notes, ["sparse: a sparse file: its content is read as stored, without the holes"]);
}

#[test]
fn pax_sparse_files_have_their_real_name() {
    let records: [(&str, &[u8]); 3] =
        [("GNU.sparse.major", b"1"), ("GNU.sparse.name", b"var/real"), ("GNU.sparse.realsize", b"99999")];
    let stand_in = TarHeader::new(b'0', "var/GNUSparseFile.0/real").size(512);
    let (paths, notes) = paths_and_notes(LayerBuilder::new().pax(&records).header(&stand_in, [0; 512]));
    assert_eq!(paths, ["var/real"]);
    assert_eq!(notes.len(), 1);
}

#[test]
fn unknown_entry_types_are_files_with_a_note() {
    let (paths, notes) =
        paths_and_notes(LayerBuilder::new().header(&TarHeader::new(b'Z', "a").size(3), "abc"));
    assert_eq!(paths, ["a"]);
    assert_eq!(notes, ["a: the entry type `Z` is not known and was read as a file"]);
}

#[test]
fn notes_are_bounded_and_the_rest_is_counted() {
    let layer = (0..50).fold(LayerBuilder::new(), |layer, _| layer.file("../x", ""));
    let limits = Limits { max_notes: 3, ..Limits::default() };
    let (_, outcome) = read_image(&ImageBuilder::new().layer(layer), Reading::All, limits);
    assert_eq!(notes(&outcome).len(), 4);
    assert_eq!(notes(&outcome)[3], ": 47 further notes on this layer are left away");
}

#[test]
fn more_entries_than_allowed_stop_the_layer() {
    let layer = (0..20).fold(LayerBuilder::new(), |layer, index| layer.file(format!("{index}"), ""));
    let limits = Limits { max_entries: 10, ..Limits::default() };
    let (collect, outcome) = read_image(&ImageBuilder::new().layer(layer), Reading::All, limits);
    assert_eq!(collect.seen.len(), 10);
    assert!(matches!(outcome.error, Some(ImageError::Limit { limit: "max_entries", value: 10, .. })));
}

fn bomb(compression: Compression) -> ImageBuilder {
    ImageBuilder::new()
        .layer(LayerBuilder::new().file("before", "x").zeros("bomb", 64 << 20))
        .compression(compression)
        .compressed_docker_archive()
}

#[test]
fn bombs_stop_at_the_size_and_at_the_ratio() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let image = bomb(compression);
        let stored = image.build().layers[0].stored.len() as u64;
        assert!(stored < (64 << 20) / 100, "the fixture is a bomb");
        let by_size = Limits { max_layer_bytes: 1 << 20, ..Limits::default() };
        let (collect, outcome) = read_image(&image, Reading::Nothing, by_size);
        assert_eq!(collect.paths(), ["before", "bomb"]);
        assert!(matches!(outcome.error, Some(ImageError::Limit { limit: "max_layer_bytes", .. })));
        assert!(outcome.summary.uncompressed_bytes < 2 << 20);
        let by_ratio = Limits { max_ratio: 50, ratio_floor: 1 << 20, ..Limits::default() };
        let (_, outcome) = read_image(&image, Reading::Nothing, by_ratio);
        assert!(matches!(outcome.error, Some(ImageError::Limit { limit: "max_ratio", .. })));
        let (_, outcome) = read_image(&image, Reading::Nothing, Limits::default());
        assert!(outcome.error.is_none(), "an honest image may compress well");
    }
}

#[test]
fn a_sparse_file_of_two_gigabytes_is_passed_over() {
    let layer = LayerBuilder::new().zeros("var/lib/dpkg/status", 2 << 30).file("after", "x");
    let image = ImageBuilder::new().layer(layer).compression(Compression::Zstd).compressed_docker_archive();
    let (collect, outcome) = read_image(&image, Reading::Some, Limits::default());
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(collect.paths(), ["var/lib/dpkg/status", "after"]);
    assert_eq!(collect.seen[0].size, 2 << 30);
}

/// A docker-archive whose only layer is stored as given.
fn read_stored(layer: &LayerBuilder, stored: Vec<u8>) -> (Collect, image::LayerOutcome) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let mut blobs = ImageBuilder::new().layer(layer.clone()).docker_archive();
    blobs.put(format!("{:064x}/layer.tar", 0), stored);
    blobs.write_tar(&path).unwrap();
    let mut collect = Collect::new(Reading::All);
    let outcome = open(&path).unwrap().read_layer_partly(0, &mut collect);
    (collect, outcome)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_members_and_zstd_frames_are_joined() {
    let layer = LayerBuilder::new().file("a", "a".repeat(3_000)).file("b", "b");
    let tar = layer.build();
    let pieces: Vec<&[u8]> = tar.chunks(700).collect();
    let mut members: Vec<u8> = pieces.iter().flat_map(|piece| gzip(piece)).collect();
    members.extend(gzip(b""));
    let mut frames: Vec<u8> = [0x5a, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4].to_vec();
    for piece in &pieces {
        frames.extend(zstd::bulk::compress(piece, 1).unwrap());
    }
    frames.extend([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
    let mut named = flate2::GzBuilder::new()
        .filename("layer.tar")
        .comment("a comment")
        .extra(vec![1; 300])
        .write(Vec::new(), flate2::Compression::fast());
    named.write_all(&tar).unwrap();
    for stored in [members, frames, named.finish().unwrap()] {
        let (collect, outcome) = read_stored(&layer, stored);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert!(outcome.summary.verified);
        assert_eq!(notes(&outcome), [""; 0]);
        assert_eq!(collect.paths(), ["a", "b"]);
    }
}

#[test]
fn bytes_behind_the_compressed_stream_are_noted_unless_they_are_zeros() {
    let layer = LayerBuilder::new().file("a", "a");
    let tar = layer.build();
    for stored in [gzip(&tar), zstd::bulk::compress(&tar, 1).unwrap()] {
        let (_, outcome) = read_stored(&layer, [stored.as_slice(), b"garbage"].concat());
        assert!(outcome.error.is_none() && outcome.summary.verified);
        assert_eq!(notes(&outcome).len(), 1);
        assert!(notes(&outcome)[0].ends_with(&format!("at byte {}", stored.len())), "{:?}", notes(&outcome));
        let (_, outcome) = read_stored(&layer, [stored.as_slice(), &[0; 2_000]].concat());
        assert!(outcome.error.is_none() && outcome.summary.verified);
        assert_eq!(notes(&outcome), [""; 0]);
    }
}

#[test]
fn cut_and_corrupt_compressed_layers_are_told_apart_by_place_and_reason() {
    let content: Vec<u8> =
        (0..40_000_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let layer = LayerBuilder::new().file("a", "a").file("b", content);
    let tar = layer.build();
    for stored in [gzip(&tar), zstd::bulk::compress(&tar, 1).unwrap()] {
        for length in [20, stored.len() / 2, stored.len() - 1] {
            let (_, outcome) = read_stored(&layer, stored[..length].to_vec());
            match outcome.error {
                Some(ImageError::Truncated { offset, .. }) => assert_eq!(offset, length as u64),
                other => panic!("{length}: {other:?}"),
            }
        }
        let mut damaged = stored.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xff);
        let (_, outcome) = read_stored(&layer, damaged);
        assert!(
            matches!(
                outcome.error,
                Some(ImageError::Corrupt { .. } | ImageError::DigestMismatch { .. } | ImageError::Tar { .. })
            ),
            "{:?}",
            outcome.error
        );
    }
    let mut wrong_length = gzip(&tar);
    *wrong_length.last_mut().unwrap() ^= 1;
    let message = read_stored(&layer, wrong_length).1.error.unwrap().to_string();
    assert!(message.contains("the length in the trailer is wrong"), "{message}");
}

#[test]
fn zstd_windows_beyond_the_limit_are_refused() {
    let layer = LayerBuilder::new().zeros("a", 4 << 20);
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.set_parameter(zstd::stream::raw::CParameter::WindowLog(22)).unwrap();
    layer.write_to(&mut encoder).unwrap();
    let stored = encoder.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let mut blobs = ImageBuilder::new().layer(layer).docker_archive();
    blobs.put(format!("{:064x}/layer.tar", 0), stored);
    blobs.write_tar(&path).unwrap();
    let limits = Limits { zstd_window_log: 20, ..Limits::default() };
    let options = image::OpenOptions { limits, ..image::OpenOptions::default() };
    let image = crate::collect::open_with(&path, &options).unwrap();
    let error = image.read_layer(0, &mut Collect::new(Reading::Nothing)).unwrap_err();
    assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
    assert!(open(&path).unwrap().read_layer(0, &mut Collect::new(Reading::Nothing)).unwrap().verified);
}

#[test]
fn other_compressions_are_named() {
    for (magic, word) in [(&b"\xfd7zXZ\0"[..], "xz"), (b"BZh9", "bzip2")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.tar");
        let mut blobs = ImageBuilder::new().layer(LayerBuilder::new()).docker_archive();
        blobs.put(format!("{:064x}/layer.tar", 0), magic);
        blobs.write_tar(&path).unwrap();
        let message = open(&path).unwrap_err().to_string();
        assert!(message.contains(&format!("compressed with {word}, which cannot be read")), "{message}");
    }
}

#[test]
fn a_layer_number_out_of_range_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    ImageBuilder::new().write_oci_dir(folder.path()).unwrap();
    let image = open(folder.path()).unwrap();
    assert_eq!(image.layer_count(), 0);
    assert!(!image.is_root_fs());
    let error = image.read_layer(0, &mut Collect::new(Reading::All)).unwrap_err();
    assert_eq!(error.to_string(), "there is no layer 0: the image has 0");
}
