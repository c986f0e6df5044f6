//! What the OCI runtime specification of a container says of it (opencontainers `runtime-spec/config.md`).
//!
//! containerd keeps it in the container's record, and the runtimes of Kubernetes hand it out when asked verbosely. It is read
//! leniently: a list that is `null`, a field of a later version or one that is missing costs that field and nothing else.

use std::collections::BTreeMap;

use model::container::Mount;
use serde::{Deserialize, Deserializer};

/// Bytes of a specification that are read.
const MAX_BYTES: usize = 4 << 20;

/// File systems of the kernel that every container has.
const KERNEL: [&str; 8] = ["proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts", "securityfs", "debugfs"];

/// Where every container has memory mounted.
const MEMORY: [&str; 3] = ["/dev", "/dev/shm", "/run"];

/// What is of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpecFacts {
    /// Program and arguments of the first process.
    pub(crate) command: Vec<String>,
    /// Its `NAME=value` pairs.
    pub(crate) environment: Vec<String>,
    /// Its account.
    pub(crate) user: Option<String>,
    /// Whether that is root.
    pub(crate) root: Option<bool>,
    /// What it may, sorted.
    pub(crate) capabilities: Vec<String>,
    /// What is mounted beyond the kernel's own file systems, sorted by target.
    pub(crate) mounts: Vec<Mount>,
    /// `host`, `none` for a network of its own with nobody in it, or nothing if it joins another.
    pub(crate) network: Option<String>,
    /// Whether nothing is kept from it.
    pub(crate) privileged: Option<bool>,
    /// Its annotations.
    pub(crate) annotations: BTreeMap<String, String>,
    /// Where its root file system is mounted.
    pub(crate) root_path: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "lenient")]
    process: Option<Process>,
    #[serde(deserialize_with = "lenient")]
    root: Option<Root>,
    #[serde(deserialize_with = "lenient")]
    mounts: Option<Vec<SpecMount>>,
    #[serde(deserialize_with = "lenient")]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "lenient")]
    linux: Option<Linux>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Process {
    #[serde(deserialize_with = "lenient")]
    user: Option<User>,
    #[serde(deserialize_with = "lenient")]
    args: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    env: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    capabilities: Option<Capabilities>,
}

