//! Keys for signing, and what a signature says of a bundle.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use knowledge::{Bundle, KnowledgeDir, PublicKey, SecretKey, Signature};

/// The variable that a password is taken from. Never a flag: other users of the machine see those.
const VARIABLE: &str = "PLIMSOLL_KEY_PASSWORD";

/// Where the password of a key comes from.
#[derive(clap::Args)]
pub(super) struct PasswordArgs {
    /// File whose first line is the password of the secret key; without it the variable PLIMSOLL_KEY_PASSWORD
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password, if one is given.
    pub(super) fn password(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.password_file else {
            return Ok(std::env::var(VARIABLE).ok().filter(|password| !password.is_empty()));
        };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let line = text.lines().next().unwrap_or_default().to_owned();
        anyhow::ensure!(
            !line.is_empty(),
            "the first line of {} is empty, a password is expected there",
            path.display()
        );
        Ok(Some(line))
    }
}

/// Whether and how a file is signed.
#[derive(clap::Args)]
pub(super) struct SignArgs {
    /// Sign with this secret key (of `feeds keygen` or `minisign -G`) into FILE.minisig
    #[arg(long, value_name = "KEY")]
    pub(super) sign: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

impl SignArgs {
    /// The key, so that a wrong password is told before the work is done.
    pub(super) fn key(&self) -> anyhow::Result<Option<SecretKey>> {
        let Some(path) = &self.sign else { return Ok(None) };
        let key = SecretKey::read(path, self.password.password()?.as_deref()).map_err(|error| {
            anyhow!("cannot sign: {error} (a password is given with --password-file FILE or in {VARIABLE})")
        })?;
        Ok(Some(key))
    }
}

/// Signs a file that holds `bundle` in some form; the trusted comment names the bundle and the date of its newest feed.
pub(super) fn sign(file: &Path, key: &SecretKey, bundle: &Bundle) -> anyhow::Result<Signature> {
    let date = bundle.date().map_or_else(|| "unknown".to_owned(), |date| date.to_rfc3339());
    Ok(Signature::sign_file(file, key, &format!("plimsoll bundle {} date {date}", bundle.id()))?)
}

/// What can be said of the signature of the bundle in force, in a few words. One that does not hold is no reason to stop:
/// the bundle was checked when it came.
pub(super) fn state(directory: &KnowledgeDir) -> String {
    let (Some(current), Some(path)) = (directory.current(), directory.current_signature()) else {
        return "none".to_owned();
    };
    let checked = Signature::read(&path).and_then(|signature| {
        if !directory.trusted().exists() {
            return Ok(format!("claims key {}, no key is trusted here", signature.number()));
        }
        let keys = PublicKey::read_all(&directory.trusted())?;
        signature.verify_file(&current, &keys)?;
        Ok(format!("by key {}: {}", signature.number(), signature.comment()))
    });
    checked.unwrap_or_else(|error| error.to_string())
}
