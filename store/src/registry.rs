//! Registries that are walked, and connectors, the logins that several of them share.

use model::registry::{RegistrySecret, RegistrySettings};
use model::{Digest, ImageId, Timestamp};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::sql::sql;
use crate::work::Work;
use crate::{image_listed, registry_schedule, seal, secret};

/// The program's secret that secrets of registries are sealed with.
const KEY: &str = "registries";
/// Registries, and connectors, of one customer.
pub(crate) const MAX_REGISTRIES: usize = 10_000;

/// A registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Whose.
    pub customer: Uuid,
    /// Its id.
    pub uuid: Uuid,
    /// What it is.
    pub settings: RegistrySettings,
    /// Whether there is a secret for it.
    pub has_secret: bool,
    /// Digest of what it shows when it tells of itself; `None` if it must not.
    pub event_secret: Option<Digest>,
    /// When it was made known, by the wall clock.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// A login that several registries share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// Its id.
    pub uuid: Uuid,
    /// `aws`, `acr` or `gcp`.
    pub kind: String,
    /// What is not secret about it, as JSON.
    pub settings: String,
    /// When it was made.
    pub created: Timestamp,
}

/// What a secret belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretOf {
    /// This registry.
    Registry(Uuid),
    /// This connector.
    Connector(Uuid),
}

impl SecretOf {
    fn place(self, customer: Uuid) -> Vec<u8> {
        let (kind, uuid) = match self {
            Self::Registry(uuid) => (b"registry".as_slice(), uuid),
            Self::Connector(uuid) => (b"connector".as_slice(), uuid),
        };
        [kind, customer.as_bytes(), uuid.as_bytes()].concat()
    }
}

/// The sealed form of a secret; null for none.
fn sealed(work: &mut Work<'_>, customer: Uuid, of: SecretOf, content: &RegistrySecret) -> Result<Value> {
    if content.is_empty() {
        return Ok(Value::Null);
    }
    let key = secret::secret(work, KEY)?;
    let plain = serde_json::to_vec(content).map_err(|error| StoreError::damaged("secret", error))?;
    Ok(seal::seal(&key, &of.place(customer), &plain)?.into())
}

/// The secret of a registry or connector; empty if it has none.
pub(crate) fn open_secret(work: &mut Work<'_>, customer: Uuid, of: SecretOf) -> Result<RegistrySecret> {
    let mut rows = match of {
        SecretOf::Registry(uuid) => {
            work.connection.query(sql!("registry/secret"), &[customer.into(), uuid.into()])?
        }
        SecretOf::Connector(uuid) => {
            work.connection.query(sql!("registry_connector/secret"), &[customer.into(), uuid.into()])?
        }
    };
    let sealed = rows.first_mut().map(|row| row.optional_bytes(0)).transpose()?.flatten();
    let Some(sealed) = sealed else { return Ok(RegistrySecret::default()) };
    let key = secret::secret(work, KEY)?;
    unseal(&key, customer, of, &sealed)
}

/// The key that secrets are sealed with, if there was one to seal.
pub(crate) fn known_key(connection: &mut dyn Connection) -> Result<Option<[u8; 32]>> {
    secret::known(connection, KEY)
}

/// Opens the sealed form of a secret.
pub(crate) fn unseal(key: &[u8; 32], customer: Uuid, of: SecretOf, sealed: &[u8]) -> Result<RegistrySecret> {
    parse("secret of a registry", &seal::open(key, &of.place(customer), sealed)?)
}

/// Makes a registry known.
pub(crate) fn create(
    work: &mut Work<'_>,
    customer: Uuid,
    settings: &RegistrySettings,
    content: &RegistrySecret,
) -> Result<Registry> {
    work.know_customer(customer)?;
    let known = all(work.connection, customer)?;
    if known.len() >= MAX_REGISTRIES {
        return Err(StoreError::invalid("registry", format!("is one more than {MAX_REGISTRIES}")));
    }
    check_title(&known, None, settings)?;
    let uuid = Uuid::now_v7();
    let secret = sealed(work, customer, SecretOf::Registry(uuid), content)?;
    let values = [customer.into(), uuid.into(), json(settings)?.into(), secret, Timestamp::now().into()];
    work.connection.execute(sql!("registry/insert"), &values)?;
    one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))
}

/// Names are what people and programs choose registries by, so two of the same name are refused.
fn check_title(known: &[Registry], own: Option<Uuid>, settings: &RegistrySettings) -> Result<()> {
    let title = settings.title();
    let mut others = known.iter().filter(|other| Some(other.uuid) != own);
    match others.any(|other| other.settings.title() == title) {
        true => Err(StoreError::Exists { what: format!("registry `{title}`") }),
        false => Ok(()),
    }
}

