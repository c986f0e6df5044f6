//! A plain directory as an image of one layer.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use model::{Digest, ImageFacts, ImageId};

use super::OpenOptions;
use super::mounts::exclusions;
use crate::directory::{self, Form, Tree};
use crate::entry::LayerVisitor;
use crate::error::{ImageError, Place};
use crate::layer::{Content, LayerOutcome, LayerSource};
use crate::limits::Limits;
use crate::open::OpenImage;
use crate::platform::Platform;
use crate::stream::Check;

/// Opens the directory.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    let failed = |source| ImageError::Io { place: Place::whole(path), source };
    let root = path.canonicalize().map_err(failed)?;
    let own_machine = root == Path::new("/");
    let platform = own_machine.then(Platform::host);
    let facts = ImageFacts {
        architecture: platform.as_ref().map(|platform| platform.architecture.clone()),
        os: platform.map(|platform| platform.os),
        ..ImageFacts::new(ImageId(identity(&root)))
    };
    let layer = LayerSource {
        digest: None,
        diff_id: None,
        compression: None,
        check: Check::Nothing,
        content: Content::RootFs,
        place: Place::new(&root, "files"),
    };
    Ok(OpenImage::of_layers(facts, root, vec![layer], options.limits.clone()))
}

/// A digest that stays the same for this directory of this machine.
fn identity(root: &Path) -> Digest {
    let read = |name: &str| {
        let path = root.join(name);
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text));
        let text = text.trim();
        (is_file && read.is_ok() && !text.is_empty() && text != "uninitialized").then(|| text.to_owned())
    };
    let machine = read("etc/machine-id").or_else(|| read("etc/hostname")).unwrap_or_default();
    let parts = [b"plimsoll rootfs\0", machine.as_bytes(), b"\0", root.as_os_str().as_bytes()];
    Digest::of(&parts.concat())
}

/// Gives every entry below `root` to `visitor`, but for what is mounted there and not part of it.
pub(crate) fn walk(root: &Path, limits: &Limits, visitor: &mut dyn LayerVisitor) -> LayerOutcome {
    let mountinfo = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let excluded = exclusions(root, &mountinfo);
    directory::walk(&Tree { root, form: Form::RootFs, layer: None, excluded, limits }, visitor)
}
