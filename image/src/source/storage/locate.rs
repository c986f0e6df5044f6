//! Where the engines keep their storage: their settings files, environment variables and defaults.
//!
//! What is set for Plimsoll comes first, then what the engine itself would use for the user that runs it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::root;

/// Bytes of a settings file that are read.
const MAX_SETTINGS: u64 = 1 << 20;

/// What decides where storages are.
pub(super) struct Surroundings {
    variable: fn(&str) -> Option<OsString>,
    /// The directory that stands for `/`; another one in tests only.
    system: PathBuf,
    is_root: bool,
}

/// The storages of podman.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PodmanPlaces {
    /// The one that is written to.
    pub(super) graph_root: PathBuf,
    /// Further ones that hold images.
    pub(super) image_stores: Vec<PathBuf>,
}

/// `daemon.json` of Docker.
#[derive(Default, Deserialize)]
struct DockerSettings {
    #[serde(rename = "data-root")]
    data_root: Option<PathBuf>,
    graph: Option<PathBuf>,
}

/// `storage.conf` (containers-storage.conf(5)).
#[derive(Default, Deserialize)]
#[serde(default)]
struct StorageConf {
    storage: StorageTable,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StorageTable {
    graphroot: Option<PathBuf>,
    imagestore: Option<PathBuf>,
    rootless_storage_path: Option<String>,
    options: StorageOptionsTable,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StorageOptionsTable {
    additionalimagestores: Vec<PathBuf>,
}

/// `config.toml` of containerd.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerdConfig {
    root: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self { variable, system: PathBuf::from("/"), is_root: root::is_root() }
    }

    /// Docker's data root: `DOCKER_DATA_ROOT`, then `data-root` of daemon.json, then the default.
    pub(super) fn docker(&self) -> PathBuf {
        if let Some(path) = self.path_in("DOCKER_DATA_ROOT") {
            return path;
        }
        let own = self.home(".config", "XDG_CONFIG_HOME").map(|folder| folder.join("docker/daemon.json"));
        let set = |file: &Path| {
            let settings: DockerSettings = serde_json::from_str(&read(file)?).ok()?;
            settings.data_root.or(settings.graph)
        };
        let rootless = || {
            let default = self.home(".local/share", "XDG_DATA_HOME").map(|folder| folder.join("docker"));
            own.as_deref().and_then(set).or(default)
        };
        let system = || set(&self.at("etc/docker/daemon.json")).unwrap_or_else(|| self.at("var/lib/docker"));
        self.choose(rootless, system)
    }

    /// containerd's root: `root` of config.toml, or the default; k3s has its own where there is no other.
    pub(super) fn containerd(&self) -> PathBuf {
        let set = |file: &Path| toml::from_str::<ContainerdConfig>(&read(file)?).ok()?.root;
        let rootless = || self.home(".local/share", "XDG_DATA_HOME").map(|folder| folder.join("containerd"));
        let system = || {
            let default = self.at("var/lib/containerd");
            let k3s = self.at("var/lib/rancher/k3s/agent/containerd");
            let found = set(&self.at("etc/containerd/config.toml"));
            found.unwrap_or_else(|| if !default.exists() && k3s.exists() { k3s } else { default })
        };
        self.choose(rootless, system)
    }

    /// podman's storages: `CONTAINERS_STORAGE_CONF`, else storage.conf of the user or the system.
    pub(super) fn podman(&self) -> PodmanPlaces {
        let data =
            || self.home(".local/share", "XDG_DATA_HOME").map(|folder| folder.join("containers/storage"));
        let named = self.path_in("CONTAINERS_STORAGE_CONF");
        let own =
            self.home(".config", "XDG_CONFIG_HOME").map(|folder| folder.join("containers/storage.conf"));
        let own = own.filter(|file| !self.is_root && file.exists());
        let is_own = named.is_some() || own.is_some();
        let system = ["etc/containers/storage.conf", "usr/share/containers/storage.conf"];
        let file =
            named.or(own).or_else(|| system.map(|file| self.at(file)).into_iter().find(|file| file.exists()));
        let conf: StorageConf = file.and_then(|file| toml::from_str(&read(&file)?).ok()).unwrap_or_default();
        let StorageTable { graphroot, imagestore, rootless_storage_path, options } = conf.storage;
        // the system's file speaks of root's storage, but for one key
        let set = match self.is_root || is_own {
            true => graphroot,
            false => rootless_storage_path.map(|path| self.expand(&path)),
        };
        let default = || if self.is_root { None } else { data() };
        let graph_root = set.or_else(default).unwrap_or_else(|| self.at("var/lib/containers/storage"));
        let image_stores = options.additionalimagestores.into_iter().chain(imagestore).collect();
        PodmanPlaces { graph_root, image_stores }
    }