/// Changes a registry; `None` keeps its secret.
pub(crate) fn update(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    settings: &RegistrySettings,
    content: Option<&RegistrySecret>,
) -> Result<Registry> {
    check_title(&all(work.connection, customer)?, Some(uuid), settings)?;
    let values = [customer.into(), uuid.into(), json(settings)?.into(), Timestamp::now().into()];
    if work.connection.execute(sql!("registry/update"), &values)? == 0 {
        return Err(missing(uuid));
    }
    if let Some(content) = content {
        let secret = sealed(work, customer, SecretOf::Registry(uuid), content)?;
        work.connection.execute(sql!("registry/set_secret"), &[customer.into(), uuid.into(), secret])?;
    }
    one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))
}

/// Sets what a registry shows when it tells of itself.
pub(crate) fn set_event_secret(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    digest: Option<Digest>,
) -> Result<()> {
    let digest = digest.as_ref().map_or(Value::Null, Value::from);
    let values = [customer.into(), uuid.into(), digest];
    match work.connection.execute(sql!("registry/set_event_secret"), &values)? {
        0 => Err(missing(uuid)),
        _ => Ok(()),
    }
}

/// Forgets a registry with its schedules and tags, unless one of its schedules is running. Images stay.
pub(crate) fn delete(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<()> {
    if one(work.connection, customer, uuid)?.is_none() {
        return Err(missing(uuid));
    }
    for schedule in registry_schedule::of_registry(work.connection, customer, uuid)? {
        registry_schedule::delete(work, customer, schedule.uuid)?;
    }
    let key = [customer.into(), uuid.into()];
    let listed = work.connection.query(sql!("registry_manifest/images"), &key)?;
    work.connection.execute_later(sql!("registry_tag/delete_all"), &key)?;
    work.connection.execute_later(sql!("registry_manifest/delete_all"), &key)?;
    work.connection.execute_later(sql!("registry/delete"), &key)?;
    for mut row in listed {
        image_listed::renew(work, customer, &ImageId(row.digest(0)?))?;
    }
    Ok(())
}

/// All registries of a customer, the oldest first.
pub(crate) fn all(connection: &mut dyn Connection, customer: Uuid) -> Result<Vec<Registry>> {
    connection.query(sql!("registry/all"), &[customer.into()])?.into_iter().map(read).collect()
}

/// One registry.
pub(crate) fn one(connection: &mut dyn Connection, customer: Uuid, uuid: Uuid) -> Result<Option<Registry>> {
    let rows = connection.query(sql!("registry/one"), &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(read).transpose()
}

/// One registry, whoever it belongs to.
pub(crate) fn of_uuid(connection: &mut dyn Connection, uuid: Uuid) -> Result<Option<Registry>> {
    let rows = connection.query(sql!("registry/of_uuid"), &[uuid.into()])?;
    rows.into_iter().next().map(read).transpose()
}

/// Keeps a connector, in place of an older one of the same id.
pub(crate) fn put_connector(
    work: &mut Work<'_>,
    customer: Uuid,
    connector: &Connector,
    content: &RegistrySecret,
) -> Result<()> {
    work.know_customer(customer)?;
    if connectors(work.connection, customer)?.len() >= MAX_REGISTRIES {
        return Err(StoreError::invalid("connector", format!("is one more than {MAX_REGISTRIES}")));
    }
    let secret = sealed(work, customer, SecretOf::Connector(connector.uuid), content)?;
    let values = [
        customer.into(),
        connector.uuid.into(),
        connector.kind.as_str().into(),
        connector.settings.as_str().into(),
        secret,
        connector.created.into(),
    ];
    work.connection.execute(sql!("registry_connector/insert"), &values)?;
    Ok(())
}

/// All connectors of a customer, the oldest first.
pub(crate) fn connectors(connection: &mut dyn Connection, customer: Uuid) -> Result<Vec<Connector>> {
    let rows = connection.query(sql!("registry_connector/all"), &[customer.into()])?;
    let read = |mut row: Row| {
        let (uuid, kind) = (row.uuid(0)?, row.text(1)?);
        Ok(Connector { uuid, kind, settings: row.text(2)?, created: row.time(3)? })
    };
    rows.into_iter().map(read).collect()
}

/// The error about a registry that is not there.
pub(crate) fn missing(uuid: Uuid) -> StoreError {
    StoreError::NotFound { what: format!("registry {uuid}") }
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged("document", error))
}

pub(crate) fn parse<T: DeserializeOwned>(what: &str, text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|error| StoreError::damaged(what, error))
}

pub(crate) fn read(mut row: Row) -> Result<Registry> {
    let (customer, uuid) = (row.uuid(0)?, row.uuid(1)?);
    Ok(Registry {
        customer,
        uuid,
        settings: parse(&format!("registry {uuid}"), row.text(2)?.as_bytes())?,
        has_secret: row.int(3)? != 0,
        event_secret: row.optional_digest(4)?,
        created: row.time(5)?,
        updated: row.time(6)?,
    })
}
