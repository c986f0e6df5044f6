//! Assemblies (`*.dll`) by their version resource, where nothing else tells what they belong to.
//!
//! Only managed code counts: a library in machine code is no package of NuGet. The assembly's name stands for the
//! package's, which is the custom though not a rule; the product's name (`Json.NET`) is none that an advisory uses.

use std::io::Read;

use model::Ecosystem;

use super::version_resource::strings;
use crate::facts::{Facts, Found};
use crate::path;
use crate::registry::Input;
use crate::text::{Problem, owned};
use crate::word::{is_name, is_version};

/// Bytes at the front that hold all headers of an assembly.
const HEAD: usize = 4_096;
/// Largest resource section that is read; icons and the like come before the version in it.
const MAX_RESOURCES: u64 = 4 << 20;
/// How far into a file its resources may begin.
const MAX_SKIPPED: u64 = 1 << 30;

/// Products whose assemblies are parts of a framework and no packages.
const FRAMEWORKS: [&str; 3] =
    [".NET Framework", "Mono Common Language Infrastructure", "Mono class libraries"];

/// Whether an assembly may stand for a package: translations belong to another, and reference assemblies hold no code.
pub(super) fn is_candidate(path: &[u8], file: &[u8]) -> bool {
    let is_reference = path
        .split(|byte| *byte == b'/')
        .any(|part| matches!(part, b"ref" | b"refint") || part.ends_with(b".Ref"));
    !path::has_suffix(file, b".resources.dll") && !is_reference
}

/// Keeps the package of an assembly. What is no module, or holds machine code, is passed over without a note.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut head = Vec::with_capacity(HEAD);
    input.content.take(HEAD as u64).read_to_end(&mut head)?;
    let Some(resources) = resources(&head) else { return Ok(()) };
    let Some(section) = read_section(input.content, &head, &resources)? else { return Ok(()) };
    let Some(strings) = strings(&section, resources.address) else { return Ok(()) };
    let text = |key: &str| strings.get(key).map(String::as_str).unwrap_or_default();
    if FRAMEWORKS.iter().any(|name| text("ProductName").contains(name)) {
        return Ok(());
    }
    let file = owned(path::name(input.path));
    let own = [text("OriginalFilename"), text("InternalName")].into_iter().find_map(stem);
    let name = own.or_else(|| stem(&file)).filter(|name| is_name(name));
    let version = version(text("ProductVersion")).or_else(|| version(text("FileVersion")));
    // what the compiler writes where nobody has set a version
    if text("FileVersion") == "1.0.0.0" && version.as_deref() == Some("1.0.0") {
        return Ok(());
    }
    if let (Some(name), Some(version)) = (name, version) {
        facts.packages.push(Found::language(Ecosystem::Nuget, name, version));
    }
    Ok(())
}

/// The name of a file without its suffix, if it has that of a library.
fn stem(file: &str) -> Option<&str> {
    let at = file.len().checked_sub(4).filter(|at| file.is_char_boundary(*at))?;
    file[at..].eq_ignore_ascii_case(".dll").then_some(&file[..at])
}

/// A fourth part of at least this is a counter of builds, which a package's version does not have.
const MIN_BUILD: u32 = 1_000;

/// `13.0.1` of `13.0.1+ae9fe44e`, `4.0.3` of `4.0.3.0 (main)`, `6.0.8` of `6.0.8.18111`; a version of noughts says nothing.
fn version(text: &str) -> Option<String> {
    let word = text.split(['+', ' ', ',', '@']).next().unwrap_or_default();
    let numbers = word.split('-').next().unwrap_or_default();
    let parts: Option<Vec<u32>> = numbers.split('.').map(|part| part.parse().ok()).collect();
    let parts = parts.filter(|parts| (2..=4).contains(&parts.len()) && parts.iter().any(|part| *part > 0))?;
    if !is_version(word) {
        return None;
    }
    // NuGet leaves out a fourth part that is nought
    let is_surplus = |part: &u32| *part == 0 || *part >= MIN_BUILD;
    if numbers.len() == word.len() && parts.get(3).is_some_and(is_surplus) {
        return word.rsplit_once('.').map(|(short, _)| short.to_owned());
    }
    Some(word.to_owned())
}

/// Where the resource section lies.
#[derive(Debug, PartialEq)]
struct Resources {
    offset: u64,
    size: u64,
    address: u32,
}

/// The resources of a module in managed code, by its headers.
fn resources(head: &[u8]) -> Option<Resources> {
    let u16_at = |at: usize| head.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let u32_at = |at: usize| Some(u32::from(u16_at(at)?) | u32::from(u16_at(at + 2)?) << 16);
    if !head.starts_with(b"MZ") {
        return None;
    }
    let header = u32_at(0x3c).map(|at| at as usize).filter(|at| *at < HEAD)?;
    if head.get(header..header + 4)? != b"PE\0\0" {
        return None;
    }
    let sections = u16_at(header + 6)?;
    let optional = header + 24;
    let first_section = optional + usize::from(u16_at(header + 20)?);
    let directories = match u16_at(optional)? {
        0x10b => optional + 96,
        0x20b => optional + 112,
        _ => return None,
    };
    let directory = |number: usize| u32_at(directories + number * 8).filter(|address| *address != 0);
    let has_count = |number: u32| u32_at(directories - 4).is_some_and(|count| count > number);
    // directory 14 is that of the common language runtime, 2 that of resources
    let address = has_count(14).then(|| directory(14).and_then(|_| directory(2)))??;
    (0..usize::from(sections)).map(|index| first_section + index * 40).find_map(|at| {
        let (size, start) = (u32_at(at + 16)?, u32_at(at + 12)?);
        let into = address.checked_sub(start).filter(|into| *into < size)?;
        let offset = u64::from(u32_at(at + 20)?) + u64::from(into);
        Some(Resources { offset, size: u64::from(size - into), address })
    })
}

