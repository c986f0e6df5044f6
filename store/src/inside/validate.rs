//! What the inside of a container must fulfil before it is stored; see [`crate::validate`].

use model::drift::{DRIFT_FILES, IN_USE_PACKAGES};
use model::report::limits::{LIST, PACKAGES, PATH, TEXT, WORD};
use model::{ClusterFacts, ContainerDetails, Drift, DriftReason};

use crate::error::{Result, StoreError};
use crate::validate::{bounded, bounded_at, count, filled_at, labels, package_at, texts};

/// Checks what a sensor tells of a container.
pub(crate) fn details(details: &ContainerDetails) -> Result<()> {
    let words = [
        ("details.runtime", &details.runtime),
        ("details.user", &details.user),
        ("details.network", &details.network),
    ];
    for (field, word) in words {
        bounded(field, word.as_deref().unwrap_or_default(), WORD)?;
    }
    texts("details.users", &details.users, LIST, WORD)?;
    texts("details.capabilities", &details.capabilities, LIST, WORD)?;
    count("details.mounts", details.mounts.len(), LIST)?;
    for (index, mount) in details.mounts.iter().enumerate() {
        bounded_at(|| format!("details.mounts[{index}].target"), &mount.target, PATH)?;
        bounded_at(|| format!("details.mounts[{index}].source"), &mount.source, PATH)?;
        bounded_at(|| format!("details.mounts[{index}].kind"), &mount.kind, WORD)?;
    }
    details.cluster.as_ref().map_or(Ok(()), cluster)?;
    details.drift.as_ref().map_or(Ok(()), drift)?;
    let used = details.in_use.as_deref().unwrap_or_default();
    count("details.inUse", used.len(), IN_USE_PACKAGES)?;
    for (index, package) in used.iter().enumerate() {
        filled_at(|| format!("details.inUse[{index}].name"), &package.name, WORD)?;
        bounded_at(|| format!("details.inUse[{index}].version"), &package.version, WORD)?;
        bounded_at(|| format!("details.inUse[{index}].path"), &package.path, PATH)?;
    }
    Ok(())
}

fn cluster(cluster: &ClusterFacts) -> Result<()> {
    let words = [
        ("details.cluster.name", cluster.name.as_deref()),
        ("details.cluster.uid", cluster.uid.as_deref()),
        ("details.cluster.version", cluster.version.as_deref()),
        ("details.cluster.namespace", Some(&*cluster.namespace)),
        ("details.cluster.pod", Some(&*cluster.pod)),
        ("details.cluster.podUid", cluster.pod_uid.as_deref()),
        ("details.cluster.node", cluster.node.as_deref()),
    ];
    for (field, word) in words {
        bounded(field, word.unwrap_or_default(), WORD)?;
    }
    labels("details.cluster.podLabels", &cluster.pod_labels)?;
    count("details.cluster.controllers", cluster.controllers.len(), 100)?;
    for (index, controller) in cluster.controllers.iter().enumerate() {
        let at = |part: &str| format!("details.cluster.controllers[{index}].{part}");
        bounded_at(|| at("name"), &controller.name, WORD)?;
        bounded_at(|| at("type"), &controller.kind, WORD)?;
        bounded_at(|| at("uid"), controller.uid.as_deref().unwrap_or_default(), WORD)?;
    }
    Ok(())
}

fn drift(drift: &Drift) -> Result<()> {
    count("details.drift.packages", drift.packages.len(), PACKAGES)?;
    for (index, package) in drift.packages.iter().enumerate() {
        let at = |part: &str| format!("details.drift.packages[{index}].{part}");
        package_at(|| at("record"), &package.record)?;
        match (&package.before, package.reason) {
            (Some(before), DriftReason::Varied) => package_at(|| at("before"), before)?,
            (None, DriftReason::New | DriftReason::Removed) => {}
            (None, DriftReason::Varied) => {
                return Err(StoreError::invalid(at("before"), "is missing, as the package varies"));
            }
            (Some(_), _) => {
                return Err(StoreError::invalid(
                    at("before"),
                    "is given, but only what varies has two versions",
                ));
            }
        }
    }
    count("details.drift.files", drift.files.len(), DRIFT_FILES)?;
    for (index, file) in drift.files.iter().enumerate() {
        filled_at(|| format!("details.drift.files[{index}].path"), &file.path, PATH)?;
        let owner = file.owned_by.as_deref().unwrap_or_default();
        bounded_at(|| format!("details.drift.files[{index}].ownedBy"), owner, WORD)?;
    }
    count("details.drift.unreadable", drift.unreadable.len(), LIST)?;
    drift.unreadable.iter().enumerate().try_for_each(|(index, words)| {
        bounded_at(|| format!("details.drift.unreadable[{index}]"), words, TEXT)
    })
}