#[derive(Default, Deserialize)]
struct User {
    #[serde(default)]
    uid: u32,
    #[serde(default)]
    gid: u32,
    #[serde(default)]
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Capabilities {
    #[serde(deserialize_with = "lenient")]
    permitted: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    ambient: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Root {
    #[serde(default)]
    path: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SpecMount {
    destination: String,
    #[serde(rename = "type")]
    kind: String,
    source: String,
    #[serde(deserialize_with = "lenient")]
    options: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Linux {
    #[serde(deserialize_with = "lenient")]
    namespaces: Option<Vec<Namespace>>,
    #[serde(deserialize_with = "lenient", rename = "maskedPaths")]
    masked_paths: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient", rename = "readonlyPaths")]
    readonly_paths: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    seccomp: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Namespace {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

/// A value that is of another type than it should be counts as missing.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Fine(T),
        Odd(serde::de::IgnoredAny),
    }
    Ok(match Option::<Either<T>>::deserialize(deserializer)? {
        Some(Either::Fine(value)) => Some(value),
        Some(Either::Odd(_)) | None => None,
    })
}

/// Reads a specification.
///
/// # Errors
/// What is too long or no JSON object, in words.
pub(crate) fn read(json: &[u8]) -> Result<SpecFacts, String> {
    if json.len() > MAX_BYTES {
        return Err(format!(
            "the specification has {} bytes, more than the {MAX_BYTES} that are read",
            json.len()
        ));
    }
    let spec: Spec = serde_json::from_slice(json).map_err(|error| format!("the specification: {error}"))?;
    Ok(facts(spec))
}

fn facts(spec: Spec) -> SpecFacts {
    let process = spec.process.unwrap_or_default();
    let user = process.user.as_ref();
    let root = user.map(|user| user.uid == 0 && matches!(user.username.as_str(), "" | "root"));
    let capabilities = process.capabilities.unwrap_or_default();
    // The kernel drops what is not ambient when somebody else than root starts a program.
    let kept = if root == Some(false) { capabilities.ambient } else { capabilities.permitted };
    let mut kept = kept.unwrap_or_default();
    kept.sort();
    kept.dedup();
    let mut mounts: Vec<Mount> = spec.mounts.unwrap_or_default().into_iter().filter_map(mount).collect();
    mounts.sort();
    mounts.dedup_by(|later, first| later.target == first.target);
    SpecFacts {
        command: process.args.unwrap_or_default(),
        environment: process.env.unwrap_or_default(),
        user: user.map(account),
        root,
        privileged: spec.linux.as_ref().map(|linux| is_privileged(linux, &kept)),
        capabilities: kept,
        mounts,
        network: spec.linux.as_ref().and_then(network),
        annotations: spec.annotations.unwrap_or_default(),
        root_path: spec.root.map(|root| root.path).filter(|path| !path.is_empty()),
    }
}

fn account(user: &User) -> String {
    match user.username.as_str() {
        "" => format!("{}:{}", user.uid, user.gid),
        name => name.to_owned(),
    }
}

/// There is no such word in a specification; `--privileged` takes away what protects the host from a container.
fn is_privileged(linux: &Linux, capabilities: &[String]) -> bool {
    let has = |name: &str| capabilities.iter().any(|capability| capability == name);
    let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
    has("CAP_SYS_ADMIN")
        && has("CAP_SYS_MODULE")
        && linux.seccomp.is_none()
        && is_empty(&linux.masked_paths)
        && is_empty(&linux.readonly_paths)
}

fn network(linux: &Linux) -> Option<String> {
    let namespaces = linux.namespaces.as_deref().unwrap_or_default();
    match namespaces.iter().find(|namespace| namespace.kind == "network") {
        None => Some("host".to_owned()),
        Some(namespace) if namespace.path.is_empty() => Some("none".to_owned()),
        Some(_) => None,
    }
}

fn mount(mount: SpecMount) -> Option<Mount> {
    let is_common = KERNEL.contains(&mount.kind.as_str())
        || mount.kind == "tmpfs" && MEMORY.contains(&mount.destination.as_str());
    if is_common || mount.destination.is_empty() {
        return None;
    }
    let options = mount.options.unwrap_or_default();
    let has = |name: &str| options.iter().any(|option| option == name);
    let kind = if has("bind") || has("rbind") || mount.kind == "none" { "bind" } else { mount.kind.as_str() };
    Some(Mount {
        target: mount.destination,
        source: mount.source,
        kind: kind.to_owned(),
        read_only: has("ro"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn facts_of(json: serde_json::Value) -> SpecFacts {
        read(json.to_string().as_bytes()).unwrap()
    }

    fn mount_of(target: &str, source: &str, kind: &str, read_only: bool) -> Mount {
        Mount { target: target.into(), source: source.into(), kind: kind.into(), read_only }
    }

    #[test]
    fn a_specification_tells_process_account_mounts_and_network() {
        let facts = facts_of(json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": { "uid": 0, "gid": 0, "additionalGids": [10] },
                "args": ["/bin/web", "--port", "80"],
                "env": ["PATH=/bin", "A=1"],
                "capabilities": { "permitted": ["CAP_KILL", "CAP_CHOWN"], "bounding": ["CAP_CHOWN"] },
            },
            "root": { "path": "rootfs" },
            "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"] },
                { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs" },
                { "destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "ro"] },
                { "destination": "/conf", "type": "none", "source": "/etc/conf", "options": ["bind"] },
            ],
            "linux": { "namespaces": [{ "type": "pid" }, { "type": "network" }], "maskedPaths": ["/proc/kcore"] },
            "annotations": { "a": "b" },
        }));
        assert_eq!(facts.command, ["/bin/web", "--port", "80"]);
        assert_eq!(facts.environment, ["PATH=/bin", "A=1"]);
        assert_eq!((facts.user.as_deref(), facts.root), (Some("0:0"), Some(true)));
        assert_eq!(facts.capabilities, ["CAP_CHOWN", "CAP_KILL"]);
        let mounts = [
            mount_of("/conf", "/etc/conf", "bind", false),
            mount_of("/data", "/srv/data", "bind", true),
            mount_of("/tmp", "tmpfs", "tmpfs", false),
        ];
        assert_eq!(facts.mounts, mounts);
        assert_eq!((facts.network.as_deref(), facts.privileged), (Some("none"), Some(false)));
        assert_eq!(facts.root_path.as_deref(), Some("rootfs"));
        assert_eq!(facts.annotations["a"], "b");
    }

    #[test]
    fn somebody_else_than_root_has_only_ambient_capabilities() {
        let capabilities = json!({ "permitted": ["CAP_KILL"], "ambient": ["CAP_NET_BIND_SERVICE"] });
        let user = json!({ "uid": 1000, "gid": 1000 });
        let facts = facts_of(json!({ "process": { "user": user, "capabilities": capabilities } }));
        assert_eq!((facts.user.as_deref(), facts.root), (Some("1000:1000"), Some(false)));
        assert_eq!(facts.capabilities, ["CAP_NET_BIND_SERVICE"]);
    }

    #[test]
    fn a_container_that_nothing_is_kept_from_is_privileged() {
        let capabilities = json!({ "permitted": ["CAP_SYS_ADMIN", "CAP_SYS_MODULE"] });
        let mut spec =
            json!({ "process": { "user": { "uid": 0 }, "capabilities": capabilities }, "linux": {} });
        let facts = facts_of(spec.clone());
        assert_eq!((facts.privileged, facts.network.as_deref()), (Some(true), Some("host")));
        spec["linux"]["seccomp"] = json!({ "defaultAction": "SCMP_ACT_ERRNO" });
        assert_eq!(facts_of(spec).privileged, Some(false));
    }

    #[test]
    fn a_field_of_another_type_costs_that_field_alone() {
        let facts = facts_of(json!({
            "process": { "args": null, "env": "A=1", "user": { "uid": -1 }, "capabilities": ["CAP_KILL"] },
            "mounts": {}, "linux": { "namespaces": [{ "type": "network", "path": "/run/netns/a" }] },
        }));
        assert_eq!(facts, SpecFacts { privileged: Some(false), ..SpecFacts::default() });
        assert_eq!(facts_of(json!({})), SpecFacts::default());
    }

    #[test]
    fn what_is_no_specification_is_refused_with_the_reason() {
        assert!(read(b"").is_err() && read(b"7").is_err() && read(b"{").is_err());
        let long = vec![b' '; MAX_BYTES + 1];
        assert!(read(&long).unwrap_err().contains("more than"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(text in "[\\{\\}\\[\\]\":,a-z0-9 ]{0,200}") {
            let _ = read(text.as_bytes());
        }
    }
}
