//! Sensors: who may report what a runtime or a registry holds, what people want of them, and what they said last.
//!
//! A sensor comes in once with a token (see `sensor_token`) and its public key, and from then on signs for itself. What it is
//! stays in one row that is nearly never written; what it says every half minute in another.
//!
//! The decision a reader may doubt: nothing here moves the clock. A heartbeat is no change of what was found, and a follower
//! of the log must not be woken thousands of times a minute to see nothing.

use model::sensor::Heartbeat;
use model::{SensorProfile, Timestamp};
use uuid::Uuid;

use crate::deletion::{Deletion, Kept, KeptReason};
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::sensor_record::{
    BeatAnswer, EnrolRefused, EnrolledSensor, NewSensor, Sensor, SensorChange, SensorKey, read, read_key,
};
use crate::sensor_token::SensorToken;
use crate::sql::sql;
use crate::store::Store;
use crate::work::Work;
use crate::{sensor_check, sensor_profile, sensor_token};

impl Store {
    // ---- sensors

    /// Lets a sensor in by a token. The same key with the same token is let in again as the sensor that it is, because an
    /// answer may be lost on its way.
    pub async fn enrol_sensor(
        &self,
        token: &str,
        sensor: NewSensor,
    ) -> Result<std::result::Result<EnrolledSensor, EnrolRefused>> {
        sensor_check::new_sensor(&sensor)?;
        let Some(token) = sensor_token::read(token) else { return Ok(Err(EnrolRefused::Unknown)) };
        // wrong tokens do not get as far as the writer
        let known = self.read(move |connection, _| sensor_token::known(connection, &token)).await?;
        if known.is_none() {
            return Ok(Err(EnrolRefused::Unknown));
        }
        self.write(2_048, move |work| enrol(work, &token, &sensor)).await
    }

    /// What the calls of a sensor are checked by.
    pub async fn sensor_key(&self, uuid: Uuid) -> Result<Option<SensorKey>> {
        self.read(move |connection, _| {
            connection.query(sql!("sensor/key"), &[uuid.into()])?.into_iter().next().map(read_key).transpose()
        })
        .await
    }

    /// One sensor; `None` if this customer has none of that uuid.
    pub async fn sensor(&self, customer: Uuid, uuid: Uuid) -> Result<Option<Sensor>> {
        self.read(move |connection, _| one(connection, customer, uuid)).await
    }

