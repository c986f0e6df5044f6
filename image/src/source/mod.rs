//! Where images come from: one file for each form.
//!
//! A form finds config and layers and hands them to `layers`; everything after that is common. A new form is
//! a file here, a [`Source`] variant and a case in the source suite.

mod archive;
mod docker_archive;
mod files;
mod layers;
mod mounts;
mod oci_layout;
mod registry;
pub(crate) mod root_fs;
mod storage;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use self::archive::Archive;
use self::files::Files;
pub(crate) use self::mounts::Exclusion;
pub use self::registry::{
    Admission, Catalogue, CloudPlaces, Credentials, MAX_NAMES, Patience, Pulled, RegistryError, RegistryName,
    RegistryOptions, RemoteTag, credential_files, credentials_of,
};
pub(crate) use self::registry::{Checklist, Origin, PartsStream, Plan, RemoteBlob, RemoteReader};
#[cfg(fuzzing)]
pub use self::registry::{fuzz_documents as fuzz_registry_documents, fuzz_lists as fuzz_registry_lists};
pub use self::storage::{Engine, StorageError, StorageOptions, Stored, containerd_snapshot};
use crate::error::{ImageError, Place};
use crate::limits::Limits;
use crate::open::OpenImage;
use crate::platform::Platform;
use crate::stream::Compression;
use crate::tar::is_header;

/// A place that holds one or more images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A tar with `manifest.json`, as `docker save` writes it.
    DockerArchive(PathBuf),
    /// An OCI layout in a directory.
    OciDir(PathBuf),
    /// An OCI layout in a tar.
    OciArchive(PathBuf),
    /// A directory that holds a root file system.
    RootFs(PathBuf),
    /// An image in a registry.
    Registry(RegistryName),
    /// An image or container in the local storage of an engine.
    Storage(Stored),
}

impl Source {
    /// Reads `docker-archive:PATH`, `oci-archive:PATH`, `oci-dir:PATH`, `dir:PATH`, `registry:NAME` or a name in
    /// a local storage (`docker:NAME` and so on), or looks at what lies at a bare path. The path must exist; a
    /// bare text that is no path and cannot be meant as one is a name in a registry.
    pub fn detect(text: &str) -> Result<Self, ImageError> {
        if let Some((prefix, rest)) = text.split_once(':') {
            let path = PathBuf::from(rest);
            if prefix == "registry" {
                return Ok(Self::Registry(named(rest)?));
            }
            if let Some(stored) = Stored::parse(prefix, rest) {
                return Ok(Self::Storage(stored));
            }
            let source = match prefix {
                "docker-archive" => Some(Self::DockerArchive(path)),
                "oci-archive" => Some(Self::OciArchive(path)),
                "oci-dir" => Some(Self::OciDir(path)),
                "dir" => Some(Self::RootFs(path)),
                _ => None,
            };
            if let Some(source) = source {
                source.check_exists()?;
                return Ok(source);
            }
        }
        match Self::look(Path::new(text)) {
            Err(ImageError::NotFound { .. })
                if !looks_like_file(text) && text.parse::<RegistryName>().is_ok() =>
            {
                Ok(Self::Registry(named(text)?))
            }
            found => found,
        }
    }

    /// The file or directory; `None` for an image that is in neither.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::DockerArchive(path) | Self::OciDir(path) | Self::OciArchive(path) | Self::RootFs(path) => {
                Some(path)
            }
            Self::Registry(_) | Self::Storage(_) => None,
        }
    }

    fn look(path: &Path) -> Result<Self, ImageError> {
        let metadata = stat(path)?;
        if metadata.is_dir() {
            let has = |name: &str| path.join(name).exists();
            let is_layout = has("oci-layout") || (has("index.json") && has("blobs"));
            let path = path.to_owned();
            return Ok(if is_layout { Self::OciDir(path) } else { Self::RootFs(path) });
        }
        check_is_tar(path)?;
        let archive = Archive::open(path, &Limits::default())?;
        let path = path.to_owned();
        if archive.holds("manifest.json") || archive.holds("repositories") {
            Ok(Self::DockerArchive(path))
        } else if archive.holds("index.json") || archive.holds("oci-layout") {
            Ok(Self::OciArchive(path))
        } else {
            let reason = "the tar holds neither manifest.json nor index.json; if it is the tar of a file system, unpack it \
                          and scan the directory";
            Err(ImageError::NotAnImage { path, reason: reason.to_owned() })
        }
    }

    /// The path must be there and be what the source says, a file or a directory.
    fn check_exists(&self) -> Result<(), ImageError> {
        let Some(path) = self.path() else { return Ok(()) };
        let wants_dir = matches!(self, Self::OciDir(_) | Self::RootFs(_));
        let reason = match (wants_dir, stat(path)?.is_dir()) {
            (true, false) => "it is a file where a directory is expected",
            (false, true) => "it is a directory where an archive file is expected",
            _ => return Ok(()),
        };
        Err(ImageError::NotAnImage { path: path.to_owned(), reason: reason.to_owned() })
    }
}

