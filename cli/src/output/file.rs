//! The file of `-o`.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Writes `file` whole or not at all: it appears under its name when it is complete.
///
/// A link is followed, and an existing file keeps its permissions. What is no ordinary file, such as a pipe or
/// `/dev/stdout`, is written as it stands and never replaced.
pub(super) fn write(
    file: &Path,
    write_to: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", file.display());
    let permissions = match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => Some(metadata.permissions()),
        Ok(_) => {
            let stream = OpenOptions::new().write(true).open(file).with_context(failed)?;
            let mut out = BufWriter::new(stream);
            write_to(&mut out).with_context(failed)?;
            return out.flush().with_context(failed);
        }
        Err(_) => None,
    };
    let target =
        if permissions.is_some() { file.canonicalize().with_context(failed)? } else { file.to_owned() };
    let staging = stage(&target).with_context(failed)?;
    let mut out = BufWriter::new(staging);
    write_to(&mut out).with_context(failed)?;
    let staging = out.into_inner().map_err(io::IntoInnerError::into_error).with_context(failed)?;
    if let Some(permissions) = permissions {
        staging.as_file().set_permissions(permissions).with_context(failed)?;
    }
    staging.persist(&target).map_err(|error| error.error).with_context(failed)?;
    Ok(())
}

/// A new file beside `target` with the permissions that the user's mask leaves.
fn stage(target: &Path) -> io::Result<tempfile::NamedTempFile<File>> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.map_or_else(|| PathBuf::from("."), Path::to_owned);
    std::fs::metadata(&directory)?;
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(&directory)
        .map_err(|error| io::Error::from(error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_text(file: &Path, text: &str) -> anyhow::Result<()> {
        write(file, |out| Ok(out.write_all(text.as_bytes())?))
    }

    #[test]
    fn a_link_is_followed_and_an_existing_file_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept"), folder.path().join("link"));
        write_text(&kept, "old").unwrap();
        std::fs::set_permissions(&kept, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("kept", &link).unwrap();
        write_text(&link, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "new");
        assert!(link.is_symlink());
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_pipe_is_written_into_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        write_text(&pipe, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_folder_that_is_missing_is_told_in_the_words_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let said = format!("{:#}", write_text(&folder.path().join("no/file"), "").unwrap_err());
        assert!(said.contains("no/file: No such file"), "{said}");
    }

    #[test]
    fn a_result_that_fails_half_way_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        write_text(&kept, "yesterday").unwrap();
        let failed = write(&kept, |out| {
            out.write_all(b"half")?;
            anyhow::bail!("broke off")
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("broke off"));
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "yesterday");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }
}
