//! Lists of containers and images, and what is known of one image.

use model::{Digest, ImageId};
use serde::Deserialize;

use super::inspect::{image_id, state_of};
use crate::runtime::Listed;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerEntry {
    id: String,
    state: Option<String>,
}

/// An image as a list or `inspect` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageEntry {
    id: String,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
}

/// What stands for a name that an image does not have.
const NO_NAME: &str = "<none>";

impl ImageEntry {
    /// The daemon's id: the digest of the config, or of the manifest where images lie in containerd.
    pub(super) fn id(&self) -> Option<ImageId> {
        image_id(&self.id)
    }

    /// Tags, then names with a digest.
    pub(super) fn names(&self) -> Vec<String> {
        let all = [&self.repo_tags, &self.repo_digests].into_iter().flatten().flatten();
        all.filter(|name| !name.contains(NO_NAME)).cloned().collect()
    }

    /// The digest of the manifest by which the image was pulled under this name; without such a name, the only digest that there is.
    pub(super) fn manifest(&self, name: Option<&str>) -> Option<Digest> {
        let pulled = || {
            let names = self.repo_digests.iter().flatten().filter_map(|name| name.split_once('@'));
            names.filter_map(|(repository, digest)| Some((repository, digest.parse::<Digest>().ok()?)))
        };
        let wanted = name.map(repository);
        let same = pulled().find(|(name, _)| wanted.as_deref() == Some(repository(name).as_str()));
        let all_are = |digest: &Digest| pulled().all(|(_, other)| other == *digest);
        same.or_else(|| pulled().next().filter(|(_, digest)| all_are(digest))).map(|(_, digest)| digest)
    }
}

/// Registry and repository of a name.
fn repository(name: &str) -> String {
    match model::Reference::parse(name) {
        Some(name) => format!("{}/{}", name.registry, name.repository),
        None => name.to_owned(),
    }
}

/// Reads the answer of `GET /containers/json`.
pub(super) fn containers(bytes: &[u8]) -> Result<Vec<Listed>, String> {
    let entries: Option<Vec<ContainerEntry>> =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let listed = entries.unwrap_or_default().into_iter().enumerate().map(|(index, entry)| {
        let id = Digest::from_hex(&entry.id)
            .map_err(|_| format!("`Id` of entry {index} is `{}`", super::client::shorten(&entry.id)))?;
        Ok(Listed { id: id.to_hex(), state: state_of(entry.state.as_deref().unwrap_or_default()) })
    });
    listed.collect()
}

/// Reads the answer of `GET /images/json`.
pub(super) fn images(bytes: &[u8]) -> Result<Vec<ImageEntry>, String> {
    let entries: Option<Vec<ImageEntry>> =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(entries.unwrap_or_default())
}

/// Reads the answer of `GET /images/NAME/json`.
pub(super) fn image(bytes: &[u8]) -> Result<ImageEntry, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use model::ContainerState;

    use super::*;

    #[test]
    fn lists_are_read_and_a_wrong_entry_is_named() {
        let id = "A979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";
        let text =
            format!(r#"[{{"Id":"{id}","State":"exited","Names":["/a"]}},{{"Id":"{id}","State":null}}]"#);
        let listed = containers(text.as_bytes()).unwrap();
        assert_eq!(listed[0].id, id.to_lowercase());
        assert_eq!((listed[0].state, listed[1].state), (ContainerState::Stopped, ContainerState::Unknown));
        assert_eq!(containers(b"null").unwrap(), []);
        assert!(containers(br#"[{"Id":"x"}]"#).unwrap_err().contains("entry 0"));
        assert!(containers(b"{").is_err() && images(b"[{}]").is_err());
    }

    #[test]
    fn an_image_is_known_by_the_digest_that_its_name_was_pulled_by() {
        let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
        let entry = |digests: &[(&str, &str)]| ImageEntry {
            id: digest("0"),
            repo_tags: Some(vec!["<none>:<none>".into(), "web:1".into()]),
            repo_digests: Some(digests.iter().map(|(name, of)| format!("{name}@{}", digest(of))).collect()),
        };
        let two = entry(&[("web", "a"), ("r.example.com/web", "b")]);
        let of =
            |entry: &ImageEntry, name| entry.manifest(name).map(|digest| digest.to_hex()[..1].to_owned());
        assert_eq!(of(&two, Some("docker.io/library/web:1")).as_deref(), Some("a"));
        assert_eq!(of(&two, Some("r.example.com/web")).as_deref(), Some("b"));
        assert_eq!((of(&two, Some("other:1")), of(&two, None)), (None, None));
        assert_eq!(of(&entry(&[("a", "c"), ("b", "c")]), Some("sha256:0000")).as_deref(), Some("c"));
        assert_eq!(two.names().len(), 3);
        assert_eq!(two.names()[0], "web:1");
    }
}
