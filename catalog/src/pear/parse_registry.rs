//! A file of PEAR's registry (pear/pear-core, `PEAR/Registry.php`): the package's `package.xml`, serialised.
//!
//! `package.xml` 1.0 has `package` and a version as text, 2.0 has `name`, `channel` and a version of two kinds.

use model::Ecosystem;

use super::serialised::{Value, parse};
use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, owned, read_all};
use crate::word::{is_name, is_version};

/// Largest file that is read; it holds the whole history of changes.
const MAX_REGISTRY: u64 = 16 << 20;

/// Keeps the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_REGISTRY)?;
    let value =
        parse(&bytes).map_err(|at| Problem::Malformed(format!("no serialised value at byte {at}")))?;
    let text = |value: Option<&Value<'_>>| value.and_then(Value::text);
    let name = text(value.get("name")).or_else(|| text(value.get("package")));
    let version = value.get("version");
    let version = text(version).or_else(|| text(version.and_then(|version| version.get("release"))));
    let channel =
        text(value.get("channel")).or_else(|| super::channel(input.path).map(owned)).unwrap_or_default();
    match (name, version) {
        (Some(name), Some(version)) if is_name(&name) && is_version(&version) && is_name(&channel) => {
            let (ecosystem, name) = published(&channel, &name);
            let mut found = Found::language(ecosystem, name, version);
            let license = value.get("license");
            let license = text(license).or_else(|| text(license.and_then(|license| license.get("_content"))));
            found.license = license.as_deref().and_then(license::expression);
            facts.packages.push(found);
            Ok(())
        }
        _ => Err(Problem::Malformed("registry of PEAR has no name or version".to_owned())),
    }
}

fn published(channel: &str, name: &str) -> (Ecosystem, String) {
    match channel {
        "pear.php.net" => (Ecosystem::Composer, format!("pear/{}", name.to_ascii_lowercase())),
        "pecl.php.net" => (Ecosystem::Generic, format!("pecl/{}", name.to_ascii_lowercase())),
        other => (Ecosystem::Composer, format!("pear-{other}/{name}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    #[test]
    fn packages_and_extensions_are_named_as_they_are_published() {
        let two = "a:4:{s:4:\"name\";s:11:\"Archive_Tar\";s:7:\"channel\";s:12:\"pear.php.net\";\
                   s:7:\"version\";a:2:{s:7:\"release\";s:6:\"1.4.14\";s:3:\"api\";s:5:\"1.4.0\";}\
                   s:7:\"license\";a:2:{s:7:\"attribs\";a:0:{}s:8:\"_content\";s:3:\"MIT\";}}";
        assert_eq!(
            lines(&facts_of("usr/share/php/.registry/archive_tar.reg", two)),
            ["composer pear/archive_tar 1.4.14 MIT"]
        );
        let one =
            "a:3:{s:7:\"package\";s:4:\"APCu\";s:7:\"version\";s:6:\"5.1.22\";s:7:\"license\";s:3:\"MIT\";}";
        let path = "usr/local/lib/php/.registry/.channel.pecl.php.net/apcu.reg";
        assert_eq!(lines(&facts_of(path, one)), ["generic pecl/apcu 5.1.22 MIT"]);
        let path = "usr/share/php/.registry/.channel.pear.example.org/x.reg";
        assert_eq!(lines(&facts_of(path, one)), ["composer pear-pear.example.org/APCu 5.1.22 MIT"]);
    }

    #[test]
    fn channels_are_no_packages_and_broken_files_are_noted() {
        assert_eq!(who("usr/share/php/.channels/pear.php.net.reg"), None);
        let path = "usr/share/php/.registry/a.reg";
        assert_eq!(facts_of(path, "x").notes, ["no serialised value at byte 0"]);
        assert_eq!(facts_of(path, "a:0:{}").notes, ["registry of PEAR has no name or version"]);
    }
}
