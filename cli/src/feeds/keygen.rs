//! `plimsoll feeds keygen`: a pair of keys, in the files that `minisign` reads and writes too.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use knowledge::SecretKey;

use super::signing::PasswordArgs;

/// Arguments of `plimsoll feeds keygen`.
#[derive(clap::Args)]
pub(crate) struct KeygenArgs {
    /// File for the public key, which goes to those who import bundles
    #[arg(long, short, value_name = "FILE", default_value = "plimsoll.pub")]
    public: PathBuf,
    /// File for the secret key, readable by its owner alone
    #[arg(long, short, value_name = "FILE", default_value = "plimsoll.key")]
    secret: PathBuf,
    /// Do not protect the secret key by a password
    #[arg(long, short = 'W', conflicts_with = "password_file")]
    no_password: bool,
    /// Replace files that are there
    #[arg(long, short)]
    force: bool,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(super) fn run(args: &KeygenArgs) -> anyhow::Result<()> {
    let password = if args.no_password { None } else { args.password.password()? };
    if password.is_none() && !args.no_password {
        bail!(
            "give a password with --password-file FILE or in PLIMSOLL_KEY_PASSWORD, or -W for a key without one"
        );
    }
    let key = SecretKey::generate()?;
    let secret = key.to_text(password.as_deref())?;
    write(&args.secret, &secret, 0o600, args.force)?;
    write(&args.public, &key.public().to_text(), 0o644, args.force)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "public   {}", args.public.display())?;
    writeln!(out, "secret   {}", args.secret.display())?;
    writeln!(out, "key      {}", key.public().number())?;
    Ok(())
}

fn write(path: &Path, text: &str, mode: u32, replace: bool) -> anyhow::Result<()> {
    if replace && path.exists() {
        std::fs::remove_file(path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).with_context(|| {
            format!("cannot make {} (--force replaces a file that is there)", path.display())
        })?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