/// The bytes of the section, or `None` if it breaks off before it begins.
fn read_section(
    mut content: &mut dyn Read,
    head: &[u8],
    resources: &Resources,
) -> Result<Option<Vec<u8>>, Problem> {
    let size = resources.size.min(MAX_RESOURCES);
    let known = head.get(resources.offset.min(head.len() as u64) as usize..).unwrap_or_default();
    let mut section = known[..known.len().min(size as usize)].to_vec();
    let skipped = resources.offset.saturating_sub(head.len() as u64);
    if skipped > MAX_SKIPPED {
        return Ok(None);
    }
    std::io::copy(&mut (&mut content).take(skipped), &mut std::io::sink())?;
    content.take(size - section.len() as u64).read_to_end(&mut section)?;
    Ok(Some(section).filter(|section| !section.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::version_resource::section_of;
    use crate::trial::{facts_of, lines, who};

    /// A module of one section, of resources, at byte 1024.
    fn module(strings: &[(&str, &str)], is_managed: bool) -> Vec<u8> {
        let address = 0x4000_u32;
        let section = section_of(strings, address);
        let mut bytes = vec![0; 1024];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x80;
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        bytes[0x86] = 1;
        bytes[0x94] = 224;
        let optional = 0x98;
        bytes[optional..optional + 2].copy_from_slice(&0x10b_u16.to_le_bytes());
        bytes[optional + 92] = 16;
        let mut put = |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(optional + 96 + 2 * 8, address);
        put(optional + 96 + 14 * 8, u32::from(is_managed) * 0x2008);
        let table = optional + 224;
        put(table + 12, address);
        put(table + 16, section.len() as u32);
        put(table + 20, 1024);
        bytes.extend(section);
        bytes
    }

    const JSON: [(&str, &str); 4] = [
        ("ProductName", "Json.NET"),
        ("OriginalFilename", "Newtonsoft.Json.dll"),
        ("FileVersion", "13.0.1.25517"),
        ("ProductVersion", "13.0.1+ae9fe44e1323e91bcbd185ca1a14099fba7c021f"),
    ];

    #[test]
    fn an_assembly_stands_for_the_package_of_its_name() {
        assert_eq!(
            lines(&facts_of("opt/tool/Renamed.DLL", module(&JSON, true))),
            ["nuget Newtonsoft.Json 13.0.1"]
        );
        for (stated, expected) in [
            ("2.0.8.0", "2.0.8"),
            ("6.0.8.18111", "6.0.8"),
            ("1.2.3.4", "1.2.3.4"),
            ("1.0.0-beta.1", "1.0.0-beta.1"),
        ] {
            let module = module(&[("FileVersion", stated)], true);
            assert_eq!(
                lines(&facts_of("opt/tool/log4net.dll", module)),
                [format!("nuget log4net {expected}")]
            );
        }
    }

    #[test]
    fn machine_code_frameworks_and_empty_versions_are_no_packages() {
        assert!(facts_of("a/native.dll", module(&JSON, false)).is_empty());
        for strings in [
            vec![("ProductName", "Microsoft® .NET Framework"), ("FileVersion", "4.0.1")],
            vec![("ProductName", "Mono Common Language Infrastructure"), ("FileVersion", "4.0.1")],
            vec![("FileVersion", "0.0.0.0")],
            vec![("FileVersion", "1.0.0.0"), ("ProductVersion", "1.0.0+0123abcd")],
            vec![("FileVersion", "%VERSION%")],
            vec![],
        ] {
            assert!(facts_of("a/a.dll", module(&strings, true)).is_empty(), "{strings:?}");
        }
        assert!(facts_of("a/a.dll", "MZ").is_empty());
        assert!(facts_of("a/a.dll", "no module at all").is_empty());
    }

    #[test]
    fn translations_and_reference_assemblies_are_not_asked_for() {
        assert_eq!(who("app/de/Shop.resources.dll"), None);
        assert_eq!(who("usr/share/dotnet/packs/Microsoft.NETCore.App.Ref/6.0.5/ref/net6.0/System.dll"), None);
        assert_eq!(who("app/Shop.dll"), Some("dotnet-assembly"));
    }

    #[test]
    fn no_cut_and_no_flipped_byte_makes_the_reader_fail() {
        let whole = module(&JSON, true);
        for at in 0..whole.len() {
            let _ = facts_of("a/a.dll", &whole[..at]);
            let mut odd = whole.clone();
            odd[at] ^= 0xff;
            let notes = facts_of("a/a.dll", odd).notes;
            assert!(notes.is_empty(), "byte {at}: {notes:?}");
        }
    }
}