    /// Sensors of a customer after a uuid, in the order of enrolment.
    pub async fn sensors_after(
        &self,
        customer: Uuid,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Sensor>> {
        self.read(move |connection, _| {
            let values = [customer.into(), after.unwrap_or_default().into(), page(limit)];
            connection.query(sql!("sensor/after"), &values)?.into_iter().map(read).collect()
        })
        .await
    }

    /// Notes a heartbeat; `None` if there is no such sensor any more, or if it was shut out.
    pub async fn beat_sensor(
        &self,
        customer: Uuid,
        uuid: Uuid,
        heartbeat: Heartbeat,
    ) -> Result<Option<BeatAnswer>> {
        sensor_check::heartbeat(&heartbeat)?;
        self.write(512, move |work| beat(work, customer, uuid, heartbeat)).await
    }

    /// Changes what people want of a sensor, and gives it as it is then.
    pub async fn change_sensor(&self, customer: Uuid, uuid: Uuid, change: SensorChange) -> Result<Sensor> {
        sensor_check::change(&change)?;
        self.write(512, move |work| self::change(work, customer, uuid, &change)).await
    }

    /// Shuts a sensor out for good; `false` if it was shut out before.
    pub async fn revoke_sensor(&self, customer: Uuid, uuid: Uuid) -> Result<bool> {
        self.write(64, move |work| {
            let values = [customer.into(), uuid.into(), Timestamp::now().into()];
            if work.connection.execute(sql!("sensor/revoke"), &values)? > 0 {
                return Ok(true);
            }
            one(work.connection, customer, uuid)?.map(|_| false).ok_or_else(|| missing(uuid))
        })
        .await
    }
}

fn missing(uuid: Uuid) -> StoreError {
    StoreError::NotFound { what: format!("sensor {uuid}") }
}

fn enrol(
    work: &mut Work<'_>,
    token: &sensor_token::Presented,
    sensor: &NewSensor,
) -> Result<std::result::Result<EnrolledSensor, EnrolRefused>> {
    let Some(token) = sensor_token::known(work.connection, token)? else {
        return Ok(Err(EnrolRefused::Unknown));
    };
    let now = Timestamp::now();
    let key = [Value::from(&sensor.public_key[..])];
    if let Some(mut row) = work.connection.query(sql!("sensor/by_key"), &key)?.into_iter().next() {
        let (customer, uuid, came_with) = (row.uuid(0)?, row.uuid(1)?, row.uuid(2)?);
        let is_in = customer == token.customer && row.optional_int(3)?.is_none();
        let refused = if is_in && came_with == token.uuid { None } else { token.refuses(now) };
        return match refused {
            Some(refused) => Ok(Err(refused)),
            None if is_in => known_again(work, customer, uuid).map(Ok),
            None => Ok(Err(EnrolRefused::KeyTaken)),
        };
    }
    if let Some(refused) = token.refuses(now) {
        return Ok(Err(refused));
    }
    if work.connection.execute(sql!("sensor_token/use"), &[token.uuid.into()])? == 0 {
        return Ok(Err(EnrolRefused::Used));
    }
    insert(work, &token, sensor, now).map(Ok)
}

fn insert(
    work: &mut Work<'_>,
    token: &SensorToken,
    sensor: &NewSensor,
    now: Timestamp,
) -> Result<EnrolledSensor> {
    let (customer, uuid) = (token.customer, Uuid::now_v7());
    // a profile that was removed meanwhile is the default one
    let profile = match token.profile {
        Some(profile) => sensor_profile::one(work.connection, customer, profile)?,
        None => None,
    };
    let host = json("host", &sensor.host)?;
    let values = [
        uuid.into(),
        customer.into(),
        sensor.name.as_str().into(),
        sensor.kind.as_str().into(),
        Value::from(&sensor.public_key[..]),
        token.uuid.into(),
        now.into(),
        profile.as_ref().map(|profile| profile.uuid).into(),
    ];
    work.connection.execute(sql!("sensor/insert"), &values)?;
    let settings = profile.map_or_else(SensorProfile::default, |profile| profile.settings);
    let pause = pause_of(&settings);
    let values =
        [customer.into(), uuid.into(), sensor.version.as_str().into(), host.into(), now.into(), pause.into()];
    work.connection.execute(sql!("sensor/insert_state"), &values)?;
    Ok(EnrolledSensor { uuid, customer, settings })
}

fn known_again(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<EnrolledSensor> {
    let sensor = one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))?;
    let settings = settings_of(work.connection, &sensor)?;
    Ok(EnrolledSensor { uuid, customer, settings })
}

/// What a sensor shall do.
fn settings_of(connection: &mut dyn Connection, sensor: &Sensor) -> Result<SensorProfile> {
    let profile = match sensor.profile {
        Some(profile) => sensor_profile::one(connection, sensor.key.customer, profile)?,
        None => None,
    };
    Ok(profile.map_or_else(SensorProfile::default, |profile| profile.settings))
}

fn pause_of(settings: &SensorProfile) -> i64 {
    i64::from(settings.heartbeat_seconds.max(1)) * 1_000
}