/// How to open an image.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The platform to choose from a multi-platform image; `None` takes this machine's, or the only one.
    pub platform: Option<Platform>,
    /// The name, or a digest, of the image to choose from a source that holds several.
    pub reference: Option<String>,
    /// Bounds.
    pub limits: Limits,
    /// Whether layers are held against their digests. Without it, uncompressed layers are seeked through
    /// rather than read.
    pub verify: bool,
    /// How registries are spoken to.
    pub registry: RegistryOptions,
    /// Where the storages of container engines are.
    pub storage: StorageOptions,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            platform: None,
            reference: None,
            limits: Limits::default(),
            verify: true,
            registry: RegistryOptions::default(),
            storage: StorageOptions::default(),
        }
    }
}

/// Finds the image and reads its documents; layers are not read yet.
pub fn open(source: &Source, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    source.check_exists()?;
    match source {
        Source::DockerArchive(path) => {
            check_is_tar(path)?;
            docker_archive::open(path, options)
        }
        Source::OciArchive(path) => {
            check_is_tar(path)?;
            let archive = Archive::open(path, &options.limits)?;
            oci_layout::open(&Files::Archive { path: path.clone(), archive }, options)
        }
        Source::OciDir(path) => oci_layout::open(&Files::Folder(path.clone()), options),
        Source::RootFs(path) => root_fs::open(path, options),
        Source::Registry(name) => registry::open(name, options),
        Source::Storage(stored) => storage::open(stored, options),
    }
}

fn named(text: &str) -> Result<RegistryName, ImageError> {
    text.parse().map_err(|source| {
        let place = Place::whole(Path::new(text));
        ImageError::Registry { place, source: Box::new(source) }
    })
}

/// Whether a text that is no path was most likely meant as one: nobody's slip of the pen is to become a
/// request to a registry.
fn looks_like_file(text: &str) -> bool {
    const ENDINGS: [&str; 8] = [".tar", ".tgz", ".gz", ".zst", ".xz", ".bz2", ".json", ".oci"];
    let name = text.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn stat(path: &Path) -> Result<std::fs::Metadata, ImageError> {
    std::fs::metadata(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ImageError::NotFound { path: path.to_owned() },
        _ => ImageError::Io { place: Place::whole(path), source },
    })
}

/// Tells files that cannot be an archive of images from those that can, in words.
fn check_is_tar(path: &Path) -> Result<(), ImageError> {
    let not_an_image =
        |reason: &str| Err(ImageError::NotAnImage { path: path.to_owned(), reason: reason.to_owned() });
    if !stat(path)?.is_file() {
        return not_an_image("it is neither a file nor a directory");
    }
    let failed = |source| ImageError::Io { place: Place::whole(path), source };
    let mut head = Vec::new();
    std::fs::File::open(path)
        .map_err(failed)?
        .take(Compression::HEAD)
        .read_to_end(&mut head)
        .map_err(failed)?;
    if head.is_empty() {
        return Err(ImageError::Empty { path: path.to_owned() });
    }
    let compression = match Compression::recognise(&head) {
        Ok(Compression::None) if is_header(&head) => return Ok(()),
        Ok(Compression::None) => return not_an_image("it is no tar archive"),
        Ok(compression) => compression.as_str(),
        Err(_) => "xz or bzip2",
    };
    Err(ImageError::CompressedArchive { path: path.to_owned(), compression })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_text_that_is_no_path_is_a_name_in_a_registry_unless_it_looks_like_a_path() {
        for text in ["alpine:3.9", "registry:alpine:3.9", "docker.io/library/alpine:3.9"] {
            let Source::Registry(name) = Source::detect(text).unwrap() else { panic!("{text}") };
            assert_eq!(name.to_string(), "docker.io/library/alpine:3.9");
        }
        for text in ["web.tar", "team/web.TAR", "./alpine", "/alpine", "Alpine", "alpine:", "~/alpine"] {
            let error = Source::detect(text).unwrap_err();
            assert_eq!(error.to_string(), format!("there is no file or directory `{text}`: check the path"));
        }
        let error = Source::detect("registry:./alpine").unwrap_err();
        assert!(error.to_string().contains("is not the name of an image in a registry"), "{error}");
    }

    #[test]
    fn a_file_is_no_directory_and_the_other_way_round() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(Source::detect(&format!("dir:{}", file.display())).is_err());
        assert!(Source::detect(&format!("docker-archive:{}", folder.path().display())).is_err());
        assert_eq!(
            Source::detect(folder.path().to_str().unwrap()).unwrap(),
            Source::RootFs(folder.path().to_owned())
        );
    }
}
