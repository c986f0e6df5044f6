//! Small questions about names and paths that all forms ask.

/// Of several paths the one that proves the package: a package manager's own record, else the first.
pub(crate) fn best_path<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let is_record = |path: &&str| {
        path.ends_with("/dpkg/status")
            || (path.contains("/dpkg/status.d/") && !path.ends_with(".md5sums"))
            || path.ends_with("/apk/db/installed")
            || path.contains("/lib/rpm/")
            || path.contains("/sysimage/rpm/")
    };
    paths.clone().find(is_record).or_else(|| paths.into_iter().next())
}

/// Whether a name can be that of an image, and is no file that an image was read from.
pub(crate) fn names_an_image(name: &str) -> bool {
    let is_file = name.starts_with(['/', '.', '~']) || name.ends_with(".tar") || name.contains('\\');
    !name.is_empty()
        && !is_file
        && !name.contains(char::is_whitespace)
        && name.len() <= model::report::limits::WORD
}
