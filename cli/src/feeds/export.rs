//! `plimsoll feeds export`: the bundle in force as a file, or what changed since another one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use knowledge::{Bundle, KnowledgeDir, Signature, delta_between, pack, signature_path};

use super::DataArgs;
use super::signing::{self, SignArgs};

/// Arguments of `plimsoll feeds export`.
#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    /// The file to write; without it plimsoll-ID.bundle, .bundle.zst or .delta in the working directory
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write a delta since this bundle, a file or the id (or its beginning) of a bundle in the data directory
    #[arg(long, value_name = "BUNDLE|ID", conflicts_with = "compress")]
    since: Option<String>,
    /// Pack the bundle by zstd; deltas always are
    #[arg(long)]
    compress: bool,
    #[command(flatten)]
    sign: SignArgs,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    let key = args.sign.key()?;
    let directory = KnowledgeDir::new(&args.data.data);
    let Some(current) = directory.current() else {
        return Err(anyhow::anyhow!(
            "load some with `plimsoll feeds import FOLDER` or `plimsoll feeds update`"
        ))
        .with_context(|| format!("no vulnerability data in {}", args.data.data.display()));
    };
    let bundle = Bundle::open(&current)?;
    bundle.verify().with_context(|| format!("{} is damaged; import a bundle again", current.display()))?;
    let signature = directory.current_signature().map(|path| Signature::read(&path)).transpose()?;
    let ending = match (&args.since, args.compress) {
        (Some(_), _) => "delta",
        (None, true) => "bundle.zst",
        (None, false) => "bundle",
    };
    let name = || PathBuf::from(format!("plimsoll-{}.{ending}", &bundle.id().to_hex()[..12]));
    let output = args.output.clone().unwrap_or_else(name);
    let mut out = std::io::stdout().lock();
    let size = if let Some(since) = &args.since {
        let old = Bundle::open(&base(&directory, since)?)?;
        let size = delta_between(&old, &bundle, signature.as_ref(), &output)?;
        writeln!(out, "from     {}", old.id())?;
        size
    } else if args.compress {
        pack(&current, &output)?
    } else {
        copy(&current, &output)?
    };
    let beside = signature_path(&output);
    if beside.exists() {
        std::fs::remove_file(&beside).with_context(|| format!("cannot remove {}", beside.display()))?;
    }
    if let Some(key) = &key {
        let signed = signing::sign(&output, key, &bundle)?;
        writeln!(out, "signed   {} by key {}", beside.display(), signed.number())?;
    } else if let (Some(signature), None) = (&signature, &args.since) {
        // The signature is over the bundle; beside a packed one it has the name of the bundle.
        let beside = if args.compress { signature_path(&output.with_extension("")) } else { beside };
        std::fs::write(&beside, signature.to_text())
            .with_context(|| format!("cannot write {}", beside.display()))?;
        writeln!(out, "signed   {} by key {}", beside.display(), signature.number())?;
    } else if let Some(signature) = &signature {
        writeln!(out, "signed   the bundle inside, by key {}", signature.number())?;
    }
    writeln!(out, "written  {} ({size} bytes)", output.display())?;
    writeln!(out, "id       {}", bundle.id())?;
    Ok(())
}

/// A file next to the new name, then renamed: a bundle may be open under that name.
fn copy(from: &Path, to: &Path) -> anyhow::Result<u64> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = || format!("cannot write {}", to.display());
    let mut staging = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(failed)?;
    let size = std::io::copy(&mut std::fs::File::open(from)?, &mut staging).with_context(failed)?;
    staging.persist(to).with_context(failed)?;
    Ok(size)
}

/// The bundle that a delta starts from.
fn base(directory: &KnowledgeDir, since: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(since);
    if path.exists() {
        return Ok(path.to_owned());
    }
    let wanted = since.strip_prefix("sha256:").unwrap_or(since);
    for path in [directory.current(), directory.previous()].into_iter().flatten() {
        let Ok(bundle) = Bundle::open(&path) else { continue };
        if wanted.len() >= 8 && bundle.id().to_hex().starts_with(wanted) {
            return Ok(path);
        }
    }
    bail!(
        "{since} is neither a file nor the id of the current or previous bundle in {}; give the bundle that the other \
         side has as a file",
        directory.path().display()
    );
}
