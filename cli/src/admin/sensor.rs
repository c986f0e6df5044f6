//! `plimsoll admin sensor`: what sensors there are, what lets new ones in, and what is wanted of them.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use model::Timestamp;
use store::{DEFAULT_CUSTOMER, NewSensorToken, Sensor, SensorChange, Store};

use super::FactsArgs;

/// Sensors that are read at once.
const PART: usize = 1_000;

#[derive(clap::Subcommand)]
pub(crate) enum SensorCommand {
    /// Make a token that lets a new sensor in, and print it
    Token {
        /// Hours that it is good
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
        hours: u32,
        /// Sensors that it lets in: as many as a cluster has nodes, for example
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// Name of the profile that they get; without it the default one
        #[arg(long)]
        profile: Option<String>,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// List the sensors
    List {
        #[command(flatten)]
        data: FactsArgs,
    },
    /// Show a sensor with what it said last, as JSON
    Show {
        /// Its uuid or name
        sensor: String,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// Shut a sensor out for good
    Revoke {
        /// Its uuid or name
        sensor: String,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// Ask a sensor to send everything anew
    Resync {
        /// Its uuid or name
        sensor: String,
        #[command(flatten)]
        data: FactsArgs,
    },
    /// Say which version a sensor should be replaced with
    SetVersion {
        /// Its uuid or name
        sensor: String,
        /// The version, such as 0.2.0; `none` to want none in particular
        version: String,
        #[command(flatten)]
        data: FactsArgs,
    },
}

pub(crate) async fn run(command: SensorCommand) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match command {
        SensorCommand::Token { hours, uses, profile, data } => {
            token(&data.open_existing()?, hours, uses, profile.as_deref()).await?;
        }
        SensorCommand::List { data } => list(&data.open_existing()?).await?,
        SensorCommand::Show { sensor, data } => {
            let sensor = find(&data.open_existing()?, &sensor).await?;
            serde_json::to_writer_pretty(&mut out, &shown(&sensor))?;
            writeln!(out)?;
        }
        SensorCommand::Revoke { sensor, data } => {
            let store = data.open_existing()?;
            let sensor = find(&store, &sensor).await?;
            match store.revoke_sensor(DEFAULT_CUSTOMER, sensor.key.uuid).await? {
                true => writeln!(out, "sensor {} is shut out", sensor.key.name)?,
                false => writeln!(out, "sensor {} was shut out before", sensor.key.name)?,
            }
        }
        SensorCommand::Resync { sensor, data } => {
            let wanted = SensorChange { resync: Some(true), ..SensorChange::default() };
            let name = change(&data, &sensor, wanted).await?;
            writeln!(out, "sensor {name} will be told with its next heartbeat to send everything anew")?;
        }
        SensorCommand::SetVersion { sensor, version, data } => {
            let version = Some(version.trim()).filter(|version| *version != "none").map(str::to_owned);
            let told = version
                .clone()
                .map_or_else(|| "any version".to_owned(), |version| format!("version {version}"));
            let wanted = SensorChange { wanted_version: Some(version), ..SensorChange::default() };
            let name = change(&data, &sensor, wanted).await?;
            writeln!(out, "sensor {name} should have {told}")?;
        }
    }
    Ok(())
}

async fn token(store: &Store, hours: u32, uses: u32, profile: Option<&str>) -> anyhow::Result<()> {
    let profile = match profile {
        None => None,
        Some(name) => {
            let profiles = store.profiles(DEFAULT_CUSTOMER).await?;
            let found = profiles.iter().find(|profile| profile.name == name);
            Some(found.with_context(|| format!("there is no sensor profile `{name}`"))?.uuid)
        }
    };
    let new = NewSensorToken {
        customer: DEFAULT_CUSTOMER,
        created_by: "plimsoll admin".to_owned(),
        expires: Timestamp(Timestamp::now().0 + i64::from(hours) * 3_600_000),
        uses,
        profile,
    };
    let (text, kept) = store.create_sensor_token(new).await?;
    let many = if uses == 1 { "one sensor".to_owned() } else { format!("{uses} sensors") };
    // the token alone on standard output, so that a script can take it
    writeln!(std::io::stdout(), "{text}")?;
    let expires = kept.expires.to_rfc3339();
    writeln!(std::io::stderr(), "lets {many} in until {expires}; shown this once")?;
    Ok(())
}

async fn all(store: &Store) -> anyhow::Result<Vec<Sensor>> {
    let mut all: Vec<Sensor> = Vec::new();
    loop {
        let after = all.last().map(|sensor| sensor.key.uuid);
        let part = store.sensors_after(DEFAULT_CUSTOMER, after, PART).await?;
        let is_last = part.len() < PART;
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for sensor in all(store).await? {
        let seen = sensor.seen.to_rfc3339();
        let (key, host) = (&sensor.key, &sensor.host.hostname);
        let (kind, status) = (key.kind.as_str(), status(&sensor));
        writeln!(
            out,
            "{} {:<24} {kind:<8} {status:<8} {seen} {host} {}",
            key.uuid, key.name, sensor.version
        )?;
    }
    Ok(())
}

fn status(sensor: &Sensor) -> &'static str {
    match sensor.key.revoked {
        Some(_) => "REVOKED",
        None if sensor.is_running(Timestamp::now()) => "RUNNING",
        None => "UNKNOWN",
    }
}

/// The sensor with a uuid or, if only one has it, with a name.
async fn find(store: &Store, word: &str) -> anyhow::Result<Sensor> {
    if let Ok(uuid) = word.parse() {
        let found = store.sensor(DEFAULT_CUSTOMER, uuid).await?;
        return found.with_context(|| format!("there is no sensor {uuid}"));
    }
    let mut named: Vec<Sensor> = all(store).await?;
    named.retain(|sensor| sensor.key.name == word);
    match (named.pop(), named.len()) {
        (Some(sensor), 0) => Ok(sensor),
        (Some(_), others) => bail!("{} sensors have the name `{word}`; name one by its uuid", others + 1),
        (None, _) => bail!("there is no sensor `{word}`; see `plimsoll admin sensor list`"),
    }
}

async fn change(data: &FactsArgs, sensor: &str, wanted: SensorChange) -> anyhow::Result<String> {
    let store = data.open_existing()?;
    let sensor = find(&store, sensor).await?;
    store.change_sensor(DEFAULT_CUSTOMER, sensor.key.uuid, wanted).await?;
    Ok(sensor.key.name)
}

fn shown(sensor: &Sensor) -> serde_json::Value {
    serde_json::json!({
        "uuid": sensor.key.uuid,
        "name": sensor.key.name,
        "type": sensor.key.kind.as_str(),
        "status": status(sensor),
        "version": sensor.version,
        "wantedVersion": sensor.wanted_version,
        "profile": sensor.profile,
        "resync": sensor.resync.is_some(),
        "enrolled": sensor.enrolled.to_rfc3339(),
        "token": sensor.token,
        "revoked": sensor.key.revoked.map(Timestamp::to_rfc3339),
        "seen": sensor.seen.to_rfc3339(),
        "heartbeat": sensor.heartbeat,
        "host": sensor.host,
    })
}
