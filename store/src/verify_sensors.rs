//! The part of [`crate::verify`] that looks at sensors, the tokens that let them in, and their profiles.
//!
//! Not faults: a sensor's token may be taken back, and a token's profile be removed; the sensors stay, with the default profile.

use std::collections::HashSet;

use model::HostReport;
use model::sensor::Heartbeat;
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::driver::Row;
use crate::error::{Result, StoreError};
use crate::sql::sql;
use crate::verify::{Fault, Pass};
use crate::verify_records::{key_of, nil_key};
use crate::{sensor_profile, sensor_record, sensor_token};

/// Customer and uuid of what is there.
type Known = HashSet<(Uuid, Uuid)>;

impl Pass<'_> {
    pub(crate) fn sensors(&mut self) -> Result<()> {
        let profiles = self.profiles()?;
        self.sensor_tokens()?;
        let mut without_state = self.sensor_rows(&profiles)?;
        self.sensor_states(&mut without_state)?;
        for (customer, uuid) in without_state {
            self.fault("sensor", format!("{customer}/{uuid}"), Fault::Incomplete("sensor_state"));
        }
        Ok(())
    }

    fn profiles(&mut self) -> Result<Known> {
        let mut known = Known::new();
        self.pages(sql!("sensor_profile/after"), nil_key(), &[0, 1], |pass, row| {
            pass.counts.profiles += 1;
            let (customer, uuid, key) = key_of(&row)?;
            known.insert((customer, uuid));
            pass.owned("sensor_profile", &key, customer);
            let read = sensor_profile::read(row);
            let Some(profile) = pass.readable("sensor_profile", &key, read)? else { return Ok(()) };
            pass.json::<IgnoredAny>("sensor_profile", &key, "document", &profile.document)
        })?;
        Ok(known)
    }

    fn sensor_tokens(&mut self) -> Result<()> {
        self.pages(sql!("sensor_token/after"), vec![Uuid::nil().into()], &[0], |pass, mut row| {
            pass.counts.sensor_tokens += 1;
            let uuid = Row(row.0.iter().take(1).cloned().collect()).uuid(0)?;
            let digest = row.digest(8).map_err(StoreError::from);
            pass.readable("sensor_token", uuid, digest)?;
            let read = sensor_token::read_row(row);
            let Some(token) = pass.readable("sensor_token", uuid, read)? else { return Ok(()) };
            pass.owned("sensor_token", uuid, token.customer);
            if token.used > token.uses {
                pass.fault("sensor_token", uuid, Fault::Miscounted);
            }
            if token.expires < token.created {
                pass.fault("sensor_token", uuid, Fault::TimesCrossed);
            }
            Ok(())
        })
    }

    /// The sensors, which are given back: each of them has a row with its state.
    fn sensor_rows(&mut self, profiles: &Known) -> Result<Known> {
        let mut known = Known::new();
        self.pages(sql!("sensor/every"), vec![Uuid::nil().into()], &[1], |pass, mut row| {
            pass.counts.sensors += 1;
            let (customer, uuid, key) = key_of(&row)?;
            known.insert((customer, uuid));
            pass.owned("sensor", &key, customer);
            let profile = row.optional_bytes(8)?.map(|bytes| Uuid::from_slice(&bytes)).transpose();
            let profile = profile.map_err(|error| StoreError::damaged("profile", error));
            pass.readable("sensor", &key, sensor_record::read_key(row))?;
            let profile = pass.readable("sensor", &key, profile)?.flatten();
            if let Some(lost) = profile.filter(|profile| !profiles.contains(&(customer, *profile))) {
                pass.fault("sensor", &key, Fault::NoProfile(lost));
            }
            Ok(())
        })?;
        Ok(known)
    }

    /// What sensors said last. Takes those out of `sensors` that said something.
    fn sensor_states(&mut self, sensors: &mut Known) -> Result<()> {
        self.pages(sql!("sensor/states_after"), nil_key(), &[0, 1], |pass, mut row| {
            let (customer, uuid, key) = key_of(&row)?;
            if !sensors.remove(&(customer, uuid)) {
                pass.fault("sensor_state", &key, Fault::NoOwner(uuid));
            }
            let (host, heartbeat) = (row.text(3)?, row.optional_text(4)?);
            pass.json::<HostReport>("sensor_state", &key, "host", &host)?;
            match heartbeat {
                Some(heartbeat) => pass.json::<Heartbeat>("sensor_state", &key, "heartbeat", &heartbeat),
                None => Ok(()),
            }
        })
    }
}
