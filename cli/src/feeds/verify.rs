//! `plimsoll feeds verify`: is a bundle or a delta whole, can all of it be read, and who signed it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use knowledge::{
    Bundle, BundleForm, KnowledgeError, PublicKey, Signature, delta_info, form_of, signature_path, unpack,
};

use crate::output::printable;

/// Arguments of `plimsoll feeds verify`.
#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    /// A bundle, also packed by zstd, or a delta
    file: PathBuf,
    /// File of public keys, one of which must have signed it into FILE.minisig
    #[arg(long, value_name = "PUB")]
    key: Option<PathBuf>,
}

/// The error with what to do about it; a file that cannot be read at all needs no such advice.
fn mend(error: KnowledgeError) -> anyhow::Error {
    match error {
        KnowledgeError::Io { .. } | KnowledgeError::Newer { .. } => error.into(),
        error => anyhow!(
            "{error}; fetch it again, or make it anew with `plimsoll feeds build` or `plimsoll feeds export`"
        ),
    }
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<()> {
    let keys = args.key.as_deref().map(PublicKey::read_all).transpose()?;
    let mut out = std::io::stdout().lock();
    let form = form_of(&args.file).map_err(mend)?;
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let bundle = match form {
        BundleForm::Whole => args.file.clone(),
        BundleForm::Packed => {
            let unpacked = staging.path().join("bundle");
            let size = unpack(&args.file, &unpacked).map_err(mend)?;
            writeln!(out, "packed    ok, {size} bytes come out of it")?;
            unpacked
        }
        BundleForm::Delta => {
            let info = delta_info(&args.file).map_err(mend)?;
            writeln!(out, "checksum  ok")?;
            writeln!(out, "from      {}", info.old)?;
            writeln!(out, "to        {} ({} bytes)", info.new, info.length)?;
            return signature(&mut out, &args.file, &args.file, keys.as_deref());
        }
    };
    whole(&mut out, &args.file, &bundle)?;
    signature(&mut out, &args.file, &bundle, keys.as_deref())
}

/// `file` is what was given, and `path` the bundle that came out of it.
fn whole(out: &mut impl std::io::Write, file: &Path, path: &Path) -> anyhow::Result<()> {
    let bundle = Bundle::open(path).map_err(|error| mend(error.named(file)))?;
    writeln!(out, "frame     ok, {} bytes by {}", bundle.size(), printable(&bundle.manifest().builder))?;
    let contents = bundle.read_everything().map_err(|error| mend(error.named(file)))?;
    writeln!(out, "checksum  ok, {}", bundle.id())?;
    writeln!(
        out,
        "contents  ok, {} packages, {} statements, {} vulnerabilities, {} predictions, {} records, {} products",
        contents.rows,
        contents.statements,
        contents.vulnerabilities,
        contents.predictions,
        contents.records,
        contents.products
    )?;
    let date = bundle.date().map_or_else(|| "unknown".to_owned(), |date| date.to_rfc3339());
    writeln!(out, "date      {date}")?;
    Ok(())
}

/// Checks the signature beside `file`, or the one beside it without `.zst`, which is over what was unpacked.
fn signature(
    out: &mut impl std::io::Write,
    file: &Path,
    bundle: &Path,
    keys: Option<&[PublicKey]>,
) -> anyhow::Result<()> {
    let beside = [(signature_path(file), file), (signature_path(&file.with_extension("")), bundle)];
    let candidates = if file == bundle { &beside[..1] } else { &beside[..] };
    let found = candidates.iter().find(|(path, _)| path.is_file());
    match (found, keys) {
        (None, None) => writeln!(out, "signature none")?,
        (None, Some(_)) => bail!(
            "{} is not signed: there is no {}; bring the signature along with the file",
            file.display(),
            beside[0].0.display()
        ),
        (Some((path, _)), None) => {
            let signature = Signature::read(path)?;
            writeln!(
                out,
                "signature not checked, it claims key {}; give the key with --key",
                signature.number()
            )?;
        }
        (Some((path, signed)), Some(keys)) => {
            let signature = Signature::read(path)?;
            signature.verify_file(signed, keys).map_err(|error| {
                anyhow!("{}; fetch it and {} again from where you trust", error.named(file), path.display())
            })?;
            writeln!(out, "signature ok, by key {}: {}", signature.number(), printable(signature.comment()))?;
        }
    }
    Ok(())
}
