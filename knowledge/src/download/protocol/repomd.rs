//! RPM repositories: `repomd.xml` gives name and checksum of the `updateinfo` file; the checksum tells whether it has changed.

use super::MIB;
use crate::download::changes::is_plain_path;
use crate::download::client::Request;
use crate::download::kind::Kind;
use crate::download::place::Checksum;
use crate::download::retry::Failure;
use crate::download::sidecar::Sidecar;
use crate::download::worker::Worker;

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::download) enum Base {
    /// There; with a slash at the end.
    At(String),
    /// Where the first line of this file says.
    Mirrors(String),
}

impl Base {
    pub(in crate::download) fn url(&self) -> &str {
        match self {
            Self::At(url) | Self::Mirrors(url) => url,
        }
    }
}

/// Fetches the update notices of a repository into `folder`, and beside them its list of modules, which tells the
/// streams that notices do not name.
pub(in crate::download) fn run(worker: &mut Worker<'_>, base: &Base, folder: &str) {
    let index = match index(worker, base) {
        Ok(index) => index,
        Err(failure) => return worker.note(&format!("{folder}/updateinfo.xml"), base.url(), Err(failure)),
    };
    for (kind, name, needed) in [("updateinfo", "updateinfo.xml", true), ("modules", "modules.yaml", false)] {
        if !needed && !index.repomd.contains(&format!("type=\"{kind}\"")) {
            continue;
        }
        let found = find(&index.repomd, kind).and_then(|found| found.compression().map(|form| (found, form)));
        let (path, outcome) = match found {
            Ok((found, (extension, form))) => {
                let path = format!("{folder}/{name}{extension}");
                let form = form.unwrap_or(if needed { Kind::Xml } else { Kind::Text });
                let outcome = fetch(worker, &index.root, &found, form, &path);
                (path, outcome)
            }
            Err(reason) => (format!("{folder}/{name}"), Err(Failure::Other(reason))),
        };
        worker.note(&path, base.url(), outcome);
    }
}

/// A repository's table of contents and the folder that it is relative to.
struct Index {
    root: String,
    repomd: String,
}

fn index(worker: &mut Worker<'_>, base: &Base) -> Result<Index, Failure> {
    let root = match base {
        Base::At(url) => url.clone(),
        Base::Mirrors(list) => first_mirror(&worker.text(list, Kind::Text, MIB)?)?,
    };
    let repomd = worker.text(&format!("{root}repodata/repomd.xml"), Kind::Xml, 4 * MIB)?;
    Ok(Index { root, repomd })
}

fn fetch(
    worker: &mut Worker<'_>,
    root: &str,
    found: &Found,
    kind: Kind,
    path: &str,
) -> Result<Option<u64>, Failure> {
    let target = worker.into.join(path);
    // The address holds the checksum and differs each time; the checksum alone tells whether the file is the same.
    let known = target.is_file().then(|| Sidecar::read(&target)).flatten().and_then(|note| note.revision);
    if known.as_deref() == Some(found.checksum.text()) {
        return Ok(None);
    }
    let url = format!("{root}{}", found.location);
    let request = Request::new(&url, kind, 256 * MIB);
    let (part, bytes, validators) =
        worker.part(request, &target)?.ok_or_else(|| Failure::other("the server sent no body"))?;
    found.checksum.check_file(&part.0).map_err(Failure::Other)?;
    let revision = Some(found.checksum.text().to_owned());
    part.place(&target, &Sidecar { validators, revision, ..Sidecar::new(&url) })?;
    Ok(Some(bytes))
}

fn first_mirror(list: &str) -> Result<String, Failure> {
    let first = list.lines().map(str::trim).find(|line| line.starts_with("https://") && !line.contains(' '));
    let first = first.ok_or_else(|| Failure::other("the list names no https mirror"))?;
    Ok(format!("{}/", first.replace("$basearch", "x86_64").trim_end_matches('/')))
}

/// What `repomd.xml` says of one of its files.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    location: String,
    checksum: Checksum,
}

impl Found {
    /// The ending of a compressed file and its form.
    fn compression(&self) -> Result<(&'static str, Option<Kind>), String> {
        let known = [(".gz", Kind::Gzip), (".xz", Kind::Xz), (".bz2", Kind::Bzip2), (".zst", Kind::Zstd)];
        if let Some((ending, kind)) = known.into_iter().find(|(ending, _)| self.location.ends_with(ending)) {
            return Ok((ending, Some(kind)));
        }
        if self.location.ends_with(".xml") || self.location.ends_with(".yaml") {
            return Ok(("", None));
        }
        Err(format!("it is published as {}, which cannot be unpacked", self.location))
    }
}

fn find(repomd: &str, kind: &str) -> Result<Found, String> {
    let marks = [format!("<data type=\"{kind}\""), format!("<data type='{kind}'")];
    let start = marks.iter().find_map(|mark| repomd.find(mark.as_str()));
    let start = start.ok_or_else(|| format!("the repository has no {kind}"))?;
    let rest = &repomd[start..];
    let block = &rest[..rest.find("</data>").ok_or("repomd.xml is cut short")?];
    let href = block.split_once("<location").and_then(|(_, rest)| attribute(rest, "href"));
    let location = href
        .filter(|path| is_plain_path(path))
        .ok_or_else(|| format!("repomd.xml names no file for {kind}"))?;
    let checksum = block.split_once("<checksum").and_then(|(_, rest)| rest.split_once('>'));
    let checksum = checksum.ok_or_else(|| format!("repomd.xml gives no checksum for {kind}"))?;
    let text = checksum.1.split_once('<').map_or("", |(text, _)| text);
    let checksum = Checksum::parse(text)
        .ok_or_else(|| format!("the checksum of {kind} is neither SHA-256 nor SHA-512"))?;
    Ok(Found { location: location.to_owned(), checksum })
}

/// The value of an attribute before the end of the element.
fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let element = &text[..text.find('>')?];
    let (_, value) = element.split_once(&format!("{name}="))?;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repomd(checksum: &str, location: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><repomd><data type=\"primary\"><checksum type=\"sha256\">00</checksum></data>\
             <data type=\"updateinfo_zck\"><location href=\"zck\"/></data>\n<data type=\"updateinfo\">\n\
             <checksum type=\"sha256\">{checksum}</checksum><open-checksum type=\"sha256\">11</open-checksum>\
             <location xml:base=\"x\" href=\"{location}\"/></data></repomd>"
        )
    }

    #[test]
    fn updateinfo_is_found_with_its_checksum() {
        let sum = "ab".repeat(32);
        let found = find(&repomd(&sum, "repodata/x-updateinfo.xml.gz"), "updateinfo").unwrap();
        assert_eq!(found.location, "repodata/x-updateinfo.xml.gz");
        assert_eq!(found.checksum, Checksum::Sha256(sum.clone()));
        assert!(find(&repomd("da39a3", "repodata/x.xml.gz"), "updateinfo").unwrap_err().contains("neither"));
        assert!(find(&repomd(&sum, "../../x.xml.gz"), "updateinfo").unwrap_err().contains("names no file"));
        assert!(find(&repomd(&sum, "https://example.com/x.xml.gz"), "updateinfo").is_err());
        assert!(find("<repomd></repomd>", "updateinfo").unwrap_err().contains("no updateinfo"));
    }

    #[test]
    fn the_first_https_mirror_is_taken() {
        let list = "http://a.example.com/x\nhttps://b.example.com/guids/1/$basearch/\n";
        assert_eq!(first_mirror(list).unwrap(), "https://b.example.com/guids/1/x86_64/");
        assert!(first_mirror("nothing").is_err());
    }
}