fn beat(
    work: &mut Work<'_>,
    customer: Uuid,
    uuid: Uuid,
    mut heartbeat: Heartbeat,
) -> Result<Option<BeatAnswer>> {
    let Some(sensor) = one(work.connection, customer, uuid)? else { return Ok(None) };
    if sensor.key.revoked.is_some() {
        return Ok(None);
    }
    let settings = settings_of(work.connection, &sensor)?;
    // a request that was made after the one that it speaks of is still to be done
    let done = heartbeat.resynced.take();
    let is_done = done.is_some() && done == sensor.resync;
    let host = heartbeat.host.take().map(|host| json("host", &host)).transpose()?;
    let values = [
        customer.into(),
        uuid.into(),
        heartbeat.version.as_str().into(),
        host.into(),
        json("heartbeat", &heartbeat)?.into(),
        Timestamp::now().into(),
        pause_of(&settings).into(),
    ];
    work.connection.execute_later(sql!("sensor/beat"), &values)?;
    if is_done {
        let values = [customer.into(), uuid.into(), Value::Int(0)];
        work.connection.execute_later(sql!("sensor/set_resync"), &values)?;
    }
    let wanted_version = sensor.wanted_version.filter(|wanted| !is_version(&heartbeat.version, wanted));
    let resync = sensor.resync.filter(|_| !is_done);
    Ok(Some(BeatAnswer { settings, wanted_version, resync }))
}

/// Whether `program`, such as `plimsoll/0.1.0`, has a version.
fn is_version(program: &str, version: &str) -> bool {
    program == version || program.rsplit_once('/').is_some_and(|(_, own)| own == version)
}

fn change(work: &mut Work<'_>, customer: Uuid, uuid: Uuid, change: &SensorChange) -> Result<Sensor> {
    let mut sensor = one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))?;
    if let Some(Some(profile)) = change.profile
        && sensor_profile::one(work.connection, customer, profile)?.is_none()
    {
        return Err(StoreError::NotFound { what: format!("sensor profile {profile}") });
    }
    let SensorChange { name, profile, wanted_version, resync } = change.clone();
    sensor.key.name = name.unwrap_or(sensor.key.name);
    sensor.profile = profile.unwrap_or(sensor.profile);
    sensor.wanted_version = wanted_version.unwrap_or(sensor.wanted_version);
    if let Some(is_wanted) = resync {
        // a later request has a higher number
        let last = sensor.resync.unwrap_or_default();
        let number = u64::try_from(Timestamp::now().0).unwrap_or_default().max(last + 1);
        sensor.resync = is_wanted.then_some(number);
    }
    let values = [
        customer.into(),
        uuid.into(),
        sensor.key.name.as_str().into(),
        sensor.profile.into(),
        sensor.wanted_version.as_deref().into(),
        Value::Int(sensor.resync.map_or(0, |number| i64::try_from(number).unwrap_or(i64::MAX))),
    ];
    work.connection.execute(sql!("sensor/change"), &values)?;
    Ok(sensor)
}

/// Deletes sensors in the open transaction, but none whose heartbeats arrive; adds to `outcome`.
pub(crate) fn delete(
    work: &mut Work<'_>,
    customer: Uuid,
    uuids: &[Uuid],
    outcome: &mut Deletion,
) -> Result<()> {
    let now = Timestamp::now();
    for uuid in uuids {
        let reason = match one(work.connection, customer, *uuid)? {
            None => KeptReason::NotFound,
            Some(sensor) if sensor.is_running(now) => KeptReason::Running,
            Some(_) => {
                let key = [customer.into(), Value::from(*uuid)];
                work.connection.execute_later(sql!("sensor/delete_state"), &key)?;
                work.connection.execute_later(sql!("sensor/delete"), &key)?;
                outcome.deleted.push(*uuid);
                continue;
            }
        };
        outcome.kept.push(Kept { uuid: *uuid, reason });
    }
    Ok(())
}

pub(crate) fn one(connection: &mut dyn Connection, customer: Uuid, uuid: Uuid) -> Result<Option<Sensor>> {
    let rows = connection.query(sql!("sensor/one"), &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(read).transpose()
}

pub(crate) fn json(what: &str, value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged(what, error))
}
