//! Programs that name what they were built from, in whole images: modes, owners, layers, links.

use testkit::{LayerBuilder, TarHeader};

use crate::{lines, notes, report_of, try_report_of};

/// An ELF file of one writable part, in which Go's record lies; the main module is `example.org/tool`.
fn go_program(version: &str) -> Vec<u8> {
    const MARK: usize = 16;
    let list = format!("mod\texample.org/tool\t{version}\t\ndep\texample.org/part\tv0.1.0\t\n");
    let mut record = b"\xff Go buildinf:\x08\x02".to_vec();
    record.resize(32, 0);
    record.push(8);
    record.extend(b"go1.20.5");
    let length = list.len() + 2 * MARK;
    record.extend([length as u8 | 0x80, (length >> 7) as u8]);
    record.extend([&[1; MARK], list.as_bytes(), &[2; MARK]].concat());
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    file[32] = 64;
    file[54] = 56;
    file[56] = 1;
    file.extend([1_u32.to_le_bytes(), 6_u32.to_le_bytes()].concat());
    for word in [128, 0x1000, 0x1000, record.len() as u64, record.len() as u64, 16] {
        file.extend(word.to_le_bytes());
    }
    file.resize(128, 0);
    file.extend(record);
    file
}

fn tool(version: &str, layer: u32, place: &str) -> [String; 3] {
    [
        format!("example.org/part v0.1.0 {layer} {place}"),
        format!("example.org/tool {version} {layer} {place}"),
        format!("stdlib v1.20.5 {layer} {place}"),
    ]
}

#[test]
fn a_program_is_one_by_its_mode_and_content_and_a_later_plain_file_takes_its_place() {
    let layer = LayerBuilder::new()
        .file_with_mode("usr/bin/tool", 0o755, go_program("v1.0.0"))
        .file("usr/share/doc/tool", go_program("v2.0.0"))
        .file_with_mode("usr/bin/gone", 0o755, go_program("v3.0.0"))
        .file("usr/bin/gone", "text")
        .hardlink("usr/bin/other", "usr/bin/gone")
        .file_with_mode("usr/bin/script", 0o755, "#!/bin/sh\n".repeat(40));
    let report = report_of([layer]);
    assert_eq!(lines(&report), tool("v1.0.0", 0, "usr/bin/tool"));
    assert!(notes(&report).is_empty(), "{:?}", notes(&report));
}

#[test]
fn a_program_belongs_to_the_os_package_whose_list_names_it_in_whichever_layer_the_list_is() {
    let list = "/.\n/bin\n/bin/tool\n/usr/share/doc/tool\n";
    let database = |layer: LayerBuilder| layer.file("var/lib/dpkg/info/tool.list", list);
    let program = |layer: LayerBuilder| layer.file_with_mode("usr/bin/tool", 0o755, go_program("v1.0.0"));
    let owned = |layer| tool("v1.0.0", layer, "usr/bin/tool").map(|line| format!("{line} (tool)"));
    assert_eq!(lines(&report_of([database(program(LayerBuilder::new()))])), owned(0));
    assert_eq!(lines(&report_of([program(database(LayerBuilder::new()))])), owned(0));
    assert_eq!(lines(&report_of([database(LayerBuilder::new()), program(LayerBuilder::new())])), owned(1));
    assert_eq!(lines(&report_of([program(LayerBuilder::new()), database(LayerBuilder::new())])), owned(0));
    let apk = LayerBuilder::new().file("lib/apk/db/installed", "P:tool\nV:1-r0\nA:x\nF:usr/bin\nR:tool\n\n");
    let expected = lines(&report_of([apk, program(LayerBuilder::new())]));
    assert!(expected.ends_with(&owned(1)), "{expected:?}");
}

#[test]
fn a_directory_a_whiteout_or_a_plain_file_of_an_upper_layer_hides_a_program() {
    let lower = || LayerBuilder::new().file_with_mode("opt/tool", 0o755, go_program("v1.0.0"));
    for upper in [
        LayerBuilder::new().dir("opt/tool"),
        LayerBuilder::new().whiteout("opt/tool"),
        LayerBuilder::new().file("opt/tool", "text"),
        LayerBuilder::new().opaque("opt"),
    ] {
        assert!(lines(&report_of([lower(), upper])).is_empty());
    }
    let cache = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let report = try_report_of([lower(), LayerBuilder::new().dir("opt")], Some(cache.path())).unwrap();
        assert_eq!(lines(&report), tool("v1.0.0", 0, "opt/tool"));
    }
}

#[test]
fn a_hard_link_to_a_program_is_one_in_its_own_layer_and_above() {
    let lower = || {
        LayerBuilder::new()
            .file_with_mode("opt/a", 0o755, go_program("v1.0.0"))
            .file_with_mode("opt/c", 0o755, [0; 400])
    };
    let both = [tool("v1.0.0", 0, "opt/a"), tool("v1.0.0", 0, "opt/b")].concat();
    let mut own = lines(&report_of([lower().hardlink("opt/b", "opt/a").hardlink("opt/d", "opt/c")]));
    own.sort_by_key(|line| line.rsplit(' ').next().map(str::to_owned));
    assert_eq!(own, both);
    let mut link = TarHeader::new(b'1', "opt/b").link("opt/a");
    link.mode = 0o755;
    let upper = LayerBuilder::new().header(&link, b"");
    let mut above = lines(&report_of([lower(), upper, LayerBuilder::new().whiteout("opt/a")]));
    above.sort();
    assert_eq!(above, tool("v1.0.0", 1, "opt/b"));
}

#[test]
fn gems_composer_packages_and_dotnet_packages_are_listed_and_linked_to_their_owner() {
    let gem = "usr/share/rubygems-integration/all/specifications/rack-2.2.22.gemspec";
    let layer = LayerBuilder::new()
        .file(gem, "# -*- encoding: utf-8 -*-\n# stub: rack 2.2.22 ruby lib\n")
        .file("var/lib/dpkg/info/ruby-rack.list", format!("/{gem}\n"))
        .file("srv/vendor/composer/installed.json", r#"{"packages":[{"name":"a/b","version":"v1.2.0"}]}"#)
        .file("app/shop.deps.json", r#"{"libraries":{"Serilog/2.10.0":{"type":"package"}}}"#);
    let report = report_of([layer]);
    assert_eq!(
        lines(&report),
        [
            format!("rack 2.2.22 0 {gem} (ruby-rack)"),
            "a/b v1.2.0 0 srv/vendor/composer/installed.json".to_owned(),
            "Serilog 2.10.0 0 app/shop.deps.json".to_owned(),
        ]
    );
    let purls: Vec<&str> = report.packages.iter().map(|record| record.purl.as_str()).collect();
    assert_eq!(purls, ["pkg:gem/rack@2.2.22", "pkg:composer/a/b@v1.2.0", "pkg:nuget/Serilog@2.10.0"]);
}
