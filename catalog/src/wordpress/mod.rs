//! WordPress: itself, its plug-ins and its themes, by the headers that WordPress itself goes by.
//!
//! They are generic packages, named as the directory on wordpress.org names them: by the folder.

mod parse_header;

use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `wp-content/plugins/<name>/*.php` and `wp-content/plugins/<name>.php`.
pub(crate) const PLUGIN: Cataloger = Cataloger {
    name: "wordpress-plugin",
    version: 1,
    language: true,
    wants: |path, file| file.ends_with(b".php") && plugin(path).is_some(),
    read: parse_header::read_plugin,
};

/// `wp-content/themes/<name>/style.css`.
pub(crate) const THEME: Cataloger = Cataloger {
    name: "wordpress-theme",
    version: 1,
    language: true,
    wants: |path, file| file == b"style.css" && theme(path).is_some(),
    read: parse_header::read_theme,
};

/// `wp-includes/version.php`.
pub(crate) const CORE: Cataloger = Cataloger {
    name: "wordpress-core",
    version: 1,
    language: true,
    wants: |path, file| file == b"version.php" && name(parent(path)) == b"wp-includes",
    read: parse_header::read_core,
};

/// Whether `folder` is `wp-content/<kind>`; plug-ins that cannot be switched off lie in `mu-plugins`.
fn is_content(folder: &[u8], kinds: &[&[u8]]) -> bool {
    kinds.contains(&name(folder)) && name(parent(folder)) == b"wp-content"
}

fn plugin(path: &[u8]) -> Option<&[u8]> {
    const PLUGINS: [&[u8]; 2] = [b"plugins", b"mu-plugins"];
    let folder = parent(path);
    if is_content(folder, &PLUGINS) {
        return name(path).strip_suffix(b".php");
    }
    is_content(parent(folder), &PLUGINS).then(|| name(folder))
}

fn theme(path: &[u8]) -> Option<&[u8]> {
    let folder = parent(path);
    is_content(parent(folder), &[b"themes"]).then(|| name(folder))
}