    /// Root has the system's storage; others their own, or if they have none, that of the system, so that the
    /// error speaks of what they most likely meant.
    fn choose(&self, own: impl Fn() -> Option<PathBuf>, system: impl Fn() -> PathBuf) -> PathBuf {
        match own().filter(|path| !self.is_root && path.exists()) {
            Some(path) => path,
            None => system(),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.system.join(path)
    }

    fn path_in(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).map(PathBuf::from)
    }

    fn home(&self, folder: &str, variable: &str) -> Option<PathBuf> {
        self.path_in(variable).or_else(|| self.path_in("HOME").map(|home| home.join(folder)))
    }

    /// `$HOME`, `$USER` and `$UID` are all that the manual page names.
    fn expand(&self, path: &str) -> PathBuf {
        let mut path = path.to_owned();
        for name in ["HOME", "USER", "UID"] {
            let value = (self.variable)(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
            path = path.replace(&format!("${{{name}}}"), &value).replace(&format!("${name}"), &value);
        }
        PathBuf::from(path)
    }
}

/// A settings file; one that is not there or too large says nothing.
fn read(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_SETTINGS {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn surroundings(system: &Path, is_root: bool) -> Surroundings {
        Surroundings {
            variable: |name| (name == "HOME").then(|| "/none".into()),
            system: system.to_owned(),
            is_root,
        }
    }

    #[test]
    fn without_settings_the_defaults_of_the_engines_hold() {
        let folder = tempfile::tempdir().unwrap();
        let root = surroundings(folder.path(), true);
        assert_eq!(root.docker(), folder.path().join("var/lib/docker"));
        assert_eq!(root.containerd(), folder.path().join("var/lib/containerd"));
        assert_eq!(root.podman().graph_root, folder.path().join("var/lib/containers/storage"));
        let user = surroundings(folder.path(), false);
        assert_eq!(user.docker(), folder.path().join("var/lib/docker"), "there is none of their own");
        assert_eq!(user.podman().graph_root, Path::new("/none/.local/share/containers/storage"));
    }

    #[test]
    fn settings_files_are_obeyed_and_broken_ones_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        write(&at("etc/docker/daemon.json"), r#"{ "data-root": "/srv/docker", "log-level": "warn" }"#);
        write(&at("etc/containerd/config.toml"), "version = 2\nroot = \"/srv/containerd\"\n[plugins]\n");
        write(
            &at("usr/share/containers/storage.conf"),
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"/srv/c\"\nrootless_storage_path = \"$HOME/c\"\n\
             [storage.options]\nadditionalimagestores = [\"/srv/more\"]\n",
        );
        let root = surroundings(folder.path(), true);
        assert_eq!(root.docker(), Path::new("/srv/docker"));
        assert_eq!(root.containerd(), Path::new("/srv/containerd"));
        let more = vec![PathBuf::from("/srv/more")];
        assert_eq!(root.podman(), PodmanPlaces { graph_root: "/srv/c".into(), image_stores: more });
        assert_eq!(surroundings(folder.path(), false).podman().graph_root, Path::new("/none/c"));

        write(&at("etc/docker/daemon.json"), "{");
        write(&at("etc/containers/storage.conf"), "[[");
        assert_eq!(root.docker(), at("var/lib/docker"));
        assert_eq!(root.podman().graph_root, at("var/lib/containers/storage"));
    }
}
