//! `plimsoll admin`: accounts, tags and sensors, written straight into a data directory.
//!
//! It works beside a running server: accounts are read from the database at every request.

mod sensor;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::ImageId;
use server::DataDir;
use store::{DEFAULT_CUSTOMER, NewAccount, Role, Store, StoreOptions};

use crate::feeds::DataArgs;

/// Where the facts are.
#[derive(clap::Args)]
pub(crate) struct FactsArgs {
    #[command(flatten)]
    directory: DataArgs,
    /// PostgreSQL database of the server, as postgres://USER:PASSWORD@HOST:PORT/DATABASE, in place of the data directory
    #[arg(long, env = "PLIMSOLL_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
}

impl FactsArgs {
    /// Opens a database that is there: a misspelt data directory is told and not made.
    fn open_existing(&self) -> anyhow::Result<Store> {
        let folder = &self.directory.data;
        if self.database.is_none() && !folder.is_dir() {
            bail!(
                "there is no data directory {}; name the server's with --data or --database",
                folder.display()
            );
        }
        self.open()
    }

    /// Where the database is.
    fn options(&self) -> anyhow::Result<StoreOptions> {
        Ok(match &self.database {
            Some(url) => StoreOptions::postgres(url).context("--database cannot be used")?,
            None => StoreOptions::new(DataDir::create(&self.directory.data)?.database()),
        })
    }

    /// Opens the database; the one in the data directory is made if it is missing.
    fn open(&self) -> anyhow::Result<Store> {
        let options = self.options()?;
        Ok(Store::open(&options)?)
    }
}

#[derive(clap::Subcommand)]
pub(crate) enum AdminCommand {
    /// Accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Tags, which decide what an account with a scope may see
    #[command(subcommand)]
    Tag(TagCommand),
    /// Sensors, and the tokens that let them in
    #[command(subcommand)]
    Sensor(sensor::SensorCommand),
    /// Check that the facts hold together, and that the saved index shows what the database says
    Verify(verify::VerifyArgs),
}

#[derive(clap::Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account
    Add {
        /// Its name
        name: String,
        /// manager (everything), reader (sees), scanner (reports only)
        #[arg(long)]
        role: Role,
        /// Tags that it may see, separated by commas; without it the account sees everything
        #[arg(long, value_delimiter = ',')]
        tags: Vec<String>,
        /// Its password; without it one is made and printed
        #[arg(long, env = "PLIMSOLL_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// Give an account a new password
    Password {
        /// Its name
        name: String,
        /// The new password; without it one is made and printed
        #[arg(long, env = "PLIMSOLL_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// Remove an account
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// List the accounts
    List {
        #[command(flatten)]
        data: FactsArgs,
    },
}

#[derive(clap::Subcommand)]
pub(crate) enum TagCommand {
    /// Put a tag on images
    Assign {
        /// Name of the tag; made if it is new
        tag: String,
        /// Images by config digest, 64 hex digits with or without `sha256:`
        #[arg(required = true)]
        images: Vec<String>,
        #[command(flatten)]
        data: FactsArgs,
    },
}

pub(crate) fn run(command: AdminCommand) -> anyhow::Result<ExitCode> {
    crate::serve::run_async(async {
        match command {
            AdminCommand::User(command) => user(command).await.map(|()| ExitCode::SUCCESS),
            AdminCommand::Tag(TagCommand::Assign { tag, images, data }) => {
                assign(&tag, &images, &data).await.map(|()| ExitCode::SUCCESS)
            }
            AdminCommand::Sensor(command) => sensor::run(command).await.map(|()| ExitCode::SUCCESS),
            AdminCommand::Verify(args) => verify::run(&args).await,
        }
    })
}

async fn user(command: UserCommand) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match command {
        UserCommand::Add { name, role, tags, password, data } => {
            let tags: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
            if tags.iter().any(String::is_empty) {
                bail!("--tags holds an empty name; leave the flag out for an account that sees everything");
            }
            let (password, generated) = password_or_new(password)?;
            let account = NewAccount { name: name.clone(), password: password.clone(), role, tags };
            data.open()?.create_account(account).await?;
            writeln!(out, "account {name} made")?;
            if generated {
                writeln!(out, "password: {password}   (shown this once)")?;
            }
        }
        UserCommand::Password { name, password, data } => {
            let (password, generated) = password_or_new(password)?;
            data.open_existing()?.set_password(&name, &password).await?;
            writeln!(out, "password of {name} changed")?;
            if generated {
                writeln!(out, "password: {password}   (shown this once)")?;
            }
        }
        UserCommand::Delete { name, data } => {
            data.open_existing()?.delete_account(&name).await?;
            writeln!(out, "account {name} removed")?;
        }
        UserCommand::List { data } => {
            for account in data.open_existing()?.accounts().await? {
                let scope = match &account.scope {
                    None => "everything".to_owned(),
                    Some(tags) => tags.iter().cloned().collect::<Vec<_>>().join(","),
                };
                writeln!(out, "{:<24} {:<8} {scope}", account.name, account.role)?;
            }
        }
    }
    Ok(())
}

fn password_or_new(password: Option<String>) -> anyhow::Result<(String, bool)> {
    match password {
        Some(password) if password.len() < 8 => bail!("the password is shorter than 8 characters"),
        Some(password) => Ok((password, false)),
        None => Ok((server::run::generate_password(), true)),
    }
}

async fn assign(tag: &str, images: &[String], data: &FactsArgs) -> anyhow::Result<()> {
    let store = data.open_existing()?;
    let mut uuids = Vec::new();
    for text in images {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let digest = model::Digest::from_hex(digits).with_context(|| format!("`{text}` names no image"))?;
        let uuid = store::image_uuid(DEFAULT_CUSTOMER, &ImageId(digest));
        if store.image(DEFAULT_CUSTOMER, uuid).await?.is_none() {
            bail!("there is no image {digest} in {}", data.directory.data.display());
        }
        uuids.push(uuid);
    }
    store.assign_tag(DEFAULT_CUSTOMER, tag, &uuids).await?;
    writeln!(std::io::stdout(), "tag {tag} put on {} images", uuids.len())?;
    Ok(())
}
