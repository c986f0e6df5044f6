//! Walks an archive and the archives in it, within limits, and tells what each is.

use super::identify::{Clues, identify};
use super::zip::{Archive, Member};
use super::{LIMITS, Limits, is_archive, manifest, pom};
use crate::facts::Facts;
use crate::path;
use crate::registry::Input;
use crate::text::{Problem, read_all};

/// Reads a Java archive. The outermost one must be a zip; nested ones that are not are noted.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, LIMITS.archive)?;
    // WinRAR's archives are called as Java's resource archives are.
    if !bytes.starts_with(b"Rar!") {
        read_bytes(&bytes, &path::text(path::name(input.path)), LIMITS, facts);
    }
    Ok(())
}

/// Reads the archive in `bytes`, called `name`.
fn read_bytes(bytes: &[u8], name: &str, limits: Limits, facts: &mut Facts) {
    let mut walk = Walk { limits, facts, held: 0 };
    walk.archive(bytes, name, "", 1);
}

struct Walk<'a> {
    /// What is left of each limit; `depth` and the sizes stay as they are.
    limits: Limits,
    facts: &'a mut Facts,
    /// Bytes of inflated archives that are in memory now.
    held: u64,
}

impl Walk<'_> {
    /// Reads one archive; `inside` is its place in the outermost one.
    fn archive(&mut self, bytes: &[u8], name: &str, inside: &str, depth: usize) {
        if self.limits.archives == 0 {
            return;
        }
        self.limits.archives -= 1;
        if self.limits.archives == 0 {
            self.note(inside, "too many nested archives, the rest is left out");
        }
        let archive = match Archive::open(bytes) {
            Ok(archive) => archive,
            Err(error) => return self.note(inside, &error.to_string()),
        };
        let (clues, nested) = self.look_through(&archive, inside);
        let mut all = identify(name, &clues);
        for note in clues.classes.complete(&mut all) {
            self.note(inside, &note);
        }
        for mut found in all {
            if self.facts.packages.len() >= self.limits.packages {
                return self.note(inside, "too many packages, the rest is left out");
            }
            inside.clone_into(&mut found.inside);
            self.facts.packages.push(found);
        }
        for member in nested {
            self.nested(&archive, &member, inside, depth);
        }
    }

    /// One pass over the directory: reads the small files that tell what the archive is, collects nested
    /// archives.
    fn look_through<'a>(&mut self, archive: &Archive<'a>, inside: &str) -> (Clues, Vec<Member<'a>>) {
        let mut clues = Clues::default();
        let mut nested = Vec::new();
        let mut xml = Vec::new();
        let mut with_properties: Vec<&[u8]> = Vec::new();
        for member in archive.members() {
            let member = match member {
                Ok(member) => member,
                Err(error) => {
                    self.note(inside, &error.to_string());
                    break;
                }
            };
            if self.limits.members == 0 {
                self.note(inside, "too many members, the rest is left out");
                break;
            }
            self.limits.members -= 1;
            match path::name(member.name) {
                b"pom.properties"
                    if in_maven_folder(member.name) && clues.poms.len() < self.limits.packages =>
                {
                    with_properties.push(path::parent(member.name));
                    if let Some(text) = self.text(archive, &member, inside) {
                        clues.poms.push(pom::parse_properties(&text));
                    }
                }
                b"pom.xml" if in_maven_folder(member.name) && xml.len() < self.limits.packages => {
                    xml.push(member);
                }
                b"MANIFEST.MF" if member.name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") => {
                    clues.manifest = self.text(archive, &member, inside).map(|text| manifest::parse(&text));
                }
                file if file.ends_with(b".class") => clues.classes.add(member.crc, member.size),
                file if is_archive(file) && nested.len() <= self.limits.archives => nested.push(member),
                _ => {}
            }
        }
        with_properties.sort_unstable();
        // Beside the properties of an archive's only package a pom can but tell its licence; in shaded archives that
        // would cost more than it is worth.
        let lacks_license = clues.manifest.as_ref().is_none_or(|manifest| manifest.license().is_none());
        let for_license = clues.poms.len() == 1 && lacks_license;
        for member in xml {
            let is_beside = with_properties.binary_search(&path::parent(member.name)).is_ok();
            if is_beside && !for_license {
                continue;
            }
            let Some(text) = self.text(archive, &member, inside) else { continue };
            let pom = pom::parse_xml(&text);
            match clues.poms.first_mut().filter(|_| is_beside) {
                Some(own) => own.license = pom.license,
                None => clues.poms.push(pom),
            }
        }
        (clues, nested)
    }

    fn nested(&mut self, outer: &Archive<'_>, member: &Member<'_>, inside: &str, depth: usize) {
        let own = path::text(member.name);
        let place = if inside.is_empty() { own } else { format!("{inside}!/{own}") };
        let name = path::text(path::name(member.name));
        if depth >= self.limits.depth {
            return self.note(&place, &format!("archive is nested deeper than {} levels", self.limits.depth));
        }
        match outer.stored(member) {
            Ok(Some(bytes)) => {
                let Some(left) = self.limits.bytes.checked_sub(bytes.len() as u64) else {
                    return self.note(&place, "too many bytes in nested archives, the rest is left out");
                };
                self.limits.bytes = left;
                return self.archive(bytes, &name, &place, depth + 1);
            }
            Ok(None) => {}
            Err(error) => return self.note(&place, &error.to_string()),
        }
        let room = self.limits.archive.saturating_sub(self.held);
        let Some(bytes) = self.inflate(outer, member, room, &place) else { return };
        self.held += bytes.len() as u64;
        self.archive(&bytes, &name, &place, depth + 1);
        self.held -= bytes.len() as u64;
    }

    fn text(&mut self, archive: &Archive<'_>, member: &Member<'_>, inside: &str) -> Option<Vec<u8>> {
        let own = path::text(member.name);
        let place = if inside.is_empty() { own } else { format!("{inside}!/{own}") };
        self.inflate(archive, member, self.limits.text, &place)
    }

    fn inflate(
        &mut self,
        archive: &Archive<'_>,
        member: &Member<'_>,
        limit: u64,
        place: &str,
    ) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let outcome = archive.inflate(member, limit.min(self.limits.bytes), &mut bytes);
        self.limits.bytes = self.limits.bytes.saturating_sub(bytes.len() as u64);
        outcome.map_err(|error| self.note(place, &error.to_string())).ok()?;
        Some(bytes)
    }

    fn note(&mut self, place: &str, reason: &str) {
        match place {
            "" => self.facts.note(reason),
            place => self.facts.note(format!("{place}: {reason}")),
        }
    }
}

