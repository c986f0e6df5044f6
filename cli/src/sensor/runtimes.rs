//! Which container runtimes of the host are followed.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::sensor::engine::Followed;
use ::sensor::runtime::Runtime;
use ::sensor::runtime::containerd::{self, Containerd, Namespaces};
use ::sensor::runtime::cri::{self, Cri};
use ::sensor::runtime::docker::{Docker, Flavour};

use crate::output::usage;

/// A runtime by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Named {
    /// Docker
    Docker,
    /// podman, at its compatible socket
    Podman,
    /// containerd, at its own API
    Containerd,
    /// A runtime of Kubernetes (containerd, CRI-O), at the API that the kubelet uses
    Cri,
    /// Whichever of them have a socket
    Auto,
}

/// Namespaces of containerd that something else speaks for: Docker, and the API of Kubernetes.
const DOCKER: &str = "moby";
const KUBERNETES: &str = "k8s.io";

/// Where sockets are looked for.
struct Places<'r> {
    root: &'r Path,
}

impl Places<'_> {
    /// The first of these that is a socket, as seen from here or under the root of the host.
    fn find(&self, sockets: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
        let is_socket =
            |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
        let under_root = |path: &PathBuf| path.strip_prefix("/").map(|path| self.root.join(path)).ok();
        sockets.into_iter().flat_map(|path| [under_root(&path), Some(path)]).flatten().find(is_socket)
    }

    /// Whether the host is a node of Kubernetes.
    fn is_node(&self) -> bool {
        std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() || self.root.join("var/lib/kubelet").is_dir()
    }
}

/// The runtimes that are asked for. One that is named need not be there yet; of those that are looked for, at least one must.
pub(super) fn choose(named: &[Named], socket: Option<&Path>, root: &Path) -> anyhow::Result<Vec<Followed>> {
    let is_single = named.len() == 1 && named != [Named::Auto];
    if socket.is_some() && !is_single {
        return Err(usage("--socket needs one --runtime, which is spoken to there"));
    }
    let places = Places { root };
    if named.is_empty() || named.contains(&Named::Auto) {
        let found = find_all(&places);
        if found.is_empty() {
            return Err(usage(
                "no container runtime has a socket here: looked for Docker, podman, containerd and CRI; name one with \
                 --runtime and its socket with --socket",
            ));
        }
        return Ok(found);
    }
    let mut chosen: Vec<Named> = Vec::new();
    named.iter().for_each(|one| {
        if !chosen.contains(one) {
            chosen.push(*one)
        }
    });
    let first = |sockets: Vec<PathBuf>| sockets.into_iter().next().unwrap_or_default();
    let follow = |one: &Named| {
        let at = |sockets: Vec<PathBuf>| {
            socket
                .map(Path::to_owned)
                .or_else(|| places.find(sockets.clone()))
                .unwrap_or_else(|| first(sockets))
        };
        match one {
            Named::Docker => docker(Flavour::Docker, at(Docker::sockets(Flavour::Docker))),
            Named::Podman => docker(Flavour::Podman, at(Docker::sockets(Flavour::Podman))),
            Named::Containerd => containerd(&at(vec![containerd::SOCKET.into()]), &chosen),
            Named::Cri | Named::Auto => cri(&at(cri_sockets()), root),
        }
    };
    Ok(chosen.iter().map(follow).collect())
}

/// All that have a socket, those first that know most of their containers.
fn find_all(places: &Places<'_>) -> Vec<Followed> {
    let mut found = Vec::new();
    let mut kinds = Vec::new();
    if let Some(socket) = places.find(Docker::sockets(Flavour::Docker)) {
        found.push(docker(Flavour::Docker, socket));
    }
    if let Some(socket) = places.find(Docker::sockets(Flavour::Podman)) {
        found.push(docker(Flavour::Podman, socket));
    }
    if let Some(socket) = places.find(cri_sockets()).filter(|_| places.is_node()) {
        found.push(cri(&socket, places.root));
        kinds.push(Named::Cri);
    }
    if let Some(socket) = places.find([containerd::SOCKET.into()]) {
        found.push(containerd(&socket, &kinds));
    }
    found
}

fn cri_sockets() -> Vec<PathBuf> {
    cri::SOCKETS.iter().map(PathBuf::from).collect()
}

fn docker(flavour: Flavour, socket: PathBuf) -> Followed {
    let kind = match flavour {
        Flavour::Docker => "docker",
        Flavour::Podman => "podman",
    };
    // the sensor itself names the host in every report
    followed(kind, Arc::new(Docker::new(flavour, socket)))
}

/// Without what another runtime of the list speaks for.
fn containerd(socket: &Path, others: &[Named]) -> Followed {
    let mut without = vec![DOCKER.to_owned()];
    if others.contains(&Named::Cri) {
        without.push(KUBERNETES.to_owned());
    }
    followed("containerd", Arc::new(Containerd::new(socket, Namespaces::AllBut(without))))
}

fn cri(socket: &Path, root: &Path) -> Followed {
    followed("cri", Arc::new(Cri::under(socket, root)))
}

fn followed(kind: &str, runtime: Arc<dyn Runtime>) -> Followed {
    Followed { kind: kind.to_owned(), runtime }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn kinds(followed: anyhow::Result<Vec<Followed>>) -> Vec<String> {
        followed.unwrap().into_iter().map(|one| one.kind).collect()
    }

    #[test]
    fn runtimes_are_found_by_their_sockets_under_the_hosts_root() {
        let root = tempfile::tempdir().unwrap();
        let places = Places { root: root.path() };
        let nothing = [PathBuf::from("/run/nothing-of-this-name.sock")];
        assert_eq!(places.find(nothing.clone()), None);
        fs::create_dir(root.path().join("run")).unwrap();
        fs::write(root.path().join("run/nothing-of-this-name.sock"), "a file is no socket").unwrap();
        assert_eq!(places.find(nothing), None);
        let path = root.path().join("run/other.sock");
        let _socket = UnixListener::bind(&path).unwrap();
        assert_eq!(places.find([PathBuf::from("/run/other.sock")]), Some(path));
    }

    #[test]
    fn a_named_runtime_is_followed_whether_it_is_there_or_not() {
        let root = Path::new("/");
        let socket = Path::new("/nowhere/docker.sock");
        assert_eq!(kinds(choose(&[Named::Docker], Some(socket), root)), ["docker"]);
        assert_eq!(kinds(choose(&[Named::Cri, Named::Podman, Named::Cri], None, root)), ["cri", "podman"]);
        let error = choose(&[Named::Auto], Some(socket), root).err().unwrap();
        assert!(error.to_string().contains("--socket needs one --runtime"), "{error}");
    }
}
