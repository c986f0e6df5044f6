//! Profiles of sensors: what they shall do, given to some of them under a name.

use model::{SensorProfile, Timestamp};
use uuid::Uuid;

use crate::driver::{Connection, Row};
use crate::error::{Result, StoreError};
use crate::sensor::{self, json};
use crate::sensor_check;
use crate::sql::sql;
use crate::store::Store;
use crate::work::Work;

/// A profile to be made or put in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// Its name, unique among the customer's.
    pub name: String,
    /// Its kind, as the API names it.
    pub kind: String,
    /// What it is for.
    pub description: String,
    /// The settings as they were given, JSON.
    pub document: String,
    /// The settings as sensors are told them.
    pub settings: SensorProfile,
    /// The sensors that it is given to; those that had it and are not named lose it. `None`: they stay as they are.
    pub sensors: Option<Vec<Uuid>>,
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whose it is.
    pub customer: Uuid,
    /// Its id.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// Its kind, as the API names it.
    pub kind: String,
    /// What it is for.
    pub description: String,
    /// The settings as they were given, JSON.
    pub document: String,
    /// The settings as sensors are told them.
    pub settings: SensorProfile,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Store {
    // ---- profiles of sensors

    /// Makes a profile, or puts another one in the place of `replaced`, which must exist; gives its id.
    pub async fn put_profile(
        &self,
        customer: Uuid,
        replaced: Option<Uuid>,
        profile: NewProfile,
    ) -> Result<Uuid> {
        sensor_check::profile(&profile)?;
        let size = profile.document.len();
        self.write(size, move |work| put(work, customer, replaced, &profile)).await
    }

    /// One profile; `None` if this customer has none of that id.
    pub async fn profile(&self, customer: Uuid, uuid: Uuid) -> Result<Option<Profile>> {
        self.read(move |connection, _| one(connection, customer, uuid)).await
    }

    /// All profiles of a customer, the oldest first.
    pub async fn profiles(&self, customer: Uuid) -> Result<Vec<Profile>> {
        self.read(move |connection, _| {
            let rows = connection.query(sql!("sensor_profile/of_customer"), &[customer.into()])?;
            rows.into_iter().map(read).collect()
        })
        .await
    }

    /// The sensors that have a profile, as (sensor, profile) in the order of sensors.
    pub async fn profile_members(&self, customer: Uuid) -> Result<Vec<(Uuid, Uuid)>> {
        self.read(move |connection, _| {
            let rows = connection.query(sql!("sensor_profile/members"), &[customer.into()])?;
            rows.into_iter().map(|mut row| Ok((row.uuid(0)?, row.uuid(1)?))).collect()
        })
        .await
    }

    /// Removes a profile; its sensors get the default one. `false` if there is none.
    pub async fn delete_profile(&self, customer: Uuid, uuid: Uuid) -> Result<bool> {
        self.write(64, move |work| {
            let key = [customer.into(), uuid.into()];
            work.connection.execute(sql!("sensor/leave_profile"), &key)?;
            Ok(work.connection.execute(sql!("sensor_profile/delete"), &key)? > 0)
        })
        .await
    }
}

fn put(work: &mut Work<'_>, customer: Uuid, replaced: Option<Uuid>, profile: &NewProfile) -> Result<Uuid> {
    work.know_customer(customer)?;
    let now = Timestamp::now();
    let (uuid, created) = match replaced {
        None => (Uuid::now_v7(), now),
        Some(uuid) => {
            let missing = || StoreError::NotFound { what: format!("sensor profile {uuid}") };
            (uuid, one(work.connection, customer, uuid)?.ok_or_else(missing)?.created)
        }
    };
    let mut named = work
        .connection
        .query(sql!("sensor_profile/named"), &[customer.into(), profile.name.as_str().into()])?;
    if let Some(row) = named.first_mut()
        && row.uuid(0)? != uuid
    {
        return Err(StoreError::Exists { what: format!("sensor profile `{}`", profile.name) });
    }
    let values = [
        customer.into(),
        uuid.into(),
        profile.name.as_str().into(),
        profile.kind.as_str().into(),
        profile.description.as_str().into(),
        profile.document.as_str().into(),
        json("profile", &profile.settings)?.into(),
        created.into(),
        now.into(),
    ];
    work.connection.execute(sql!("sensor_profile/put"), &values)?;
    let Some(sensors) = &profile.sensors else { return Ok(uuid) };
    work.connection.execute(sql!("sensor/leave_profile"), &[customer.into(), uuid.into()])?;
    for sensor in sensors {
        if sensor::one(work.connection, customer, *sensor)?.is_none() {
            return Err(StoreError::NotFound { what: format!("sensor {sensor}") });
        }
        let values = [customer.into(), (*sensor).into(), uuid.into()];
        work.connection.execute(sql!("sensor/set_profile"), &values)?;
    }
    Ok(uuid)
}

pub(crate) fn one(connection: &mut dyn Connection, customer: Uuid, uuid: Uuid) -> Result<Option<Profile>> {
    let rows = connection.query(sql!("sensor_profile/one"), &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(read).transpose()
}

pub(crate) fn read(mut row: Row) -> Result<Profile> {
    let uuid = row.uuid(1)?;
    let damaged = |error| StoreError::damaged(format!("sensor profile {uuid}"), error);
    Ok(Profile {
        customer: row.uuid(0)?,
        uuid,
        name: row.text(2)?,
        kind: row.text(3)?,
        description: row.text(4)?,
        document: row.text(5)?,
        settings: serde_json::from_str(&row.text(6)?).map_err(|error: serde_json::Error| damaged(error))?,
        created: row.time(7)?,
        updated: row.time(8)?,
    })
}