/// Whether a member lies in `META-INF/maven/<group>/<artifact>/`, at the top or in a web archive's classes.
fn in_maven_folder(name: &[u8]) -> bool {
    const FOLDER: &[u8] = b"META-INF/maven/";
    match memchr::memmem::find(name, FOLDER) {
        Some(0) => true,
        Some(at) => matches!(&name[..at], b"WEB-INF/classes/" | b"BOOT-INF/classes/"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use ::zip::write::SimpleFileOptions;

    use super::*;

    fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn told(bytes: &[u8], name: &str, limits: Limits) -> (Vec<String>, Vec<String>) {
        let mut facts = Facts::default();
        read_bytes(bytes, name, limits, &mut facts);
        let shown =
            |found: &crate::facts::Found| format!("{} {} @{}", found.name, found.version, found.inside);
        (facts.packages.iter().map(shown).collect(), facts.notes)
    }

    const POM: &str = "META-INF/maven/org.x/lib/pom.properties";
    const LIB: &[u8] = b"groupId=org.x\nartifactId=lib\nversion=1.0\n";

    #[test]
    fn nested_archives_are_told_with_their_place() {
        let lib = zip(&[(POM, LIB)]);
        let web = zip(&[("WEB-INF/lib/lib-1.0.jar", &lib), ("WEB-INF/lib/BROKEN.JAR", b"no zip")]);
        let all = zip(&[("shop.war", &web), ("x.txt", b"")]);
        let (packages, notes) = told(&all, "shop.ear", LIMITS);
        assert_eq!(packages, ["org.x:lib 1.0 @shop.war!/WEB-INF/lib/lib-1.0.jar"]);
        assert_eq!(notes, ["shop.war!/WEB-INF/lib/BROKEN.JAR: no zip directory found"]);
    }

    #[test]
    fn a_pom_xml_counts_only_where_properties_are_missing() {
        let xml =
            b"<project><groupId>org.y</groupId><artifactId>z</artifactId><version>3</version></project>";
        let other =
            b"<project><groupId>org.x</groupId><artifactId>lib</artifactId><version>9</version></project>";
        let bytes = zip(&[
            (POM, LIB),
            ("META-INF/maven/org.x/lib/pom.xml", other),
            ("WEB-INF/classes/META-INF/maven/org.y/z/pom.xml", xml),
            ("test/META-INF/maven/org.q/q/pom.xml", xml),
        ]);
        assert_eq!(told(&bytes, "lib.war", LIMITS).0, ["org.x:lib 1.0 @", "org.y:z 3 @"]);
    }

    #[test]
    fn archives_nested_a_hundred_deep_are_read_to_the_limit_and_noted() {
        let mut bytes = zip(&[(POM, LIB)]);
        for _ in 0..100 {
            bytes = zip(&[("inner.jar", &bytes), (POM, LIB)]);
        }
        let (packages, notes) = told(&bytes, "outer.jar", LIMITS);
        assert_eq!(packages.len(), LIMITS.depth);
        assert!(notes[0].ends_with("archive is nested deeper than 8 levels"), "{notes:?}");
    }

    #[test]
    fn a_bomb_is_stopped_by_the_sum_of_inflated_bytes() {
        let bomb = vec![0_u8; 3 << 20];
        let names: Vec<String> = (0..20).map(|number| format!("lib/{number}.jar")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &bomb[..])).collect();
        let bytes = zip(&members);
        assert!(bytes.len() < bomb.len() / 10, "the fixture must be a bomb");
        let limits = Limits { bytes: 10 << 20, ..LIMITS };
        let (_, notes) = told(&bytes, "bomb.jar", limits);
        assert_eq!(notes.iter().filter(|note| note.contains("is larger than the limit")).count(), 17);
    }

    #[test]
    fn a_text_member_that_is_a_bomb_is_noted_and_the_rest_stands() {
        let bomb = vec![b'#'; 8 << 20];
        let other = "META-INF/maven/org.x/bomb/pom.properties";
        let (packages, notes) = told(&zip(&[(other, &bomb), (POM, LIB)]), "lib.jar", LIMITS);
        assert_eq!(packages, ["org.x:lib 1.0 @"]);
        assert_eq!(notes.len(), 1);
    }
}
