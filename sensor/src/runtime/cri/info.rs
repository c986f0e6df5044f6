//! What a runtime adds when it is asked verbosely: JSON in a form of its own.
//!
//! containerd (`pkg/cri/server/container_status.go`) and CRI-O (`server/container_status.go`) agree on process and specification. What
//! else is there is read where it is found.

use model::ImageId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::runtime::containerd::spec::{self, SpecFacts};

/// Bytes that are read.
const MAX_BYTES: usize = 8 << 20;

/// Where CRI-O and containerd write the id of the image into the specification.
const IMAGE_ANNOTATIONS: [&str; 2] = ["io.kubernetes.cri-o.ImageRef", "io.kubernetes.cri-o.Image"];

/// What of it is of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) sandbox: String,
    pub(super) process: Option<u32>,
    pub(super) snapshot: String,
    pub(super) snapshotter: String,
    pub(super) privileged: Option<bool>,
    /// The image by the digest of its config.
    pub(super) image: Option<ImageId>,
    pub(super) spec: SpecFacts,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    #[serde(rename = "sandboxID")]
    sandbox: String,
    pid: i64,
    snapshot_key: String,
    snapshotter: String,
    privileged: Option<bool>,
    config: Value,
    runtime_spec: Option<Box<RawValue>>,
}

/// Reads it.
///
/// # Errors
/// What is too long or in another form, in words.
pub(super) fn read(json: &str) -> Result<Info, String> {
    if json.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, more than the {MAX_BYTES} that are read", json.len()));
    }
    let document: Document = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let spec = match &document.runtime_spec {
        Some(spec) if spec.get() != "null" => spec::read(spec.get().as_bytes())?,
        _ => SpecFacts::default(),
    };
    let config = &document.config;
    let privileged = config.pointer("/linux/security_context/privileged").and_then(Value::as_bool);
    // Go leaves out what is false.
    let said = document.privileged.or(privileged).or(config.get("linux").map(|_| false));
    let image = config.pointer("/image/image").and_then(Value::as_str).and_then(image_id);
    let annotated = || IMAGE_ANNOTATIONS.iter().find_map(|key| image_id(spec.annotations.get(*key)?));
    Ok(Info {
        sandbox: document.sandbox,
        process: u32::try_from(document.pid).ok().filter(|pid| *pid != 0),
        snapshot: document.snapshot_key,
        snapshotter: document.snapshotter,
        privileged: said.or(spec.privileged),
        image: image.or_else(annotated),
        spec,
    })
}

/// The id of an image: 64 hex digits, with or without the name of the algorithm. A name of an image is none.
pub(super) fn image_id(text: &str) -> Option<ImageId> {
    model::Digest::from_hex(text.strip_prefix("sha256:").unwrap_or(text)).ok().map(ImageId)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_containerd_adds_is_read() {
        let id = "0a".repeat(32);
        let info = json!({
            "sandboxID": "5d", "pid": 4711, "removing": false, "snapshotKey": "c1", "snapshotter": "overlayfs",
            "config": { "image": { "image": format!("sha256:{id}") }, "linux": { "security_context": { "privileged": true } } },
            "runtimeSpec": { "process": { "args": ["/pause"] }, "root": { "path": "rootfs" } },
        });
        let info = read(&info.to_string()).unwrap();
        assert_eq!((info.sandbox.as_str(), info.process, info.privileged), ("5d", Some(4711), Some(true)));
        assert_eq!((info.snapshot.as_str(), info.snapshotter.as_str()), ("c1", "overlayfs"));
        assert_eq!(info.image, image_id(&id));
        assert_eq!(info.spec.command, ["/pause"]);
    }

    #[test]
    fn what_cri_o_adds_is_read() {
        let id = "0b".repeat(32);
        let info = json!({
            "sandboxID": "5d", "pid": 12, "privileged": false,
            "runtimeSpec": { "annotations": { "io.kubernetes.cri-o.ImageRef": id }, "root": { "path": "/g/overlay/l/merged" } },
        });
        let info = read(&info.to_string()).unwrap();
        assert_eq!((info.process, info.privileged, info.image), (Some(12), Some(false), image_id(&id)));
        assert_eq!(info.spec.root_path.as_deref(), Some("/g/overlay/l/merged"));
    }

    #[test]
    fn a_name_is_no_id_of_an_image_and_nothing_is_no_information() {
        assert_eq!(image_id("registry.k8s.io/pause:3.9"), None);
        assert_eq!(image_id("registry.k8s.io/pause@sha256:0a"), None);
        assert_eq!(read("{}"), Ok(Info::default()));
        assert_eq!(read(r#"{"runtimeSpec":null,"pid":0}"#), Ok(Info::default()));
        assert!(read("").is_err() && read(r#"{"pid":"x"}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\{\\}\\[\\]\":,a-z0-9 ]{0,200}") {
            let _ = read(&text);
        }
    }
}
