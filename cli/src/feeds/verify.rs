//! `plimsoll feeds verify`: is a bundle or a delta whole, can all of it be read, and who signed it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use knowledge::{Bundle, BundleForm, PublicKey, Signature, delta_info, form_of, signature_path, unpack};

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

const MEND: &str = "fetch it again, or make it anew with `plimsoll feeds build` or `plimsoll feeds export`";

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<()> {
    let keys = args.key.as_deref().map(PublicKey::read_all).transpose()?;
    let mut out = std::io::stdout().lock();
    let form = form_of(&args.file).context(MEND)?;
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let bundle = match form {
        BundleForm::Whole => args.file.clone(),
        BundleForm::Packed => {
            let unpacked = staging.path().join("bundle");
            let size = unpack(&args.file, &unpacked).context(MEND)?;
            writeln!(out, "packed    ok, {size} bytes come out of it")?;
            unpacked
        }
        BundleForm::Delta => {
            let info = delta_info(&args.file).context(MEND)?;
            writeln!(out, "checksum  ok")?;
            writeln!(out, "from      {}", info.old)?;
            writeln!(out, "to        {} ({} bytes)", info.new, info.length)?;
            return signature(&mut out, &args.file, &args.file, keys.as_deref());
        }
    };
    if let Err(error) = whole(&mut out, &bundle) {
        return Err(error).with_context(|| format!("{} is not whole; {MEND}", args.file.display()));
    }
    signature(&mut out, &args.file, &bundle, keys.as_deref())
}

fn whole(out: &mut impl std::io::Write, path: &Path) -> anyhow::Result<()> {
    let bundle = Bundle::open(path)?;
    writeln!(out, "frame     ok, {} bytes by {}", bundle.size(), printable(&bundle.manifest().builder))?;
    let contents = bundle.read_everything()?;
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
            signature.verify_file(signed, keys).with_context(|| {
                format!(
                    "{} does not speak for {}; fetch both again from where you trust",
                    path.display(),
                    file.display()
                )
            })?;
            writeln!(out, "signature ok, by key {}: {}", signature.number(), printable(signature.comment()))?;
        }
    }
    Ok(())
}
