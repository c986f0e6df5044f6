//! Local storages of container engines as sources: where they are.

use std::path::PathBuf;

use image::StorageOptions;

/// Flags of sources that are in an engine's local storage.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Local storage")]
pub(crate) struct StorageArgs {
    /// Where docker:, podman:, containerd: and container: look: Docker's data root, podman's graph root or containerd's
    /// root; without it where the engine's own settings say
    #[arg(long, value_name = "DIR")]
    storage_root: Option<PathBuf>,
    /// Which namespace of containerd; without it all, default, k8s.io and moby first
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

impl StorageArgs {
    /// Where storages are.
    pub(super) fn options(&self) -> StorageOptions {
        StorageOptions { root: self.storage_root.clone(), namespace: self.namespace.clone() }
    }
}
